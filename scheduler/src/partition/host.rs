//! What one host has, and what its nodes take of it. The nodes that are there, those that drain included, never have
//! more together than the host, except after it shrank: then nothing of it is granted until enough has drained.

use alloc::collections::BTreeSet;

use crate::{NodeId, Resources};

/// A host.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    pub(super) capacity: Resources,
    /// What its nodes have that are not down.
    pub(super) reserved: Resources,
    pub(super) nodes: BTreeSet<NodeId>,
    pub(super) contact: Contact,
}

/// Whether a host is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Contact {
    #[default]
    Held,
    Lost,
}

impl Host {
    /// What it adds to the pool.
    pub(super) const fn offered(&self) -> Resources {
        match self.contact {
            Contact::Held => self.capacity,
            Contact::Lost => Resources {
                cpu_millis: 0,
                memory_bytes: 0,
            },
        }
    }

    /// Whether its nodes have more than it has.
    pub(super) const fn is_overcommitted(&self) -> bool {
        !self.capacity.covers(self.reserved)
    }

    /// Whether it has room for one more node.
    pub(super) fn has_room_for(&self, capacity: Resources) -> bool {
        let with_it = self.reserved.checked_add(capacity);
        with_it.is_some_and(|sum| self.capacity.covers(sum))
    }

    pub(super) fn reserve(&mut self, capacity: Resources) {
        self.reserved = self
            .reserved
            .checked_add(capacity)
            .expect("what a host has room for is a number");
    }

    pub(super) fn release(&mut self, capacity: Resources) {
        self.reserved = self
            .reserved
            .checked_sub(capacity)
            .expect("a node gives back what was reserved for it");
    }
}
