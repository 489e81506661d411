//! What goes when it is old: which jobs, and what stays known of them.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sublet_scheduler::UnixMillis;

/// Which finished jobs of a user are to go, the one that finished first first. A job goes neither before it is finished nor
/// while an unfinished one was submitted to wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Those that finished before this instant.
    FinishedBefore(UnixMillis),
    /// As many as there are jobs beyond this number. Jobs that are not finished count, too.
    BeyondJobs(u64),
    /// As many as it takes until what all jobs printed is no more than this.
    BeyondLogBytes(u64),
}

/// Why jobs were removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemovalReason {
    /// They had finished long before.
    Age,
    /// There were too many.
    Count,
    /// They had printed too much.
    Bytes,
}

impl Retention {
    /// What to say of those that go.
    #[must_use]
    pub const fn reason(self) -> RemovalReason {
        match self {
            Self::FinishedBefore(_) => RemovalReason::Age,
            Self::BeyondJobs(_) => RemovalReason::Count,
            Self::BeyondLogBytes(_) => RemovalReason::Bytes,
        }
    }
}

impl RemovalReason {
    const ALL: [Self; 3] = [Self::Age, Self::Count, Self::Bytes];

    /// The word for it, here and wherever people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Count => "count",
            Self::Bytes => "bytes",
        }
    }
}

impl ToSql for RemovalReason {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for RemovalReason {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let reason = Self::ALL.into_iter().find(|reason| reason.word() == word);
        reason.ok_or(FromSqlError::InvalidType)
    }
}
