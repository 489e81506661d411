//! The place of one instance on the network.

mod connect;
mod lookup;
mod state;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::connection::Connection;
use crate::listener::{Backlog, Listener};
use crate::mailbox::Mailbox;
use crate::meter::{Meter, Usage};
use crate::outside::Pending;
use crate::places::Place;
use crate::ports::{Port, Purpose};
use crate::{Addresses, LookupError, Protocol, Refusal};

pub(crate) use connect::target_of;
pub(crate) use state::NicState;

/// The place of one instance on the network. Whoever drops it releases all of it.
#[derive(Debug)]
pub struct Nic {
    state: Arc<NicState>,
}

impl Nic {
    pub(crate) fn new(state: Arc<NicState>) -> Self {
        Self { state }
    }

    /// Its addresses.
    pub fn addresses(&self) -> Addresses {
        self.state.addresses()
    }

    /// What it was used for until now.
    pub fn usage(&self) -> Usage {
        self.state.meter().usage()
    }

    /// A handle that outlives the nic, for reading what was used after the instance is gone.
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(self.state.meter())
    }

    /// Memory of the host that waits for this instance or for its peers, in bytes as they are charged.
    pub fn held_bytes(&self) -> usize {
        self.state.held_bytes()
    }

    /// Sockets that are counted and ports that are held now.
    pub fn in_use(&self) -> (u32, usize) {
        self.state.in_use()
    }

    /// Room for one more socket; given back when dropped.
    ///
    /// # Errors
    ///
    /// [`Refusal::Limit`], at once: whoever has the sockets may be the one that must run to close them.
    pub fn place(&self) -> Result<Place, Refusal> {
        self.state.place()
    }

    /// Takes a port of this nic. Port 0 takes an ephemeral one. The answer holds it until it is dropped.
    ///
    /// # Errors
    ///
    /// The port is in use, or the address is not one of this instance.
    pub fn bind(&self, protocol: Protocol, at: SocketAddr) -> Result<Port, Refusal> {
        self.state.bind(protocol, at)
    }

    /// Begins to accept at a port that was bound for TCP. At most 4,096 wait, at least one.
    ///
    /// # Errors
    ///
    /// The port is not one of this nic's for TCP.
    pub fn listen(&self, port: Port, backlog: usize) -> Result<Listener, Refusal> {
        let backlog = Backlog::new(backlog);
        self.state.assign(
            &port,
            Protocol::Tcp,
            Purpose::Listening(Arc::clone(&backlog)),
        )?;
        let nic = Arc::downgrade(&self.state);
        Ok(Listener::new(backlog, nic, port))
    }

    /// Dials. Without a port an ephemeral one is taken. The work holds nothing of the nic alive, begins when it is first
    /// polled, and needs a tokio runtime. The socket that dials is counted by who dials, with [`Nic::place`].
    pub fn connect(
        &self,
        from: Option<Port>,
        to: SocketAddr,
    ) -> Pending<Result<Connection, Refusal>> {
        Box::pin(connect::to_address(Arc::downgrade(&self.state), from, to))
    }

    /// Sends and receives datagrams at a port that was bound for UDP.
    ///
    /// # Errors
    ///
    /// The port is not one of this nic's for UDP.
    pub fn mailbox(&self, port: Port) -> Result<Mailbox, Refusal> {
        Mailbox::open(&self.state, port)
    }

    /// Addresses of a name as this nic sees it; IPv6 first where there is one.
    pub fn resolve(&self, name: &str) -> Pending<Result<Vec<IpAddr>, LookupError>> {
        lookup::resolve(&self.state, name)
    }

    /// The one way for those who dial by name (`wasi:http`): the rule is asked for the name itself.
    pub fn connect_name(&self, name: &str, port: u16) -> Pending<Result<Connection, Refusal>> {
        connect::to_name(&self.state, name, port)
    }

    /// Ready when no connection is left. After an instance ended in good order and its sockets are dropped, this is when
    /// what they had queued for the world is out; who waits for it sets a bound, for the world may be slow.
    pub fn drained(&self) -> Pending<()> {
        let (nic, emptied) = (Arc::downgrade(&self.state), self.state.emptied());
        Box::pin(async move {
            loop {
                let waiting = emptied.notified();
                tokio::pin!(waiting);
                waiting.as_mut().enable();
                if nic.upgrade().is_none_or(|nic| nic.has_no_ends()) {
                    return;
                }
                waiting.await;
            }
        })
    }

    /// Releases everything at once, as the drop of the nic does. For an instance that was killed: called before its
    /// sockets are dropped, its peers see a reset, and no end of data that looks like one in good order.
    pub fn release(&self) {
        self.state.release();
    }
}

impl Drop for Nic {
    fn drop(&mut self) {
        self.release();
    }
}
