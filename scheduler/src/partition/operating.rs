//! What is told of single nodes and sub-clusters while they run: what is seen, what an operator says. Names that are not
//! known (any more) change nothing: messages may be late.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::Partition;
use super::moves::MoveCause;
use super::node::{Departure, Grace, Health, Intent, Next, Place};
use crate::rules::{Attribute, AttributeSet};
use crate::{NodeId, SubclusterId, UnixMillis};

impl Partition {
    /// Takes note of what a host sees of a node: thousandths of full load, and whether it works.
    pub(crate) fn node_facts(&mut self, id: NodeId, load_millis: u64, health: Health) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let mut changed = AttributeSet::EMPTY;
        if node.load_millis != load_millis {
            changed.insert(Attribute::NodeLoad);
        }
        if node.health != health {
            changed.insert(Attribute::NodeHealthy);
        }
        (node.load_millis, node.health) = (load_millis, health);
        self.node_changed(id, changed);
    }

    /// Gives a node other labels.
    pub(crate) fn label(&mut self, id: NodeId, labels: BTreeMap<String, String>) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if node.spec.labels != labels {
            node.spec.labels = labels;
            self.node_changed(id, AttributeSet::of(&[Attribute::NodeLabel]));
        }
    }

    /// Keeps a node out of every sub-cluster until it is resumed. With a grace, what still runs on it then is stopped.
    pub(crate) fn drain_node(
        &mut self,
        now: UnixMillis,
        id: NodeId,
        reason: String,
        grace_ms: Option<u64>,
    ) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        node.kept_out = Some(reason.clone());
        let departure = Departure {
            cause: MoveCause::Drained { reason },
            next: Next::Anywhere,
            grace: Grace::from(now, grace_ms),
        };
        self.depart(now, id, departure);
    }

    /// Lets a node work again. One that has not left yet, and has no other reason to, stays where it is.
    pub(crate) fn resume_node(&mut self, now: UnixMillis, id: NodeId) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if node.kept_out.take().is_none() {
            return;
        }
        if node.may_enter() {
            self.changes.entry_due.insert(id);
        }
        if self.drains_for_its_operator_only(id) {
            self.put(now, id, MoveCause::Resumed, |place| match place {
                Place::Draining(seat, _) | Place::In(seat) => Place::In(seat),
                Place::Unassigned | Place::Down => place,
            });
            self.changes.exit_due.insert(id);
        }
    }

    fn drains_for_its_operator_only(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let Place::Draining(seat, departure) = &node.place else {
            return false;
        };
        let subcluster = &self.subclusters[&seat.subcluster];
        matches!(departure.cause, MoveCause::Drained { .. })
            && node.intent == Intent::Stays
            && subcluster.is_declared()
            && subcluster.spec.slot == seat.slots.shape()
    }

    /// Takes note of the queue of a sub-cluster: tasks that wait, and how long one is expected to.
    pub(crate) fn subcluster_load(
        &mut self,
        now: UnixMillis,
        id: SubclusterId,
        queued: u64,
        expected_wait_ms: u64,
    ) {
        let Some(subcluster) = self.subclusters.get_mut(&id) else {
            return;
        };
        let (queued_before, wait_before) = subcluster.load(queued, expected_wait_ms);
        let mut changed = AttributeSet::EMPTY;
        if queued_before != queued {
            changed.insert(Attribute::SubQueued);
        }
        if wait_before != expected_wait_ms {
            changed.insert(Attribute::SubExpectedWait);
        }
        self.subcluster_changed(now, id, changed);
    }
}
