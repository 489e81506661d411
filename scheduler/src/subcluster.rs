//! One partition of the pool: its member nodes cut into equal slots, and the queue of those who want one. It decides
//! which free slot is next. It must not know why a node is a member or why a job was routed here, and it keeps no
//! account of CPU and memory: that is the ledger's.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use crate::index_set::IndexSet;
use crate::queue::Queue;
use crate::{NodeId, Resources, SlotId};

/// What an operator says of a sub-cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubclusterConfig {
    /// Its name, as people see it.
    pub name: String,
    /// The shape of each of its slots.
    pub slot: Resources,
}

/// How many slots there are and how many of them nobody holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// All of them.
    pub total: u64,
    /// Those that nobody holds.
    pub free: u64,
}

/// A partition of the pool.
#[derive(Debug)]
pub(crate) struct Subcluster {
    pub(crate) name: String,
    pub(crate) slot: Resources,
    pub(crate) queue: Queue,
    members: BTreeMap<NodeId, Member>,
    /// The members with a free slot.
    with_room: BTreeSet<NodeId>,
    slots: SlotCounts,
}

/// The slots of one node.
#[derive(Debug)]
struct Member {
    total: u32,
    free: IndexSet,
}

impl SlotCounts {
    /// Those that an attempt holds.
    #[must_use]
    pub const fn in_use(self) -> u64 {
        self.total - self.free
    }
}

impl Subcluster {
    pub(crate) fn new(config: SubclusterConfig) -> Self {
        Self {
            name: config.name,
            slot: config.slot,
            queue: Queue::default(),
            members: BTreeMap::new(),
            with_room: BTreeSet::new(),
            slots: SlotCounts::default(),
        }
    }

    /// Cuts a node into slots.
    pub(crate) fn add(&mut self, node: NodeId, capacity: Resources) {
        let total = u32::try_from(capacity.slots_of(self.slot)).unwrap_or(u32::MAX);
        let mut member = Member {
            total,
            free: IndexSet::default(),
        };
        if total > 0 {
            member.free.insert_range(0..=total - 1);
            self.with_room.insert(node);
        }
        self.slots.total += u64::from(total);
        self.slots.free += u64::from(total);
        self.members.insert(node, member);
    }

    /// Takes a free slot: the lowest of the first node that has one, so that the later nodes are the first to get empty.
    pub(crate) fn take_slot(&mut self) -> SlotId {
        let &node = self
            .with_room
            .first()
            .expect("a slot is taken when one is free");
        let member = self
            .members
            .get_mut(&node)
            .expect("a node with room is a member");
        let index = member
            .free
            .pop_first()
            .expect("a node with room has a free slot");
        if member.free.is_empty() {
            self.with_room.remove(&node);
        }
        self.slots.free -= 1;
        SlotId { node, index }
    }

    pub(crate) fn put_slot(&mut self, slot: SlotId) {
        let member = self
            .members
            .get_mut(&slot.node)
            .expect("a node with a taken slot stays");
        member.free.insert(slot.index);
        self.with_room.insert(slot.node);
        self.slots.free += 1;
    }

    /// Whether somebody is in the queue and a slot is free for them.
    pub(crate) fn can_start(&self) -> bool {
        self.slots.free > 0 && self.queue.jobs() > 0
    }

    pub(crate) const fn slots(&self) -> SlotCounts {
        self.slots
    }

    pub(crate) fn slots_of(&self, node: NodeId) -> Option<SlotCounts> {
        let member = self.members.get(&node)?;
        Some(SlotCounts {
            total: u64::from(member.total),
            free: member.free.len(),
        })
    }
}
