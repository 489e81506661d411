//! Who the users are, as far as rules read them, and how fast each may submit. What they hold is kept by the queues.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::shelf::Shelf;
use crate::{Terms, UnixMillis, UserId};

/// What a user may do beyond running jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Sees and changes what is the user's own.
    #[default]
    User,
    /// Changes rules, nodes and users as well.
    Operator,
}

impl Role {
    /// The word of rules and of the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
        }
    }
}

/// The users that something was said of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Users {
    known: Shelf<UserId, User>,
    unknown: User,
}

/// One of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) labels: BTreeMap<String, String>,
    /// When the last submission would have come in, had they all come evenly: see [`Users::too_fast`].
    due: u64,
}

/// Seconds for which a user may have saved up submissions: a script that submits a few hundred jobs at once is fine, a
/// loop that submits and cancels without end is not.
const BURST_S: u64 = 10;

impl Users {
    pub(crate) fn of(&self, user: UserId) -> &User {
        self.known.get(&user).unwrap_or(&self.unknown)
    }

    pub(crate) fn set(&mut self, user: UserId, name: String, role: Role) {
        let known = self.known.get_or_insert_with(user, User::default);
        (known.name, known.role) = (name, role);
    }

    /// In how many milliseconds the user may submit again, when it is too early now. Submissions are due one after
    /// another, evenly; a user may be ahead by as many as fit [`BURST_S`] seconds, cancelled ones included.
    pub(crate) fn too_fast(&self, now: UnixMillis, user: UserId, terms: &Terms) -> Option<u64> {
        let pause = pause_us(terms)?;
        let ahead = self.of(user).due.saturating_sub(micros(now));
        let allowed = BURST_S * 1_000_000;
        let over = (ahead + pause).checked_sub(allowed)?;
        (over > 0).then(|| over.div_ceil(1000))
    }

    /// A submission came in.
    pub(crate) fn submitted(&mut self, now: UnixMillis, user: UserId, terms: &Terms) {
        let Some(pause) = pause_us(terms) else { return };
        let known = self.known.get_or_insert_with(user, User::default);
        known.due = known.due.max(micros(now)).saturating_add(pause);
    }
}

/// Microseconds between two submissions of an even course; nothing when they are not bounded.
fn pause_us(terms: &Terms) -> Option<u64> {
    1_000_000_u64.checked_div(u64::from(terms.quota.submits_per_s))
}

const fn micros(at: UnixMillis) -> u64 {
    at.0.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::Users;
    use crate::{Quota, Terms, UnixMillis, UserId};

    const ADA: UserId = UserId(1);

    fn terms(submits_per_s: u32) -> Terms {
        Terms {
            weight: 1,
            quota: Quota {
                submits_per_s,
                ..Quota::UNLIMITED
            },
        }
    }

    #[test]
    fn ten_seconds_worth_may_come_at_once_and_the_next_a_pause_later() {
        let (mut users, terms, now) = (Users::default(), terms(5), UnixMillis(7_000));
        for _ in 0..50 {
            assert_eq!(users.too_fast(now, ADA, &terms), None);
            users.submitted(now, ADA, &terms);
        }
        assert_eq!(users.too_fast(now, ADA, &terms), Some(200));
        assert_eq!(users.too_fast(now.plus(200), ADA, &terms), None);
        assert_eq!(users.too_fast(now, UserId(2), &terms), None);
    }

    #[test]
    fn nothing_is_saved_up_beyond_the_burst() {
        let (mut users, terms) = (Users::default(), terms(1));
        let later = UnixMillis(3_600_000);
        users.submitted(UnixMillis(0), ADA, &terms);
        for _ in 0..10 {
            assert_eq!(users.too_fast(later, ADA, &terms), None);
            users.submitted(later, ADA, &terms);
        }
        assert_eq!(users.too_fast(later, ADA, &terms), Some(1000));
    }

    #[test]
    fn without_a_rate_nobody_is_too_fast() {
        let (mut users, terms) = (Users::default(), terms(0));
        for _ in 0..1000 {
            users.submitted(UnixMillis(0), ADA, &terms);
        }
        assert_eq!(users.too_fast(UnixMillis(0), ADA, &terms), None);
    }
}
