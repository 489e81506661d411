//! What there is to say of a worker's death: whom its attempts ran with, and why it is no more. Who answers for it is decided
//! elsewhere.

use std::collections::HashSet;

use sublet_scheduler::{AttemptId, UserId};

/// Whom an attempt shares its worker with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// Other attempts of its user, unless its sub-cluster isolates by process.
    Shared,
    /// Nobody.
    Alone,
}

/// Why a worker is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeathCause {
    /// We ended it.
    Ordered,
    /// It had not come to run guests.
    BeforeItsGuests,
    /// Nobody asked for it.
    Unforeseen,
}

/// A worker that died with attempts under way, or could have had some.
#[derive(Debug)]
pub(crate) struct Death {
    pub(crate) user: UserId,
    pub(crate) cause: DeathCause,
    /// Attempts that it was to run and was not told of yet.
    pub(crate) untold: HashSet<AttemptId>,
}
