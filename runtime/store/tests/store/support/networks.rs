//! Networks and nics in few words.

use std::net::{Ipv4Addr, Ipv6Addr};

use sublet_scheduler::{NetworkUsage, Next, Outcome, UserId};
use sublet_store::{Record, StoredNetwork, StoredNic};

use super::{at, finished};

/// Network `id` of the supply.
pub(crate) fn network(id: u32) -> StoredNetwork {
    StoredNetwork {
        id,
        v4: Ipv4Addr::from_bits(0x0a00_0000 + (id << 16)),
        v4_bits: 16,
        v6: Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(id) << 64),
        v6_bits: 64,
        user: None,
        assigned_at: None,
    }
}

pub(crate) fn prepared(id: u32) -> Record {
    Record::NetworkPrepared(network(id))
}

pub(crate) fn assigned(network: u32, user: UserId, when: u64) -> Record {
    Record::NetworkAssigned {
        network,
        user,
        at: at(when),
    }
}

/// Network `id` once it has a user.
pub(crate) fn network_for(id: u32, user: UserId, since: u64) -> StoredNetwork {
    StoredNetwork {
        user: Some(user),
        assigned_at: Some(at(since)),
        ..network(id)
    }
}

pub(crate) fn may_reach(user: UserId, allow: &[&str]) -> Record {
    Record::EgressPolicySet {
        user,
        allow: allow.iter().map(|text| (*text).to_owned()).collect(),
        at: at(60),
    }
}

/// The first attempt of a task succeeded, after it used a nic and was denied things.
pub(crate) fn networked(job: u64, task: u32, network: NetworkUsage, nic: StoredNic) -> Record {
    let end = finished(job, task, 1, Outcome::Succeeded, Next::Settled);
    let Record::AttemptFinished(mut end) = end else {
        unreachable!("it is one")
    };
    end.usage.network = network;
    end.nic = Some(nic);
    Record::AttemptFinished(end)
}

/// A nic that wanted to reach what it may not, if anything.
pub(crate) fn nic(number: u32, denied: &[&str]) -> StoredNic {
    StoredNic {
        number,
        denied: denied.iter().map(|text| (*text).to_owned()).collect(),
    }
}

/// Each counter another multiple of `unit`.
pub(crate) const fn traffic(unit: u64) -> NetworkUsage {
    NetworkUsage {
        bytes_sent: unit,
        bytes_received: 2 * unit,
        connections_out: 3 * unit,
        connections_in: 4 * unit,
        datagrams_sent: 5 * unit,
        datagrams_received: 6 * unit,
        datagrams_dropped: 7 * unit,
        denials: 8 * unit,
    }
}
