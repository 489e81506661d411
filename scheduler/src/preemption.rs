//! When a running attempt may be ended for a user who has less than a fair share: only where the sub-cluster allows it,
//! only for a user who has waited, and at most once in a while. Which attempt it is, the queues decide.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::{SubclusterId, UnixMillis};

/// The pause between two preemptions in one sub-cluster, in milliseconds; also how long somebody waits for the first.
/// It bounds what work may be lost: at most one attempt per sub-cluster and pause.
const PAUSE_MS: u64 = 5_000;

/// The sub-clusters that allow it, and when each may preempt next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preemptions {
    allowed: Vec<SubclusterId>,
    /// Where somebody waits who could be helped, and since when.
    wanted_since: BTreeMap<SubclusterId, UnixMillis>,
    /// When it happened last.
    last: BTreeMap<SubclusterId, UnixMillis>,
}

impl Preemptions {
    /// These sub-clusters allow it from now on, and no others.
    pub(crate) fn allow(&mut self, allowed: Vec<SubclusterId>) {
        self.wanted_since.retain(|id, _| allowed.contains(id));
        self.last.retain(|id, _| allowed.contains(id));
        self.allowed = allowed;
    }

    pub(crate) fn allowed(&self) -> Vec<SubclusterId> {
        self.allowed.clone()
    }

    /// Somebody waits in the sub-cluster who could be helped. Answers whether that may happen now.
    pub(crate) fn may_happen(&mut self, now: UnixMillis, subcluster: SubclusterId) -> bool {
        let since = *self.wanted_since.entry(subcluster).or_insert(now);
        self.next(subcluster, since) <= now
    }

    /// It was looked for an attempt to end. Whether there was one or not: the next look is a pause later.
    pub(crate) fn happened(&mut self, now: UnixMillis, subcluster: SubclusterId) {
        self.last.insert(subcluster, now);
    }

    /// Nobody waits there who could be helped.
    pub(crate) fn calm(&mut self, subcluster: SubclusterId) {
        self.wanted_since.remove(&subcluster);
    }

    /// Nothing is started any more, so nobody can be helped anywhere.
    pub(crate) fn calm_all(&mut self) {
        self.wanted_since.clear();
    }

    pub(crate) fn forget(&mut self, subcluster: SubclusterId) {
        self.allowed.retain(|id| *id != subcluster);
        self.wanted_since.remove(&subcluster);
        self.last.remove(&subcluster);
    }

    pub(crate) fn next_wake(&self) -> Option<UnixMillis> {
        let wanted = self.wanted_since.iter();
        wanted.map(|(&id, &since)| self.next(id, since)).min()
    }

    fn next(&self, subcluster: SubclusterId, since: UnixMillis) -> UnixMillis {
        let last = self.last.get(&subcluster).copied();
        last.map_or(since, |last| last.max(since)).plus(PAUSE_MS)
    }
}
