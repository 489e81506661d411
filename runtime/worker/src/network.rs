//! The user's network in this worker: the nic of each attempt, with its names, what it may dial and how much of everything.

mod limits;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sublet_network::policy::{Egress, JobRules, OperatorRules, PatternError};
use sublet_network::{
    Addresses, AttachError, Carrier, Meter, Network, Nic, Outside, Plan, Protocol, Refusal, Terms,
};
use sublet_scheduler::{AttemptId, NetworkUsage};
use thiserror::Error;

use crate::carrier::{self, Hold};
use crate::protocol::{Definition, NetworkTerms, NicTraffic};
pub use limits::NicLimits;

/// The network of this worker's user, as much of it as is here.
#[derive(Debug)]
pub(crate) struct Networking {
    network: Network,
    /// What those that live count, and for a while those that did.
    meters: Mutex<HashMap<Ipv4Addr, Weak<Meter>>>,
}

/// Why an attempt cannot join.
#[derive(Debug, Error)]
pub(crate) enum JoinError {
    #[error("its place on the network cannot be had: {0}")]
    Attach(#[from] AttachError),
    #[error("what it may reach cannot be read: {0}")]
    Egress(#[from] PatternError),
}

impl Networking {
    pub(crate) fn new(plan: Plan, outside: Arc<dyn Outside>) -> Self {
        Self {
            network: Network::new(plan, outside),
            meters: Mutex::default(),
        }
    }

    /// Binds the nic of an attempt. It is released when it is dropped.
    pub(crate) fn join(
        &self,
        attempt: AttemptId,
        addresses: Addresses,
        definition: &Definition,
    ) -> Result<Nic, JoinError> {
        let terms = Terms {
            id: nic_id(addresses),
            addresses,
            names: names(definition, attempt.task),
            egress: egress(&definition.network)?,
            limits: definition.network.limits.into(),
        };
        let nic = self.network.attach(terms)?;
        self.meters()
            .insert(addresses.v4, Arc::downgrade(&nic.meter()));
        Ok(nic)
    }

    /// What went over the nics that live.
    pub(crate) fn traffic(&self) -> Vec<NicTraffic> {
        let mut meters = self.meters();
        meters.retain(|_, meter| meter.strong_count() > 0);
        let traffic = |(&v4, meter): (&Ipv4Addr, &Weak<Meter>)| {
            let (usage, _denied) = usage(&*meter.upgrade()?);
            Some(NicTraffic { v4, usage })
        };
        meters.iter().filter_map(traffic).collect()
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn meters(&self) -> MutexGuard<'_, HashMap<Ipv4Addr, Weak<Meter>>> {
        self.meters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over a connection that came from beyond this worker. Who listens to nobody resets it. Needs a tokio runtime.
    pub(crate) fn deliver(
        &self,
        protocol: Protocol,
        (to, from): (SocketAddr, SocketAddr),
        descriptor: OwnedFd,
        hold: Hold,
    ) -> Result<(), Refusal> {
        let unusable = |_| Refusal::InvalidArgument;
        match protocol {
            Protocol::Tcp => {
                let carrier = carrier::stream(descriptor, hold).map_err(unusable)?;
                self.deliver_stream((to, from), carrier)
            }
            Protocol::Udp => {
                let carrier = carrier::datagrams(descriptor, hold).map_err(unusable)?;
                self.network.deliver_datagrams(to, from, carrier)
            }
        }
    }

    /// Hands over a stream that came from beyond this worker.
    pub(crate) fn deliver_stream(
        &self,
        (to, from): (SocketAddr, SocketAddr),
        carrier: Box<dyn Carrier>,
    ) -> Result<(), Refusal> {
        self.network.deliver(to, from, carrier)
    }
}

/// Outside its network a nic is known by its address.
fn nic_id(addresses: Addresses) -> u64 {
    u32::from(addresses.v4).into()
}

/// The address that an id stands for.
pub(crate) fn nic_at(id: u64) -> Option<Ipv4Addr> {
    u32::try_from(id).ok().map(Ipv4Addr::from)
}

/// The names that an attempt carries: those of its job, and its own, which have the task's index in them.
///
/// A job `sort` has `sort`; its task 3 also `sort-3` and `3.sort`.
#[must_use]
pub fn names(definition: &Definition, task: u32) -> Vec<String> {
    let job = host_name(definition);
    let own = own_name(definition, task);
    let mut names = definition.network.names.clone();
    names.extend([own, format!("{task}.{job}"), job]);
    names
}

/// The name that no other task of the job has.
#[must_use]
pub fn own_name(definition: &Definition, task: u32) -> String {
    format!("{}-{task}", host_name(definition))
}

/// What the instances of a job are called: its name, or its id where it has none.
pub(crate) fn host_name(definition: &Definition) -> String {
    let name = definition.name.as_ref().unwrap_or(&definition.public_id);
    name.to_ascii_lowercase()
}

/// What the operator's and the job's patterns allow together.
///
/// # Errors
/// The first that is none.
pub fn egress(terms: &NetworkTerms) -> Result<Egress, PatternError> {
    Ok(Egress::new(
        OperatorRules::parse(&terms.operator)?,
        JobRules::parse(&terms.allow)?,
    ))
}

/// What was counted, in the words of the record, and the first denials.
pub(crate) fn usage(meter: &Meter) -> (NetworkUsage, Vec<String>) {
    let sublet_network::Usage {
        bytes_sent,
        bytes_received,
        connections_out,
        connections_in,
        datagrams_sent,
        datagrams_received,
        datagrams_dropped,
        denials,
        denied,
    } = meter.usage();
    let usage = NetworkUsage {
        bytes_sent,
        bytes_received,
        connections_out,
        connections_in,
        datagrams_sent,
        datagrams_received,
        datagrams_dropped,
        denials,
    };
    (usage, denied.iter().map(ToString::to_string).collect())
}
