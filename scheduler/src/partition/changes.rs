//! What changed since the flow last ran, and what is to be asked for it. A change that no rule reads is dropped here.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use super::Partition;
use super::alarms::Alarm;
use super::node::Place;
use super::subcluster::IdleChange;
use crate::rules::{Attribute, AttributeSet};
use crate::{NodeId, SubclusterId, UnixMillis};

/// What of a node changes with a slot that is taken or comes back.
pub(super) const BY_GRANT: AttributeSet = AttributeSet::of(&[
    Attribute::NodeSlotsFree,
    Attribute::NodeRunning,
    Attribute::NodeCpuFree,
    Attribute::NodeMemoryFree,
    Attribute::NodeIdle,
]);

/// What of a sub-cluster changes with a slot that is taken or comes back.
pub(super) const OF_SUBCLUSTER_BY_GRANT: AttributeSet =
    AttributeSet::of(&[Attribute::SubSlotsFree, Attribute::SubRunning]);

/// What of a sub-cluster changes when a node joins, drains or leaves.
pub(super) const BY_MEMBERSHIP: AttributeSet = AttributeSet::of(&[
    Attribute::SubNodes,
    Attribute::SubSlots,
    Attribute::SubSlotsFree,
    Attribute::SubRunning,
]);

/// What is to be done at the next run of the flow.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// Members whose exit rule is to be asked.
    pub(super) exit_due: BTreeSet<NodeId>,
    /// Unassigned nodes about which entry rules are to be asked.
    pub(super) entry_due: BTreeSet<NodeId>,
    /// Draining nodes of which the last slot came back.
    pub(super) emptied: BTreeSet<NodeId>,
    /// What changed of sub-clusters, for their members and for unassigned nodes.
    pub(super) for_members: BTreeSet<SubclusterId>,
    pub(super) for_unassigned: BTreeSet<SubclusterId>,
    /// Nodes that left by a rule in this run: their last sub-cluster is not asked.
    pub(super) just_left: BTreeMap<NodeId, SubclusterId>,
    /// Hosts that may have room for nodes that wait for it.
    pub(super) hosts: BTreeSet<String>,
    /// Sub-clusters that a node left: one that is removed may be gone.
    pub(super) maybe_gone: BTreeSet<SubclusterId>,
}

impl Changes {
    /// Whether something is to be asked or left.
    pub(super) fn is_empty(&self) -> bool {
        self.exit_due.is_empty()
            && self.entry_due.is_empty()
            && self.emptied.is_empty()
            && self.for_members.is_empty()
            && self.for_unassigned.is_empty()
            && self.hosts.is_empty()
    }
}

impl Partition {
    /// Notes a state change of a node. It belongs to no group until it was asked: what it could say for the others, it
    /// could only have said before.
    pub(super) fn node_changed(&mut self, id: NodeId, changed: AttributeSet) {
        let Some(node) = self.nodes.get(&id) else {
            return;
        };
        match &node.place {
            Place::In(seat) => {
                let home = seat.subcluster;
                let subcluster = self.subcluster_mut(home);
                if subcluster.exit_reads().intersects(changed) {
                    let emptied = subcluster.alike.remove(id);
                    self.forget_group(emptied.map(|group| Alarm::Exit(home, group)));
                    self.changes.exit_due.insert(id);
                }
            }
            Place::Unassigned => {
                if node.may_enter() && self.entry_reads.intersects(changed) {
                    let emptied = self.lobby.remove(id);
                    self.forget_group(emptied.map(Alarm::Entry));
                    self.changes.entry_due.insert(id);
                }
            }
            // One that drains leaves whatever its rule says now, and about one that is down nobody is asked.
            Place::Draining(..) | Place::Down => {}
        }
    }

    /// Nobody is left in a group that an alarm was for.
    pub(super) fn forget_group(&mut self, alarm: Option<Alarm>) {
        if let Some(alarm) = alarm {
            self.alarms.set(alarm, None);
        }
    }

    /// Notes a change of a sub-cluster, with what follows from it for how long it is idle.
    pub(super) fn subcluster_changed(
        &mut self,
        now: UnixMillis,
        id: SubclusterId,
        changed: AttributeSet,
    ) {
        const IDLE: AttributeSet = AttributeSet::of(&[Attribute::SubIdle]);
        let Some(subcluster) = self.subclusters.get_mut(&id) else {
            return;
        };
        let IdleChange {
            for_exit,
            for_entry,
        } = subcluster.settle_idle(now);
        let (exit, entry) = (subcluster.exit_reads(), subcluster.entry_reads());
        if exit.intersects(changed) || (for_exit && exit.intersects(IDLE)) {
            self.changes.for_members.insert(id);
        }
        if entry.intersects(changed) || (for_entry && entry.intersects(IDLE)) {
            self.changes.for_unassigned.insert(id);
        }
    }
}
