//! Questions about records. Each says whose rows it is about, so that somebody else's row looks exactly like a missing
//! one; what belongs to a job is asked of an [`OwnedJob`], which only its owner (or an operator) can get. What belongs to
//! the pool is nobody's rows: whether the asker may know it is decided elsewhere.

mod artifacts;
mod attempt;
mod audit;
mod certificates;
mod harm;
mod job_list;
mod jobs;
mod ledger;
mod library;
mod networks;
mod nodes;
mod operator;
mod owned_job;
mod pool;
mod quotas;
mod removals;
mod rows;
mod usage;
mod users;

pub use artifacts::ArtifactSum;
pub use attempt::AttemptRow;
pub(crate) use audit::audit_is_whole;
pub use audit::{AuditBreak, AuditChain, AuditFilter, AuditRow};
pub use certificates::{CertificateFilter, CertificateRow};
pub use job_list::{JobFilter, JobPage};
pub use jobs::{JobEnd, JobSelector};
pub use ledger::{JobUsage, JobUsageCursor};
pub use library::{ModuleRow, ModuleSelector};
pub use nodes::NodeMove;
pub use operator::{RuleSetRow, Wishes};
pub use owned_job::{Considered, OpenStart, OwnedJob, TaskFilter, TaskRow};
pub use pool::{Reader, Readers};
pub use quotas::Holdings;
pub use removals::RemovalRow;
pub use rows::{JobSummary, Parent, Route};
pub(crate) use rows::{spec, unfinished_jobs};
use sublet_scheduler::UserId;
pub use usage::UsageTotal;
pub use users::{KnownKey, NextIds, UserFilter};

use super::database::{clamped, exact};

/// Whose rows a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One user's.
    User(UserId),
    /// Every user's: for operators.
    Everyone,
}

/// Which part of a list of what happened one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only what came before this: the last of the page before.
    pub before: Option<u64>,
    /// How many, at most [`Whose::PAGE_MAX`].
    pub limit: u32,
}

impl Page {
    fn before(self) -> i64 {
        self.before.map_or(i64::MAX, clamped)
    }

    fn limit(self) -> u32 {
        self.limit.min(Whose::PAGE_MAX)
    }
}

impl Whose {
    /// The most rows that a page has, whatever is asked for.
    pub const PAGE_MAX: u32 = 1_000;
    /// The most rows that a selector finds: enough to show that it is not unique.
    pub const MATCHES_MAX: u32 = 10;

    /// The user, or null for everyone: always the first parameter of a statement.
    fn parameter(self) -> rusqlite::Result<Option<i64>> {
        match self {
            Self::User(user) => exact(user.0).map(Some),
            Self::Everyone => Ok(None),
        }
    }

    /// A condition for tables whose index begins with the user: for everyone it is looked up once per user.
    const fn condition(self) -> &'static str {
        match self {
            Self::User(_) => "user = ?1",
            Self::Everyone => "?1 IS NULL AND user IN (SELECT id FROM users)",
        }
    }
}
