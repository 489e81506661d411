//! One user's virtual network, as much of it as lies in this process: who is on it, under which names, what reaches whom.
//!
//! Knows nothing of wasmtime, of frames and of other users: there is one network, and no path to another. It makes no
//! socket: whoever leaves the network goes through [`Outside`].

#![allow(missing_docs, unused, clippy::todo, missing_debug_implementations)]

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

/// Work that is waited for, of a length that others decide.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The network of one user in one process. Cheap to clone: all clones are the same network.
#[derive(Clone)]
pub struct Network(());

impl Network {
    pub fn new(plan: Plan, outside: Arc<dyn Outside>) -> Self { todo!() }
    /// Joins one instance. What is dropped with the nic: address, names, ports; its live connections are reset.
    pub fn attach(&self, terms: Terms) -> Result<Nic, AttachError> { todo!() }
    /// Hands a connection that came from beyond this process to who listens at `to`.
    pub fn deliver(&self, to: SocketAddr, from: SocketAddr, carrier: Box<dyn Carrier>) -> Result<(), Refusal> { todo!() }
}

/// The addresses that belong to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan { pub v4: Ipv4Addr, pub v4_bits: u8, pub v6: Ipv6Addr, pub v6_bits: u8 }

/// What one nic has and may.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Names the nic for [`Outside`]: chosen by who attaches.
    pub id: u64,
    pub addresses: Addresses,
    pub names: Vec<String>,
    pub egress: policy::Egress,
    pub limits: Limits,
}

/// The two addresses of one nic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Addresses { pub v4: Ipv4Addr, pub v6: Ipv6Addr }

/// What one nic may use. Each is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub sockets: u32,
    pub window_bytes: u32,
    /// Bytes per second in all directions together; nothing is no bound.
    pub bytes_per_s: Option<u64>,
    pub datagrams_per_s: Option<u64>,
    pub connects_per_s: Option<u64>,
    pub lookups_per_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family { V4, V6 }
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol { Tcp, Udp }

/// The place of one instance on the network. Whoever drops it releases all of it.
pub struct Nic(());

impl Nic {
    pub fn addresses(&self) -> Addresses { todo!() }
    pub fn usage(&self) -> Usage { todo!() }
    /// A handle that outlives the nic, for reading what was used after the instance is gone.
    pub fn meter(&self) -> Arc<Meter> { todo!() }
    /// Room for one more socket; given back when dropped.
    pub fn place(&self) -> Result<Place, Refusal> { todo!() }
    /// Takes a port of this nic. Port 0 takes an ephemeral one. The answer holds it until it is dropped.
    pub fn bind(&self, protocol: Protocol, at: SocketAddr) -> Result<Port, Refusal> { todo!() }
    /// Begins to accept at a port that was bound for TCP.
    pub fn listen(&self, port: Port, backlog: usize) -> Result<Listener, Refusal> { todo!() }
    /// Dials. Without a port an ephemeral one is taken. The work holds nothing of the nic alive.
    pub fn connect(&self, from: Option<Port>, to: SocketAddr) -> Pending<Result<Connection, Refusal>> { todo!() }
    /// Sends and receives datagrams at a port that was bound for UDP.
    pub fn mailbox(&self, port: Port) -> Result<Mailbox, Refusal> { todo!() }
    /// Addresses of a name as this nic sees it; IPv6 first where there is one.
    pub fn resolve(&self, name: &str) -> Pending<Result<Vec<IpAddr>, LookupError>> { todo!() }
    /// The one way for those who dial by name (`wasi:http`): the rule is asked for the name itself.
    pub fn connect_name(&self, name: &str, port: u16) -> Pending<Result<Connection, Refusal>> { todo!() }
}

/// A counted socket of a nic.
pub struct Place(());

/// A port that is held.
pub struct Port(());
impl Port { pub fn local(&self) -> SocketAddr { todo!() } }

