//! Connections: two pipes with an end on each side.
//!
//! An end lives as long as any handle of its side. While it does, its nic can cut it; when it goes, the other side's
//! writes fail. Which pipes an end has is fixed at its birth.

mod halves;
mod stream;

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};

use crate::Refusal;
use crate::meter::Meter;
use crate::nic::NicState;
use crate::pipe::Pipe;
use crate::ports::Port;
use crate::rate::Rate;

pub use halves::{Sink, Source};
pub use stream::Stream;

/// Why a direction gives or takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// In good order: the data has ended, or nobody is there to take more.
    Closed,
    /// One side went away while it had not ended its data, or dropped what waited.
    Reset,
}

/// A connection of two byte streams. Dropped whole, it is reset.
#[derive(Debug)]
pub struct Connection {
    /// Nothing once it is split: then the halves have it.
    end: Option<Arc<End>>,
    local: SocketAddr,
    peer: SocketAddr,
}

impl Connection {
    /// The address of this side.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The address of the other side, as this nic sees it.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Splits it into its two directions. Either dropped means: this direction is over.
    pub fn into_halves(mut self) -> (Source, Sink) {
        let end = self.end.take().expect("only this takes it, and only once");
        (Source::new(Arc::clone(&end)), Sink::new(end))
    }

    /// Both directions as one stream, for those who speak a protocol over it.
    pub fn into_stream(self) -> Stream {
        let (source, sink) = self.into_halves();
        Stream::new(source, sink)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(end) = &self.end {
            end.reset();
        }
    }
}

/// One side of a connection.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) incoming: Arc<Pipe>,
    pub(crate) outgoing: Arc<Pipe>,
    pub(crate) account: Option<Account>,
    /// Where the end is registered.
    nic: Weak<NicState>,
    /// The number under which it is.
    number: u64,
    /// The port that was taken for the connection.
    _port: Option<Port>,
}

/// Whom the bytes of an end are charged to.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) meter: Arc<Meter>,
    pub(crate) bytes: Arc<Rate>,
}

impl End {
    /// Ends both directions for both, now.
    pub(crate) fn reset(&self) {
        self.incoming.reset();
        self.outgoing.reset();
    }

    /// Whether either direction was reset.
    pub(crate) fn is_reset(&self) -> bool {
        self.incoming.is_reset() || self.outgoing.is_reset()
    }

    /// The nic is gone: the other side must learn of it at once.
    pub(crate) fn cut(&self) {
        self.outgoing.reset_unless_finished();
        self.incoming.reset();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.incoming.leave();
        self.outgoing.finish();
        if let Some(nic) = self.nic.upgrade() {
            nic.forget_end(self.number);
        }
    }
}

/// One of the two who are to be connected.
#[derive(Debug)]
pub(crate) struct Party<'a> {
    pub(crate) side: Side<'a>,
    /// How the other one sees it.
    pub(crate) address: SocketAddr,
    /// The port it holds for this connection alone.
    pub(crate) port: Option<Port>,
}

/// Whose end it is. Either is cut with the nic.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side<'a> {
    /// The instance's: its bytes are charged.
    Instance(&'a Arc<NicState>),
    /// The world's, as the nic reaches it. It may outlive the instance's end, until what was queued is out.
    World(&'a Arc<NicState>),
}

impl<'a> Side<'a> {
    fn nic(self) -> &'a Arc<NicState> {
        match self {
            Side::Instance(nic) | Side::World(nic) => nic,
        }
    }

    fn account(self) -> Option<Account> {
        match self {
            Side::Instance(nic) => Some(nic.account()),
            Side::World(_) => None,
        }
    }
}

/// Connects two. Fails if the nic of one is going.
pub(crate) fn connect(
    a: Party<'_>,
    b: Party<'_>,
    living: &Arc<AtomicUsize>,
) -> Result<(Connection, Connection), Refusal> {
    let (window_a, window_b) = (a.side.nic().window_bytes(), b.side.nic().window_bytes());
    let window_bytes = window_a.min(window_b);
    let there = Pipe::new(window_bytes, living);
    let back = Pipe::new(window_bytes, living);
    let (local, peer) = (a.address, b.address);
    let a = open(a, peer, Arc::clone(&back), Arc::clone(&there))?;
    let b = open(b, local, there, back)?;
    Ok((a, b))
}

fn open(
    party: Party<'_>,
    peer: SocketAddr,
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
) -> Result<Connection, Refusal> {
    let nic = party.side.nic();
    let number = nic.number_end();
    let end = Arc::new(End {
        incoming,
        outgoing,
        account: party.side.account(),
        nic: Arc::downgrade(nic),
        number,
        _port: party.port,
    });
    nic.keep_end(number, &end)?;
    Ok(Connection {
        end: Some(end),
        local: party.address,
        peer,
    })
}
