//! Since when the slots of a sub-cluster are held, and until when at the latest, by what was declared.

use std::collections::BTreeSet;

use sublet_scheduler::{SlotId, UnixMillis};

/// For how long an attempt may hold its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) since: UnixMillis,
    pub(super) until: UnixMillis,
}

/// The slots that are held.
#[derive(Debug, Default)]
pub(super) struct Holds {
    since: BTreeSet<(UnixMillis, SlotId)>,
    until: BTreeSet<(UnixMillis, SlotId)>,
    /// The longest that any was held which is back.
    longest_ms: u64,
}

impl Holds {
    pub(super) fn begin(&mut self, slot: SlotId, term: Term) {
        self.since.insert((term.since, slot));
        self.until.insert((term.until, slot));
    }

    /// The slot is back, or its node is not in the sub-cluster any more.
    pub(super) fn end(&mut self, now: UnixMillis, slot: SlotId, term: Term) {
        self.since.remove(&(term.since, slot));
        self.until.remove(&(term.until, slot));
        self.longest_ms = self.longest_ms.max(term.held_ms(now));
    }

    /// The longest that any slot was ever held, those included that are held.
    pub(super) fn longest_ms(&self, now: UnixMillis) -> u64 {
        let oldest = self.since.first().map_or(now, |&(since, _)| since);
        self.longest_ms.max(now.0.saturating_sub(oldest.0))
    }

    /// Whether each slot that is held was given after that instant.
    pub(super) fn are_after(&self, at: UnixMillis) -> bool {
        self.since.first().is_none_or(|&(since, _)| since > at)
    }

    /// When so many are back at the latest, by what was declared.
    pub(super) fn back_by(&self, count: u64) -> Option<UnixMillis> {
        let before = usize::try_from(count.checked_sub(1)?).ok()?;
        self.until.iter().nth(before).map(|&(until, _)| until)
    }

    /// Whether as many as that are back by an instant, by what was declared.
    pub(super) fn has_back(&self, count: u64, by: UnixMillis) -> bool {
        count == 0 || self.back_by(count).is_some_and(|until| until <= by)
    }
}

impl Term {
    pub(super) const fn held_ms(self, now: UnixMillis) -> u64 {
        now.0.saturating_sub(self.since.0)
    }
}
