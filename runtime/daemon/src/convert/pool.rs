//! The pool in the API's words.

use sublet_api::{Node, Pool, Slots, Subcluster};
use sublet_scheduler::{PoolView, SlotCounts};

pub(crate) fn pool(view: &PoolView) -> Pool {
    Pool {
        hosts: 1,
        slots: view
            .nodes
            .iter()
            .map(|node| node.slots)
            .fold(Slots::default(), |sum, node| Slots {
                total: sum.total + node.total,
                free: sum.free + node.free,
            }),
        draining: view.draining,
        cpu_millis: view.nodes.iter().map(|node| node.capacity.cpu_millis).sum(),
        memory_bytes: view
            .nodes
            .iter()
            .map(|node| node.capacity.memory_bytes)
            .sum(),
        subclusters: view
            .subclusters
            .iter()
            .map(|one| Subcluster {
                name: one.name.clone(),
                slot_cpu_millis: one.slot.cpu_millis,
                slot_memory_bytes: one.slot.memory_bytes,
                slots: slots(one.slots),
                queued: one.queued_tasks,
                nodes: one.nodes,
                ..Subcluster::default()
            })
            .collect(),
        nodes: view
            .nodes
            .iter()
            .map(|node| Node {
                id: node.node.0,
                subcluster: node.subcluster.and_then(|home| {
                    view.subclusters
                        .iter()
                        .find(|one| one.subcluster == home)
                        .map(|one| one.name.clone())
                }),
                cpu_millis: node.capacity.cpu_millis,
                memory_bytes: node.capacity.memory_bytes,
                slots: slots(node.slots),
                ..Node::default()
            })
            .collect(),
        ..Pool::default()
    }
}

const fn slots(counts: SlotCounts) -> Slots {
    Slots {
        total: counts.total,
        free: counts.free,
    }
}
