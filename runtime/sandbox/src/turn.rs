//! What a guest is about when it is not polled: the watch writes it, and whoever polls the attempt reads it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Shared between a guest's store, its watch and whoever polls them.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    gave_way: AtomicBool,
    wish: AtomicU8,
}

/// What an attempt that is not over wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wish {
    /// To be polled when it is woken.
    Wake = 0,
    /// To go on with processor time that nobody else wants: it has used up its share.
    GoOnBehind = 1,
    /// To go on among those that have something left of their share.
    GoOn = 2,
}

impl Turn {
    /// The guest could go on, but gave its thread away.
    pub(crate) fn give_way(&self) {
        self.gave_way.store(true, Ordering::Relaxed);
    }

    /// Whether it did since this was last asked. A guest that waits has not.
    pub(crate) fn take_gave_way(&self) -> bool {
        self.gave_way.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn wish(&self, wish: Wish) {
        self.wish.store(wish as u8, Ordering::Relaxed);
    }

    pub(crate) fn wished(&self) -> Wish {
        match self.wish.load(Ordering::Relaxed) {
            1 => Wish::GoOnBehind,
            2 => Wish::GoOn,
            _ => Wish::Wake,
        }
    }
}
