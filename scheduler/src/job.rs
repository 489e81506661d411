//! A job as the scheduler sees it: what its decisions read, and nothing of what the job does.

use core::ops::RangeInclusive;

use crate::{JobId, Resources, UserId};

/// A job as submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its place in the order of submission.
    pub id: JobId,
    /// Who owns it.
    pub user: UserId,
    /// The indices of its tasks. A plain job has the one task 0.
    pub tasks: TaskRange,
    /// What each of its attempts is granted at least.
    pub want: Resources,
    /// Higher goes first; within a priority, the older goes first.
    pub priority: i32,
    /// What follows an attempt that did not succeed.
    pub restart: Restart,
}

/// The indices of the tasks of a job, first and last included. Never empty.
pub type TaskRange = RangeInclusive<u32>;

/// What follows an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Nothing: a task starts at most once, whatever happens.
    Never,
    /// A task whose attempt was lost is started again: at least once.
    OnLoss,
    /// As `OnLoss`, and attempts that failed are retried after a pause that doubles.
    OnFailure {
        /// How many further attempts a task gets after failures.
        retries: u32,
        /// The pause before the first retry, in milliseconds.
        backoff_ms: u64,
    },
}

impl Restart {
    /// Losses in a row after which a task is given up, so that a module that kills its worker cannot do so for ever.
    pub const LOSSES_IN_A_ROW_MAX: u32 = 3;
    /// The longest pause between two attempts, in milliseconds.
    pub const BACKOFF_MS_MAX: u64 = 5 * 60 * 1000;
}
