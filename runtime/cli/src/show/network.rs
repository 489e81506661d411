//! Networks: many in a table, one on a page, who is on one, and what an operator lets out.

use jiff::Timestamp;
use sublet_api::{EgressPolicy, Flow, Network, NetworkList, NicLimits, Peer};

use super::table::{self, ABSENT};
use super::unit;
use crate::output::Named;

impl Named for Network {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Named for Flow {
    fn name(&self) -> String {
        format!("{}/{}", self.job, self.task)
    }
}

impl Named for Peer {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Named for EgressPolicy {
    fn name(&self) -> String {
        self.allow.join("\n")
    }
}

/// Many networks.
pub(crate) fn table(networks: &[Network], now: Timestamp) -> String {
    let absent = || ABSENT.to_owned();
    let rows = networks.iter().map(|network| {
        vec![
            network.name.clone(),
            network.user.clone().unwrap_or_else(absent),
            network.v4.clone(),
            network.v6.clone(),
            network.nics.to_string(),
            network
                .assigned_at
                .map_or_else(absent, |then| unit::age(then, now)),
        ]
    });
    table::rows(&["NAME", "USER", "IPV4", "IPV6", "NICS", "ASSIGNED"], rows)
}

/// How many networks are left, for those who are told: `left: 61 prepared networks`
pub(crate) fn supply(list: &NetworkList) -> Option<String> {
    if (list.prepared, list.low) == (0, 0) {
        return None;
    }
    let left = format!("left: {}", unit::count(list.prepared, "prepared network"));
    Some(if list.prepared < list.low {
        format!("{left}, which is low: fewer than {}", list.low)
    } else {
        left
    })
}

/// All of one network.
pub(crate) fn page(network: &Network, now: Timestamp) -> String {
    let assigned = |then: Timestamp| format!("{then} ({} ago)", unit::age(then, now));
    table::page([
        ("name", Some(network.name.clone())),
        ("user", network.user.clone()),
        ("ipv4", Some(network.v4.clone())),
        ("ipv6", Some(network.v6.clone())),
        ("assigned", network.assigned_at.map(assigned)),
        ("nics", Some(network.nics.to_string())),
        ("allowed out", Some(allowed(&network.allow))),
        ("each instance", network.limits.as_ref().map(limits)),
    ])
}

/// How much each instance may use: `128 sockets, 256 connections outside its worker, 256 MiB/s, 200000 datagrams/s`
fn limits(limits: &NicLimits) -> String {
    format!(
        "{}, {} outside its worker, {}/s, {}/s",
        unit::count(limits.sockets.into(), "socket"),
        unit::count(limits.connections.into(), "connection"),
        unit::bytes(limits.bytes_per_s),
        unit::count(limits.datagrams_per_s.into(), "datagram"),
    )
}

/// Who is on a network, and what went over it.
pub(crate) fn flows(flows: &[Flow]) -> String {
    let headings = [
        "JOB", "TASK", "ATTEMPT", "ADDRESS", "NAMES", "SENT", "RECEIVED", "OUT", "IN", "DENIED",
    ];
    let rows = flows.iter().map(|flow| {
        let usage = &flow.usage;
        vec![
            flow.job.clone(),
            flow.task.to_string(),
            flow.attempt.to_string(),
            flow.v4.to_string(),
            in_a_row(&flow.names, ABSENT),
            unit::bytes(usage.bytes_sent),
            unit::bytes(usage.bytes_received),
            usage.connections_out.to_string(),
            usage.connections_in.to_string(),
            usage.denials.to_string(),
        ]
    });
    table::rows(&headings, rows)
}

/// The names of a network.
pub(crate) fn peers(peers: &[Peer]) -> String {
    let rows = peers.iter().map(|peer| {
        let addresses: Vec<String> = peer.addresses.iter().map(ToString::to_string).collect();
        vec![peer.name.clone(), in_a_row(&addresses, ABSENT)]
    });
    table::rows(&["NAME", "ADDRESSES"], rows)
}

/// What a user's jobs may dial.
pub(crate) fn policy(user: &str, policy: &EgressPolicy) -> String {
    table::page([
        ("user", Some(user.to_owned())),
        ("allowed out", Some(allowed(&policy.allow))),
    ])
}

fn allowed(patterns: &[String]) -> String {
    in_a_row(patterns, "nothing")
}

/// Words beside one another, or what stands for none.
fn in_a_row(words: &[String], none: &str) -> String {
    match words {
        [] => none.to_owned(),
        words => words.join("  "),
    }
}

#[cfg(test)]
mod tests;
