//! Taking and giving back of slots, always together with the account of what they hold. A slot that is taken or comes
//! back is a state change of its node.

use super::Partition;
use super::changes::{BY_GRANT, OF_SUBCLUSTER_BY_GRANT};
use super::node::Place;
use crate::{AttemptId, SlotCounts, SlotId, SubclusterId, UnixMillis};

impl Partition {
    /// Grants a free slot of the sub-cluster, which has one, to an attempt: the lowest of the first node that has any.
    pub(crate) fn grant(&mut self, now: UnixMillis, id: SubclusterId, holder: AttemptId) -> SlotId {
        let subcluster = self.subclusters.get_mut(&id);
        let subcluster = subcluster.expect("a slot is granted in a sub-cluster that is there");
        let first = subcluster.first_with_room();
        let id_of_node = first.expect("a slot is granted when one is free");
        let node = self.nodes.get_mut(&id_of_node);
        let node = node.expect("a member is a known node");
        node.idle_since = None;
        let seat = node.seat_mut().expect("a member has a seat");
        let index = seat.slots.take().expect("a node with room has a free slot");
        subcluster.take(id_of_node, seat);
        let slot = SlotId {
            node: id_of_node,
            index,
        };
        self.ledger.grant(slot, holder, seat.slots.shape());
        self.node_changed(id_of_node, BY_GRANT);
        self.subcluster_changed(now, id, OF_SUBCLUSTER_BY_GRANT);
        slot
    }

    /// Takes back what an attempt was granted.
    pub(crate) fn give_back(&mut self, now: UnixMillis, slot: SlotId, holder: AttemptId) {
        self.ledger.give_back(slot, holder);
        let node = self.nodes.get_mut(&slot.node);
        let node = node.expect("a node of which something is held is known");
        let seat = node.seat_mut().expect("a node stays until it is empty");
        seat.slots.put(slot.index);
        let id = seat.subcluster;
        self.subclusters
            .get_mut(&id)
            .expect("a sub-cluster with members is there")
            .put(slot.node, seat);
        if seat.slots.held() == 0 {
            node.idle_since = Some(now);
            if matches!(node.place, Place::Draining(..)) {
                self.changes.emptied.insert(slot.node);
            }
        }
        self.node_changed(slot.node, BY_GRANT);
        self.subcluster_changed(now, id, OF_SUBCLUSTER_BY_GRANT);
    }

    /// How many slots of a sub-cluster may be granted now.
    pub(crate) fn free_slots(&self, id: SubclusterId) -> u64 {
        self.slots(id).free
    }

    /// The slots of a sub-cluster that are held or may be granted. One that nobody knows has none.
    pub(crate) fn slots(&self, id: SubclusterId) -> SlotCounts {
        self.subclusters
            .get(&id)
            .map_or_else(SlotCounts::default, |one| one.slots())
    }

    /// The most slots that a sub-cluster could have with the nodes that are up, wherever they are now.
    pub(crate) fn slots_ever(&self, id: SubclusterId) -> u64 {
        self.subclusters.get(&id).map_or(0, |one| one.slots_ever)
    }

    /// Whether nobody holds a slot.
    pub(crate) fn is_idle(&self) -> bool {
        self.ledger.is_balanced()
    }
}
