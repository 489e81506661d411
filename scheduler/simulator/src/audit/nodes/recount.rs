//! The sums anew from their parts.

use std::collections::BTreeMap;

use sublet_scheduler::{NodeState, Resources};

use super::Nodes;
use crate::audit::sums::Sums;
use crate::audit::{Checked, ensure};

impl Nodes {
    /// The sums anew from the nodes, and the accounts of hosts and sub-clusters anew from the slots (S1, S3, X1).
    pub(in crate::audit) fn recount(&self) -> Checked {
        let (mut sums, mut homes) = (Sums::default(), BTreeMap::new());
        let mut hosts: BTreeMap<&str, Resources> = BTreeMap::new();
        for node in self.nodes.values() {
            sums.pool = sums.pool.plus(node.capacity);
            let part = sums.part(node.state);
            *part = part.plus(node.capacity);
            if let NodeState::In(id) = node.state {
                let slots = node.capacity.slots_of(self.shape(id));
                let (all, held) = homes.entry(id).or_insert((0, 0));
                *all += slots;
                *held += node.held;
            }
            let host = hosts.entry(&node.host).or_default();
            *host = host.plus(node.granted);
        }
        let held: u64 = self.nodes.values().map(|node| node.held).sum();
        ensure(held == self.held.len() as u64, "S3", || {
            format!("nodes count {held} slots held, {} are", self.held.len())
        })?;
        for (id, home) in &self.subclusters {
            let counted = homes.get(id).copied().unwrap_or_default();
            ensure(counted == (home.slots, home.held), "S3", || {
                format!("{id:?} has {counted:?} slots and held ones, counts {home:?}")
            })?;
        }
        for (name, host) in &self.hosts {
            let granted = hosts.get(name.as_str()).copied().unwrap_or_default();
            let adds_up = granted == host.granted && host.capacity.covers(granted);
            ensure(adds_up, "S1", || {
                format!("{name}: {granted} granted of {host:?}")
            })?;
        }
        ensure(sums == self.sums, "X1", || {
            format!("counted {sums:?}, kept {:?}", self.sums)
        })
    }
}
