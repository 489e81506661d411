//! Counted places, so that the number of something is known at admission.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::Refusal;

/// A counted thing of a nic, such as a socket. Given back when dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.used.fetch_sub(1, Relaxed);
    }
}

/// How many there may be, and are.
#[derive(Debug)]
pub(crate) struct Places {
    used: AtomicU32,
    limit: u32,
}

impl Places {
    /// So many, none of them taken.
    pub(crate) fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicU32::new(0),
            limit,
        })
    }

    /// Takes one, or fails at once: whoever holds the places may be the one that would have to run to free them.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Place, Refusal> {
        let more = |used| (used < self.limit).then_some(used + 1);
        self.used
            .fetch_update(Relaxed, Relaxed, more)
            .map_err(|_full| Refusal::Limit)?;
        Ok(Place {
            places: Arc::clone(self),
        })
    }

    /// How many are taken.
    pub(crate) fn used(&self) -> u32 {
        self.used.load(Relaxed)
    }
}
