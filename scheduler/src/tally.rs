//! How many unsettled tasks each user has, so that the bound on them is checked without counting. It knows no jobs.

use alloc::collections::BTreeMap;

use crate::UserId;

/// The users that have unsettled tasks, and how many.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    unsettled: BTreeMap<UserId, u64>,
}

impl Tallies {
    pub(crate) fn of(&self, user: UserId) -> u64 {
        self.unsettled.get(&user).copied().unwrap_or(0)
    }

    /// A job of the user that counted `before` now counts `after`.
    pub(crate) fn change(&mut self, user: UserId, before: u64, after: u64) {
        let tally = self.unsettled.entry(user).or_default();
        *tally = *tally - before + after;
        if *tally == 0 {
            self.unsettled.remove(&user);
        }
    }
}
