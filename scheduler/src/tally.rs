//! How many unsettled tasks each user has, and all together, so that the bounds on them are checked without counting. It
//! knows no jobs.

use crate::UserId;
use crate::shelf::Shelf;

/// The users that have unsettled tasks, and how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies {
    unsettled: Shelf<UserId, u64>,
    total: u64,
}

impl Tallies {
    pub(crate) fn of(&self, user: UserId) -> u64 {
        self.unsettled.get(&user).copied().unwrap_or(0)
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// A job of the user that counted `before` now counts `after`.
    pub(crate) fn change(&mut self, user: UserId, before: u64, after: u64) {
        if before == after {
            return;
        }
        self.total = self.total - before + after;
        let tally = self.unsettled.get_or_insert_with(user, u64::default);
        *tally = *tally - before + after;
        if *tally == 0 {
            self.unsettled.remove(&user);
        }
    }
}
