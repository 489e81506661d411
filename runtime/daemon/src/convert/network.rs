//! Networks in the API's words.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sublet_api::{JobNetwork, Network, NetworkMode, NetworkUsage, Nic, NicLimits, Peer, Publish};
use sublet_store::{StoredJobNetwork, StoredNetwork, StoredNic, StoredPublish};

use super::timestamp;
use crate::broker::Seen;

/// What a job has of its user's network.
pub(crate) fn job_network(stored: &StoredJobNetwork) -> JobNetwork {
    JobNetwork {
        mode: if stored.own {
            NetworkMode::Own
        } else {
            NetworkMode::None
        },
        allow: stored.allow.clone(),
        publish: stored.publish.iter().map(publish).collect(),
    }
}

const fn publish(stored: &StoredPublish) -> Publish {
    Publish {
        host_port: stored.host_port,
        guest_port: stored.guest_port,
    }
}

/// A network that has a user, who has `nics` instances on it and may reach what is in `allow`, each within `limits`.
pub(crate) fn network(
    stored: &StoredNetwork,
    user: Option<String>,
    nics: usize,
    (allow, limits): (Vec<String>, sublet_worker::network::NicLimits),
) -> Network {
    Network {
        name: network_name(stored.id),
        user,
        v4: format!("{}/{}", stored.v4, stored.v4_bits),
        v6: format!("{}/{}", stored.v6, stored.v6_bits),
        assigned_at: stored.assigned_at.map(timestamp),
        nics: u64::try_from(nics).unwrap_or(u64::MAX),
        allow,
        limits: Some(NicLimits {
            sockets: limits.sockets,
            connections: limits.connections,
            bytes_per_s: limits.bytes_per_s,
            datagrams_per_s: limits.datagrams_per_s,
        }),
    }
}

/// A network as people name it.
pub(crate) fn network_name(id: u32) -> String {
    format!("net-{id}")
}

/// The nic that an attempt had, at the place of its user's network that was recorded.
pub(super) fn nic(stored: &StoredNic, network: &StoredNetwork) -> Nic {
    Nic {
        v4: Ipv4Addr::from(u32::from(network.v4).saturating_add(stored.number)),
        v6: Ipv6Addr::from(u128::from(network.v6).saturating_add(stored.number.into())),
        denied: stored.denied.clone(),
    }
}

/// Who carries which name.
pub(crate) fn peers(seen: &[Seen]) -> Vec<Peer> {
    let mut by_name: BTreeMap<&str, Vec<IpAddr>> = BTreeMap::new();
    for one in seen {
        for name in &one.names {
            let addresses = by_name.entry(name).or_default();
            addresses.extend([IpAddr::from(one.addresses.v4), one.addresses.v6.into()]);
        }
    }
    let peer = |(name, mut addresses): (&str, Vec<IpAddr>)| {
        addresses.sort_unstable();
        Peer {
            name: name.to_owned(),
            addresses,
        }
    };
    by_name.into_iter().map(peer).collect()
}

/// What went over a nic, or over all of a job's.
pub(crate) const fn network_usage(usage: &sublet_scheduler::NetworkUsage) -> NetworkUsage {
    NetworkUsage {
        bytes_sent: usage.bytes_sent,
        bytes_received: usage.bytes_received,
        connections_out: usage.connections_out,
        connections_in: usage.connections_in,
        datagrams_sent: usage.datagrams_sent,
        datagrams_received: usage.datagrams_received,
        datagrams_dropped: usage.datagrams_dropped,
        denials: usage.denials,
    }
}
