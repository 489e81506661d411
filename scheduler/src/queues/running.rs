//! Who holds the slots of one sub-cluster and until when at the latest, by what was declared. From that follows when a
//! gang that does not fit now will. It must not know who waits, nor why a slot that is held will not be granted again.

use alloc::collections::BTreeMap;

use crate::queues::backlog::Fit;
use crate::queues::tree::Tree;
use crate::queues::{Holder, NO_TIMEOUT};
use crate::{AttemptId, Resources, UnixMillis, UserId};

/// The attempts that hold a slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running {
    grants: BTreeMap<AttemptId, Grant>,
    /// Of those whose slot will be granted again.
    ends: Tree<End, ()>,
}

/// One slot in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) user: UserId,
    pub(crate) is_of_gang: bool,
    /// What the slot had when it was granted.
    pub(crate) amount: Resources,
    pub(crate) since: UnixMillis,
    until: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    until: UnixMillis,
    attempt: AttemptId,
}

/// What a gang that does not fit is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    /// When enough slots are free at the latest. The end of time, when that hangs on an attempt without a timeout.
    pub(crate) at: UnixMillis,
    /// Slots that are free then beyond what the gang needs.
    pub(crate) spare: u64,
}

impl Running {
    pub(crate) fn start(
        &mut self,
        now: UnixMillis,
        holder: Holder,
        amount: Resources,
        timeout_ms: u64,
    ) {
        let grant = Grant {
            user: holder.user,
            is_of_gang: holder.is_of_gang,
            amount,
            since: now,
            until: now.plus(timeout_ms),
        };
        self.ends.insert(grant.end_of(holder.attempt), ());
        let before = self.grants.insert(holder.attempt, grant);
        assert!(before.is_none(), "{} holds two slots", holder.attempt);
    }

    /// Answers what the attempt held its slot under.
    pub(crate) fn end(&mut self, attempt: AttemptId) -> Grant {
        let grant = self
            .grants
            .remove(&attempt)
            .expect("who gives a slot back holds one");
        self.ends.remove(&grant.end_of(attempt));
        grant
    }

    /// The slot of the attempt will not be granted again when it is back. Says nothing new of one that is counted out.
    pub(crate) fn count_out(&mut self, attempt: AttemptId) {
        self.ends.remove(&self.end_of(attempt));
    }

    /// The slot of the attempt will be granted again when it is back. Says nothing new of one that is counted in.
    pub(crate) fn count_in(&mut self, attempt: AttemptId) {
        let end = self.end_of(attempt);
        self.ends.remove(&end);
        self.ends.insert(end, ());
    }

    fn end_of(&self, attempt: AttemptId) -> End {
        let grant = self.grants.get(&attempt);
        let grant = grant.expect("only the slot of who holds one is counted");
        grant.end_of(attempt)
    }

    /// Whether no slot is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// How many of the slots that are held will be granted again.
    pub(crate) fn to_come(&self) -> u64 {
        self.ends.len()
    }

    /// Those whose slot will be granted again.
    pub(crate) fn grants_to_come(&self) -> impl Iterator<Item = (AttemptId, Grant)> {
        let at = |place| {
            let attempt = self.ends.nth(place)?.attempt;
            Some((attempt, *self.grants.get(&attempt)?))
        };
        (0..self.ends.len()).filter_map(at)
    }

    /// When, of `free` slots now, there will be `wanted` ones, if nobody else takes any. Nothing, when there never will.
    /// Who outlives its timeout is about to end.
    pub(crate) fn promise(&self, now: UnixMillis, free: u64, wanted: u64) -> Option<Promise> {
        let Some(others_before) = wanted.checked_sub(free + 1) else {
            return Some(Promise {
                at: now,
                spare: free - wanted,
            });
        };
        let at = self.ends.nth(others_before)?.until.max(now);
        let free_then = free + self.ends.count_before(|end| end.until <= at);
        Some(Promise {
            at,
            spare: free_then - wanted,
        })
    }
}

impl Grant {
    const fn end_of(&self, attempt: AttemptId) -> End {
        End {
            until: self.until,
            attempt,
        }
    }
}

impl Promise {
    /// Who may pass the gang: who is over before its time has come, or takes spare slots only. A job without a timeout never
    /// may: a few of them would put off every promise to the end of time.
    pub(crate) fn fit(self, now: UnixMillis, free: u64) -> Fit {
        const LONGEST_MS: u64 = NO_TIMEOUT - 1;
        Fit {
            size_max: free,
            size_at_leisure: self.spare,
            leisure_ms: LONGEST_MS,
            timeout_ms: self.at.0.saturating_sub(now.0).min(LONGEST_MS),
        }
    }
}
