//! What is asked of nodes and slots. Nothing here changes anything.

use sublet_scheduler::{AttemptId, NodeId, Preemption, Resources, SlotId, SubclusterId};

use super::{Grant, Nodes};
use crate::audit::holds::Holds;

impl Nodes {
    pub(in crate::audit) fn held_of(&self, node: NodeId) -> impl Iterator<Item = (SlotId, Grant)> {
        let first = SlotId { node, index: 0 };
        let last = SlotId {
            node,
            index: u32::MAX,
        };
        let of_node = self.held.range(first..=last);
        of_node.map(|(&slot, &grant)| (slot, grant))
    }

    pub(in crate::audit) fn holder(&self, slot: SlotId) -> Option<AttemptId> {
        self.held.get(&slot).map(|grant| grant.holder)
    }

    pub(in crate::audit) fn held(&self) -> impl Iterator<Item = (SlotId, AttemptId)> {
        self.held.iter().map(|(&slot, grant)| (slot, grant.holder))
    }

    /// Slots that a task may be given now.
    pub(in crate::audit) fn free_slots(&self, subcluster: SubclusterId) -> u64 {
        let home = self.subclusters.get(&subcluster);
        home.map_or(0, |home| home.slots - home.held)
    }

    /// Slots of the nodes that are in a sub-cluster and stay.
    pub(in crate::audit) fn slots(&self, subcluster: SubclusterId) -> u64 {
        let home = self.subclusters.get(&subcluster);
        home.map_or(0, |home| home.slots)
    }

    /// Sub-clusters that have slots.
    pub(in crate::audit) fn with_slots(&self) -> impl Iterator<Item = SubclusterId> {
        let all = self.subclusters.iter();
        all.filter(|(_, home)| home.slots > 0).map(|(&id, _)| id)
    }

    /// The terms under which slots of a sub-cluster are held.
    pub(in crate::audit) fn holds(&self, subcluster: SubclusterId) -> Option<&Holds> {
        self.subclusters.get(&subcluster).map(|home| &home.holds)
    }

    /// Whether a node leaves a sub-cluster and still has work.
    pub(in crate::audit) fn drains(&self, subcluster: SubclusterId) -> bool {
        let home = self.subclusters.get(&subcluster);
        home.is_some_and(|home| home.draining > 0)
    }

    /// Whether attempts may be ended there for others.
    pub(in crate::audit) fn preempts(&self, subcluster: SubclusterId) -> bool {
        let home = self.subclusters.get(&subcluster);
        home.is_some_and(|home| home.preemption == Preemption::On)
    }

    /// What all hosts that are there offer together.
    pub(in crate::audit) fn offered(&self) -> Resources {
        let offered = self.hosts.values().map(|host| host.offered);
        offered.fold(Resources::default(), Resources::plus)
    }

    pub(in crate::audit) fn shape(&self, subcluster: SubclusterId) -> Resources {
        let home = self.subclusters.get(&subcluster);
        home.map_or_else(Resources::default, |home| home.shape)
    }
}
