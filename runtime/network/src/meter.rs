//! What a nic was used for.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::lock::lock;
use crate::{Denial, Refusal};

/// Denials that are kept in words. A guest that tries a thousand ports must not fill memory with its failures.
const DENIALS_KEPT: usize = 16;

/// What a nic was used for, in bytes, connections and datagrams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of streams and datagrams that the instance sent.
    pub bytes_sent: u64,
    /// Bytes that the instance took in; what it never read is not counted.
    pub bytes_received: u64,
    /// Connections it began and that came about.
    pub connections_out: u64,
    /// Connections it accepted.
    pub connections_in: u64,
    /// Datagrams it sent.
    pub datagrams_sent: u64,
    /// Datagrams it took in.
    pub datagrams_received: u64,
    /// Datagrams lost at a limit: of its rate when sent, of its queue when received.
    pub datagrams_dropped: u64,
    /// Destinations and names that were denied.
    pub denials: u64,
    /// The first few different denials, in words.
    pub denied: Vec<Denial>,
}

/// Counts what a nic does.
#[derive(Debug, Default)]
pub struct Meter {
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) bytes_received: AtomicU64,
    pub(crate) connections_out: AtomicU64,
    pub(crate) connections_in: AtomicU64,
    pub(crate) datagrams_sent: AtomicU64,
    pub(crate) datagrams_received: AtomicU64,
    pub(crate) datagrams_dropped: AtomicU64,
    pub(crate) without_place: AtomicU64,
    denials: AtomicU64,
    denied: Mutex<Vec<Denial>>,
}

impl Meter {
    /// What was counted until now.
    pub fn usage(&self) -> Usage {
        Usage {
            bytes_sent: self.bytes_sent.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
            connections_out: self.connections_out.load(Relaxed),
            connections_in: self.connections_in.load(Relaxed),
            datagrams_sent: self.datagrams_sent.load(Relaxed),
            datagrams_received: self.datagrams_received.load(Relaxed),
            datagrams_dropped: self.datagrams_dropped.load(Relaxed),
            denials: self.denials.load(Relaxed),
            denied: lock(&self.denied).clone(),
        }
    }

    /// Sockets and connections that the instance wanted beyond as many as it may have.
    pub fn without_place(&self) -> u64 {
        self.without_place.load(Relaxed)
    }

    /// Counts a denial and keeps it in words, if it is new and among the first.
    pub(crate) fn deny(&self, denial: &Denial) {
        count(&self.denials, 1);
        let mut denied = lock(&self.denied);
        if denied.len() < DENIALS_KEPT && !denied.contains(denial) {
            denied.push(denial.clone());
        }
    }

    /// Counts a refusal, if it is a denial.
    pub(crate) fn note(&self, refusal: &Refusal) {
        if let Refusal::Denied(denial) = refusal {
            self.deny(denial);
        }
    }
}

/// Adds to a counter.
pub(crate) fn count(counter: &AtomicU64, more: usize) {
    counter.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Relaxed);
}
