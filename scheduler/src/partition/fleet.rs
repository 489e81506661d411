//! How many nodes of each size are up, and how many slots each sub-cluster could have of them at most. Both change with
//! hosts and rules only, and every job that comes in is held against them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Partition;
use super::subcluster::Subcluster;
use crate::Resources;

/// How many nodes have so many thousandths of a processor and bytes of memory.
pub(super) type Fleet = BTreeMap<(u64, u64), u64>;

impl Partition {
    /// Counts anew which capacities there are among the nodes that are up.
    pub(super) fn count_fleet(&mut self) {
        let mut fleet = Fleet::new();
        for node in self.nodes.values().filter(|node| !node.is_down()) {
            let capacity = node.spec.capacity;
            *fleet
                .entry((capacity.cpu_millis, capacity.memory_bytes))
                .or_default() += 1;
        }
        if self.fleet != fleet {
            self.fleet = fleet;
            self.count_slots_ever();
        }
    }

    /// Counts anew what each sub-cluster could have.
    pub(super) fn count_slots_ever(&mut self) {
        for subcluster in self.subclusters.values_mut() {
            subcluster.slots_ever = slots_ever(&self.fleet, subcluster);
        }
    }
}

/// The most slots of as many nodes as a sub-cluster may have. Costs as much as there are different capacities.
fn slots_ever(fleet: &Fleet, subcluster: &Subcluster) -> u64 {
    let shape = subcluster.spec.slot;
    let slots_each = |(&(cpu_millis, memory_bytes), &nodes): (&(u64, u64), &u64)| {
        let capacity = Resources {
            cpu_millis,
            memory_bytes,
        };
        (capacity.slots_of(shape), nodes)
    };
    let mut sizes: Vec<(u64, u64)> = fleet.iter().map(slots_each).collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let mut nodes_left = u64::from(subcluster.spec.nodes_max);
    let mut slots = 0_u64;
    for (slots_each, nodes) in sizes {
        let taken = nodes.min(nodes_left);
        nodes_left -= taken;
        slots = slots.saturating_add(slots_each.saturating_mul(taken));
    }
    slots
}
