//! A job as the scheduler sees it: what its decisions read, and nothing of what the job does.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::{JobId, Resources, UnixMillis, UserId};

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
    /// The wall time of each of its attempts, in milliseconds. Reservations are made from it.
    pub timeout_ms: u64,
    /// Whether its tasks start together, in one sub-cluster, or not at all.
    pub is_gang: bool,
    /// How many generations of jobs come after it: 0 for a job whose tasks submit none, 1 where they submit some that submit
    /// none, and so on. As many slots are free beside each task when it starts. So those who wait for jobs of their own can
    /// never hold all slots between them: of `s` slots, at most `s - n` are held by tasks after which `n` generations or
    /// more come, and the last generation always runs.
    pub generations: u32,
    /// Whether a job submitted it, which may wait for it. Then no reservation holds it up: what that was promised to have back
    /// may come back only when this one is over.
    pub is_child: bool,
    /// Higher goes first; within a priority, the older goes first.
    pub priority: i32,
    /// What follows an attempt that did not succeed.
    pub restart: Restart,
    /// When it came in: its age is counted from here.
    pub submitted_at: UnixMillis,
    /// The sub-cluster that its user asked for by name.
    pub subcluster: Option<String>,
    /// Jobs that have to be over before any of its tasks starts. Those that the scheduler does not know, or knows to be
    /// over, count as met: whoever keeps the records looks at them, and says so when one can never be.
    pub after: Vec<Dependency>,
    /// What only rules read of it.
    pub said: Said,
}

/// What a job says of itself for rules to read. Nothing but rules decides by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The class that its user put it in, or nothing.
    pub class: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its module, as its user named it.
    pub module: String,
    /// What the module imports.
    pub imports: Vec<String>,
    /// The network that it asks for: `none` or `own`.
    pub network: String,
}

/// A job that has to be over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Which.
    pub job: JobId,
    /// How it has to end.
    pub when: When,
}

/// How a job has to end for another one to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All its tasks succeeded.
    Success,
    /// At least one of its tasks did not.
    Failure,
    /// In whatever way.
    Always,
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

impl Job {
    /// How many tasks it has.
    #[must_use]
    pub fn task_count(&self) -> u64 {
        let (first, last) = (*self.tasks.start(), *self.tasks.end());
        last.checked_sub(first)
            .map_or(0, |further| u64::from(further) + 1)
    }

    /// How many slots have to be free for it to start: for all tasks of a gang, else for one, and for those that come after.
    #[must_use]
    pub fn slots_at_once(&self) -> u64 {
        let together = if self.is_gang { self.task_count() } else { 1 };
        together + u64::from(self.generations)
    }
}

impl When {
    /// Whether a job that is over as it is meets the condition.
    #[must_use]
    pub const fn is_met_by(self, all_succeeded: bool) -> bool {
        match self {
            Self::Success => all_succeeded,
            Self::Failure => !all_succeeded,
            Self::Always => true,
        }
    }
}

impl Restart {
    /// Losses in a row after which a task is given up, so that a module that kills its worker cannot do so for ever.
    pub const LOSSES_IN_A_ROW_MAX: u32 = 3;
    /// The longest pause between two attempts, in milliseconds.
    pub const BACKOFF_MS_MAX: u64 = 5 * 60 * 1000;

    /// The word of rules, of the API and of the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::OnLoss => "on-loss",
            Self::OnFailure { .. } => "on-failure",
        }
    }
}
