//! What is counted of one instance while it runs. Its store writes, and whoever watches it from another thread reads.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// All counts of one instance.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) memory: Count,
    pub(crate) tables: Count,
    pub(crate) files: Count,
}

/// Of one quantity.
#[derive(Debug, Default)]
pub(crate) struct Count {
    peak: AtomicU64,
    denied: AtomicU32,
}

impl Count {
    pub(crate) fn saw(&self, sum: u64) {
        self.peak.fetch_max(sum, Ordering::Relaxed);
    }

    /// Only the guest's own thread writes, so nothing is lost between the look and the write.
    pub(crate) fn deny(&self) {
        let denied = self.denied().saturating_add(1);
        self.denied.store(denied, Ordering::Relaxed);
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    pub(crate) fn denied(&self) -> u32 {
        self.denied.load(Ordering::Relaxed)
    }
}
