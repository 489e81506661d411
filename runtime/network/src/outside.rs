//! What this crate asks of those who hold sockets.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::Refusal;

/// Work that is waited for, of a length that others decide.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What lies beyond this process: the user's other processes, and the world. Asked for what leaves; it decides again.
pub trait Outside: Send + Sync {
    /// Addresses of those in this network, but not in this process, that carry a name. The name is without `.internal`.
    fn neighbours(&self, name: &str) -> Pending<Vec<IpAddr>>;
    /// A connection for a nic. An address of the network's own plan means a sibling process.
    fn dial(&self, nic: u64, target: Target) -> Pending<Result<Dialled, Refusal>>;
    /// Datagrams to and from one peer for a nic.
    fn dial_datagrams(
        &self,
        nic: u64,
        target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>>;
}

/// Where something goes that leaves this process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To an address that a rule allows, or to a sibling process.
    Address(SocketAddr),
    /// To whatever a name means when it is dialled.
    Name {
        /// Lower case, without a dot at its end.
        name: String,
        /// The port there.
        port: u16,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name { name, port } => write!(f, "{name}:{port}"),
        }
    }
}

/// A connection to the outside.
pub struct Dialled {
    /// Its bytes.
    pub carrier: Box<dyn Carrier>,
    /// Who is at the other end.
    pub peer: SocketAddr,
}

impl fmt::Debug for Dialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialled")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// A peer outside with whom datagrams are exchanged.
pub struct DialledDatagrams {
    /// The datagrams.
    pub carrier: Box<dyn DatagramCarrier>,
    /// Who is at the other end.
    pub peer: SocketAddr,
}

impl fmt::Debug for DialledDatagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialledDatagrams")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// Bytes of a connection that leaves this process.
///
/// How it is let go tells how the connection ended. In good order it is shut down to the end
/// ([`AsyncWrite::poll_shutdown`]) and then dropped; dropped without that, it was reset, or nobody accepted it. Where the
/// medium ends in the same way for both, the carrier has to tell them apart, or the peer takes half an answer for a whole
/// one. In the other direction an empty read is the end of the data, and an error of any kind is a reset.
pub trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carrier for T {}

/// Datagrams to and from one peer beyond this process.
///
/// Errors of kind `ConnectionRefused` mean that nobody is at the port now, any other error of a receive that nothing more
/// will come. An empty datagram is a datagram, not an end.
pub trait DatagramCarrier: Send + Sync {
    /// Sends one datagram whole.
    fn poll_send(&self, cx: &mut Context<'_>, payload: &[u8]) -> Poll<io::Result<()>>;
    /// Receives one datagram and says how long it is.
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
}
