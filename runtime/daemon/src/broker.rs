//! The broker: the only one who resolves, dials and listens for guests. What it connects it hands over to a worker, so that
//! policy sits in one place and no byte of a guest passes through the front.
//!
//! A worker is believed nothing: what it asks for is held against the grant of the nic that asks, which the front itself
//! made, and that nic must be one of this worker's.
//!
//! ```text
//!   bind ─► place ─►   Asked ─► grant? ─► resolve ─► policy ─► connect ─► Answered + descriptor
//!                      a published port: accept ─► Incoming + descriptor
//!   release: listeners closed, connections shut down, addresses free
//! ```

mod answering;
mod joining;
mod lines;
mod publishing;
mod standing;
mod traffic;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_network::policy::PatternError;
use sublet_network::{Addresses, NoAddress, Plan, Refusal};
use sublet_scheduler::UserId;
use sublet_worker::dial::Resolver;
use sublet_worker::network;
use sublet_worker::protocol::Definition;
use thiserror::Error;
use tokio::runtime::Handle;

use crate::workers::{Speaker, WorkerId};
pub(crate) use answering::Asker;
use joining::Joins;
use lines::Lines;
pub(crate) use publishing::PortTaken;
use standing::{Grant, Standing};
pub(crate) use standing::{Names, Seen};
use traffic::Polls;

/// A nic: its user's network, and its address there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NicId {
    pub(crate) user: UserId,
    pub(crate) v4: Ipv4Addr,
}

/// A port of this host that leads to a port of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) host_port: u16,
    pub(crate) guest_port: u16,
}

/// Why an attempt gets no nic.
#[derive(Debug, Error)]
pub(crate) enum BindError {
    #[error("its user has no network")]
    NoNetwork,
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("port {port} of this host cannot be published")]
    Port { port: u16, source: io::Error },
}

/// Cheap to clone: all clones are the same broker.
#[derive(Clone)]
pub(crate) struct Broker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    runtime: Handle,
    resolver: Arc<dyn Resolver>,
    /// Where published ports are taken.
    address: IpAddr,
}

#[derive(Default)]
struct State {
    networks: HashMap<UserId, Standing>,
    lines: Lines,
    speakers: HashMap<WorkerId, Speaker>,
    polls: Polls,
    joins: Joins,
}

impl Broker {
    /// A broker that listens at `address` for those who publish ports.
    pub(crate) fn new(runtime: Handle, resolver: Arc<dyn Resolver>, address: IpAddr) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            runtime,
            resolver,
            address,
        }))
    }

    /// The user has this network from now on.
    pub(crate) fn assign(&self, user: UserId, plan: Plan) {
        let mut state = self.state();
        state
            .networks
            .entry(user)
            .or_insert_with(|| Standing::new(plan));
    }

    /// The network of a user.
    pub(crate) fn plan_of(&self, user: UserId) -> Option<Plan> {
        self.state().networks.get(&user).map(Standing::plan)
    }

    /// Makes the nic of an attempt: its addresses are taken, and so are the ports that it publishes. Nobody reaches it yet.
    pub(crate) fn bind(
        &self,
        user: UserId,
        names: Names,
        definition: &Definition,
        publications: &[Publication],
    ) -> Result<Addresses, BindError> {
        let egress = network::egress(&definition.network)?;
        let mut state = self.state();
        let ports = publishing::take(self.0.address, publications)?;
        let network = state.networks.get_mut(&user).ok_or(BindError::NoNetwork)?;
        let addresses = network.allocate()?;
        network.grant(addresses, Grant::new(names, egress, ports));
        let nic = NicId {
            user,
            v4: addresses.v4,
        };
        state
            .lines
            .admit(nic, definition.network.limits.connections);
        Ok(addresses)
    }

    /// The worker that has the nic is known: from now on it is found by its names, and its published ports lead to it.
    pub(crate) fn place(&self, nic: NicId, worker: WorkerId, speaker: Speaker) {
        let mut state = self.state();
        state.speakers.insert(worker, speaker);
        let Some(network) = state.networks.get_mut(&nic.user) else {
            return;
        };
        let ports = network.place(nic.v4, worker);
        for port in ports {
            let listening = self.0.runtime.spawn(self.clone().lead(nic, worker, port));
            network.listens(nic.v4, listening.abort_handle());
        }
    }

    /// Takes everything back that a nic had: ports, connections, names, addresses.
    pub(crate) fn release(&self, nic: NicId) {
        let mut state = self.state();
        for there in state.joins.of_nic(nic) {
            state.conclude(there, Some(Refusal::ConnectionReset));
        }
        state.lines.cut(nic);
        if let Some(network) = state.networks.get_mut(&nic.user) {
            network.release(nic.v4);
        }
    }

    /// A worker is gone, and will not be spoken to any more. Its nics are released one by one, as their attempts end.
    pub(crate) fn worker_gone(&self, worker: WorkerId) {
        let mut state = self.state();
        state.speakers.remove(&worker);
        for there in state.joins.of_worker(worker) {
            state.conclude(there, Some(Refusal::ConnectionRefused));
        }
    }

    /// Who is on the network of a user now.
    pub(crate) fn seen(&self, user: UserId) -> Vec<Seen> {
        let state = self.state();
        state
            .networks
            .get(&user)
            .map(Standing::seen)
            .unwrap_or_default()
    }

    /// Connections that have a place, and those that a worker was offered and has not answered.
    #[cfg(test)]
    pub(crate) fn in_use(&self) -> (usize, usize) {
        let state = self.state();
        (state.lines.count(), state.joins.count())
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