/// Who accepts.
pub struct Listener(());
impl Listener {
    pub fn local(&self) -> SocketAddr { todo!() }
    /// The next connection, if one waits.
    pub fn accept(&mut self) -> Option<Connection> { todo!() }
    pub fn poll_acceptable(&mut self, cx: &mut Context<'_>) -> Poll<()> { todo!() }
}

/// A connection of two byte streams.
pub struct Connection(());
impl Connection {
    pub fn local(&self) -> SocketAddr { todo!() }
    pub fn peer(&self) -> SocketAddr { todo!() }
    /// Splits it into its two directions. Either dropped means: this direction is over.
    pub fn into_halves(self) -> (Source, Sink) { todo!() }
}

/// What comes in.
pub struct Source(());
impl Source {
    /// What is there, at most `max` bytes; empty where nothing is there yet.
    pub fn read(&mut self, max: usize) -> Result<Bytes, Ended> { todo!() }
    /// Ready when [`Source::read`] has something to say.
    pub fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> { todo!() }
    /// No more is wanted: what comes is discarded, the peer is not told.
    pub fn close(&mut self) { todo!() }
}

/// What goes out.
pub struct Sink(());
impl Sink {
    /// Bytes that [`Sink::write`] takes now: of the window and of the rate, whichever is less.
    pub fn room(&mut self) -> Result<usize, Ended> { todo!() }
    /// Queues bytes, at most [`Sink::room`] of them.
    pub fn write(&mut self, bytes: Bytes) -> Result<(), Ended> { todo!() }
    /// Ready when [`Sink::room`] is not zero or the connection is over.
    pub fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<()> { todo!() }
    /// The end of data, after what is queued.
    pub fn close(&mut self) { todo!() }
}

/// Why a direction gives or takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended { Closed, Reset }

/// Sends and receives datagrams.
pub struct Mailbox(());
impl Mailbox {
    pub fn local(&self) -> SocketAddr { todo!() }
    /// Talks to one peer alone, or to everybody again.
    pub fn connect(&mut self, peer: Option<SocketAddr>) -> Result<(), Refusal> { todo!() }
    pub fn peer(&self) -> Option<SocketAddr> { todo!() }
    /// Datagrams that may be sent now.
    pub fn permit(&mut self) -> usize { todo!() }
    pub fn poll_sendable(&mut self, cx: &mut Context<'_>) -> Poll<()> { todo!() }
    /// Sends one; it may be lost like any.
    pub fn send(&mut self, to: SocketAddr, payload: Bytes) -> Result<(), Refusal> { todo!() }
    /// The next datagram, if one is there. A connected mailbox whose peer's port is closed says so once.
    pub fn receive(&mut self) -> Result<Option<Datagram>, Refusal> { todo!() }
    pub fn poll_receivable(&mut self, cx: &mut Context<'_>) -> Poll<()> { todo!() }
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram { pub from: SocketAddr, pub payload: Bytes }

/// Why the network does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the destination is not allowed: {0}")] Denied(Denial),
    #[error("the port is in use")] AddressInUse,
    #[error("the address is not one of this instance")] AddressNotBindable,
    #[error("nobody listens there")] ConnectionRefused,
    #[error("the connection was reset")] ConnectionReset,
    #[error("the destination cannot be reached")] Unreachable,
    #[error("the connection took too long")] TimedOut,
    #[error("a limit of sockets or connections is reached")] Limit,
    #[error("the datagram is too large")] TooLarge,
    #[error("the address makes no sense here")] InvalidArgument,
    #[error("the name does not resolve")] NameNotFound,
}

/// Which rule was missing, and for what: the reason that a user reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial { pub target: String, pub reason: DenialReason }
impl std::fmt::Display for Denial { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { todo!() } }
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DenialReason { NotAllowed, Protected, NotSupported }

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LookupError {
    #[error("the name does not resolve")] NotFound,
    #[error("this is not a name")] Invalid,
    #[error("too many lookups, or the lookup took too long")] Temporary,
}
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttachError {
    #[error("address {0} is taken")] AddressTaken(IpAddr),
    #[error("address {0} is not of this network")] ForeignAddress(IpAddr),
    #[error("{0} is not a name")] BadName(String),
}

/// What lies beyond this process: the user's other processes, and the world. Asked for what leaves; it decides again.
pub trait Outside: Send + Sync {
    /// Addresses of those in this network, but not in this process, that carry a name.
    fn neighbours(&self, name: &str) -> Pending<Vec<IpAddr>>;
    fn dial(&self, nic: u64, target: Target) -> Pending<Result<Dialled, Refusal>>;
    fn dial_datagrams(&self, nic: u64, target: Target) -> Pending<Result<DialledDatagrams, Refusal>>;
}
/// Where something goes that leaves this process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target { Address(SocketAddr), Name { name: String, port: u16 } }
pub struct Dialled { pub carrier: Box<dyn Carrier>, pub peer: SocketAddr }
pub struct DialledDatagrams { pub carrier: Box<dyn DatagramCarrier>, pub peer: SocketAddr }

/// Bytes of a connection that leaves this process.
pub trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carrier for T {}
/// Datagrams to and from one peer beyond this process.
pub trait DatagramCarrier: Send + Sync {
    fn poll_send(&self, cx: &mut Context<'_>, payload: &[u8]) -> Poll<std::io::Result<()>>;
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<std::io::Result<usize>>;
}

/// What a nic was used for, in bytes, connections and datagrams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub bytes_sent: u64, pub bytes_received: u64,
    pub connections_out: u64, pub connections_in: u64,
    pub datagrams_sent: u64, pub datagrams_received: u64, pub datagrams_dropped: u64,
    pub denials: u64,
    /// The first few denials, in words.
    pub denied: Vec<Denial>,
}
/// Counts what a nic does.
pub struct Meter(());
impl Meter { pub fn usage(&self) -> Usage { todo!() } }

pub mod policy {
    //! What may be dialled. Pure: the worker asks early, the broker asks decisively, with this same code.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Egress(());
}
