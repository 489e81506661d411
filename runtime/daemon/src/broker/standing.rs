//! The network of one user as the front knows it: whose addresses are whose, and what each nic was granted.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sublet_network::policy::Egress;
use sublet_network::{Addresses, Allocator, Directory, NoAddress, Plan};
use sublet_scheduler::AttemptId;
use tokio::task::AbortHandle;

use super::joining::ephemeral;
use super::publishing::Taken;
use crate::workers::WorkerId;

/// Who an attempt is on its network.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) attempt: AttemptId,
    pub(crate) names: Vec<String>,
}

/// What the front knows of one user's network.
pub(super) struct Standing {
    plan: Plan,
    addresses: Allocator,
    directory: Directory,
    grants: HashMap<Ipv4Addr, Grant>,
}

/// What one nic was granted.
pub(super) struct Grant {
    names: Names,
    addresses: Option<Addresses>,
    pub(super) egress: Egress,
    /// Nothing until the attempt has a worker.
    pub(super) worker: Option<WorkerId>,
    ports: Vec<u16>,
    taken: Vec<Taken>,
    listening: Vec<AbortHandle>,
}

/// A nic that lives, for people.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) attempt: AttemptId,
    pub(crate) addresses: Addresses,
    pub(crate) names: Vec<String>,
}

impl Grant {
    pub(super) fn new(names: Names, egress: Egress, taken: Vec<Taken>) -> Self {
        Self {
            names,
            addresses: None,
            egress,
            worker: None,
            ports: taken.iter().map(Taken::host_port).collect(),
            taken,
            listening: Vec::new(),
        }
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        for listening in &self.listening {
            listening.abort();
        }
    }
}

impl Standing {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            addresses: Allocator::new(plan),
            directory: Directory::default(),
            grants: HashMap::new(),
        }
    }

    pub(super) const fn plan(&self) -> Plan {
        self.plan
    }

    pub(super) fn publishes(&self, port: u16) -> bool {
        self.grants
            .values()
            .any(|grant| grant.ports.contains(&port))
    }

    pub(super) fn allocate(&mut self) -> Result<Addresses, NoAddress> {
        self.addresses.allocate()
    }

    /// What goes out from the user's own addresses stays inside, whatever a rule says of them.
    pub(super) fn grant(&mut self, addresses: Addresses, mut grant: Grant) {
        grant.addresses = Some(addresses);
        grant.egress = grant.egress.clone().protecting(self.plan.ranges());
        self.grants.insert(addresses.v4, grant);
    }

    /// The nic has a worker. Answers the ports that wait for it.
    pub(super) fn place(&mut self, v4: Ipv4Addr, worker: WorkerId) -> Vec<Taken> {
        let Some(grant) = self.grants.get_mut(&v4) else {
            return Vec::new();
        };
        grant.worker = Some(worker);
        if let Some(addresses) = grant.addresses {
            let entered =
                self.directory
                    .enter(number(v4), worker.number(), addresses, &grant.names.names);
            if let Err(error) = entered {
                tracing::error!(attempt = %grant.names.attempt, %error, "an attempt is not found by its names");
            }
        }
        std::mem::take(&mut grant.taken)
    }

    pub(super) fn listens(&mut self, v4: Ipv4Addr, listening: AbortHandle) {
        match self.grants.get_mut(&v4) {
            Some(grant) => grant.listening.push(listening),
            None => listening.abort(),
        }
    }

    pub(super) fn release(&mut self, v4: Ipv4Addr) {
        self.directory.leave(number(v4));
        if let Some(addresses) = self.grants.remove(&v4).and_then(|grant| grant.addresses) {
            self.addresses.release(addresses);
        }
    }

    /// What a nic was granted, if it is one of this worker's.
    pub(super) fn grant_of(&self, v4: Ipv4Addr, worker: WorkerId) -> Option<&Grant> {
        self.grants
            .get(&v4)
            .filter(|grant| grant.worker == Some(worker))
    }

    /// The worker that has an address, if any has.
    pub(super) fn worker_at(&self, ip: IpAddr) -> Option<(Ipv4Addr, WorkerId)> {
        let (nic, worker) = self.directory.at(ip)?;
        let v4 = u32::try_from(nic).ok().map(Ipv4Addr::from)?;
        Some((v4, WorkerId::from_number(worker)))
    }

    /// Who the dialling side is, as the other one sees it: of the family that it was dialled by.
    pub(super) fn source(&self, v4: Ipv4Addr, to: SocketAddr, connection: u64) -> SocketAddr {
        let addresses = self.grants.get(&v4).and_then(|grant| grant.addresses);
        let ip = match (to, addresses) {
            (SocketAddr::V6(_), Some(addresses)) => addresses.v6.into(),
            (SocketAddr::V4(_), _) | (SocketAddr::V6(_), None) => v4.into(),
        };
        SocketAddr::new(ip, ephemeral(connection))
    }

    pub(super) fn neighbours(&self, name: &str, asking: WorkerId) -> Vec<IpAddr> {
        self.directory.neighbours(name, asking.number())
    }

    /// The workers that have nics.
    pub(super) fn workers(&self) -> Vec<WorkerId> {
        let mut workers: Vec<_> = self
            .grants
            .values()
            .filter_map(|grant| grant.worker)
            .collect();
        workers.sort_unstable_by_key(|worker| worker.number());
        workers.dedup();
        workers
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        let placed = self.grants.values().filter(|grant| grant.worker.is_some());
        placed
            .filter_map(|grant| {
                Some(Seen {
                    attempt: grant.names.attempt,
                    addresses: grant.addresses?,
                    names: grant.names.names.clone(),
                })
            })
            .collect()
    }
}

/// The directory knows nics by numbers.
fn number(v4: Ipv4Addr) -> u64 {
    u32::from(v4).into()
}
