//! What one node is cut into while it is in a sub-cluster.

use crate::index_set::IndexSet;
use crate::{Resources, SlotCounts};

/// Equal slots, some of them free.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    shape: Resources,
    total: u32,
    free: IndexSet,
}

impl Slots {
    /// Cuts a capacity into as many slots of a shape as it has room for.
    pub(super) fn cut(capacity: Resources, shape: Resources) -> Self {
        let total = u32::try_from(capacity.slots_of(shape)).unwrap_or(u32::MAX);
        let mut free = IndexSet::default();
        if let Some(last) = total.checked_sub(1) {
            free.insert_range(0..=last);
        }
        Self { shape, total, free }
    }

    pub(super) const fn shape(&self) -> Resources {
        self.shape
    }

    pub(super) const fn counts(&self) -> SlotCounts {
        SlotCounts {
            total: self.total as u64,
            free: self.free.len(),
        }
    }

    pub(super) const fn held(&self) -> u64 {
        self.counts().in_use()
    }

    pub(super) const fn free(&self) -> u64 {
        self.free.len()
    }

    /// Takes the lowest free slot.
    pub(super) fn take(&mut self) -> Option<u32> {
        self.free.pop_first()
    }

    /// Puts a slot back that was taken.
    pub(super) fn put(&mut self, index: u32) {
        self.free.insert(index);
    }
}
