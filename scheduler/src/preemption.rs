//! When a running attempt may be ended for a user who has less than a fair share: only where the sub-cluster allows it,
//! only for a user who has waited, and at most once in a while. Which attempt it is, the queues decide.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::{SubclusterId, UnixMillis};

/// The pause between two preemptions in one sub-cluster, in milliseconds; also how long somebody waits for the first.
/// It bounds what work may be lost: at most one attempt per sub-cluster and pause.
pub(crate) const PAUSE_MS: u64 = 5_000;

/// When each sub-cluster that allows it may preempt next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preemptions {
    allowed: Vec<SubclusterId>,
    next: BTreeMap<SubclusterId, UnixMillis>,
}

impl Preemptions {
    /// These sub-clusters allow it from now on, and no others.
    pub(crate) fn allow(&mut self, allowed: Vec<SubclusterId>) {
        self.next.retain(|id, _| allowed.contains(id));
        self.allowed = allowed;
    }

    pub(crate) fn allowed(&self) -> Vec<SubclusterId> {
        self.allowed.clone()
    }

    /// Somebody waits in the sub-cluster who could be helped. Answers whether that may happen now.
    pub(crate) fn may_happen(&mut self, now: UnixMillis, subcluster: SubclusterId) -> bool {
        let next = *self
            .next
            .entry(subcluster)
            .or_insert_with(|| now.plus(PAUSE_MS));
        next <= now
    }

    pub(crate) fn happened(&mut self, now: UnixMillis, subcluster: SubclusterId) {
        self.next.insert(subcluster, now.plus(PAUSE_MS));
    }

    /// Nobody waits there who could be helped.
    pub(crate) fn calm(&mut self, now: UnixMillis, subcluster: SubclusterId) {
        if self.next.get(&subcluster).is_some_and(|next| *next <= now) {
            self.next.remove(&subcluster);
        }
    }

    pub(crate) fn forget(&mut self, subcluster: SubclusterId) {
        self.allowed.retain(|id| *id != subcluster);
        self.next.remove(&subcluster);
    }

    pub(crate) fn next_wake(&self) -> Option<UnixMillis> {
        self.next.values().min().copied()
    }
}
