//! A job as it is recorded: what was submitted, where it went, and how far it is.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{Digest, PublicId};

use super::spec::JobSpec;

/// A job as it was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Its place in the order of submission.
    pub id: JobId,
    /// The name that people see.
    pub public_id: PublicId,
    /// Who owns it.
    pub user: UserId,
    /// Its place in the order of its user's jobs.
    pub number: u64,
    /// What its user calls it.
    pub name: Option<String>,
    /// What it runs.
    pub module: Digest,
    /// How it runs.
    pub spec: JobSpec,
    /// The job that submitted it, of the same user; nothing where its user did.
    pub parent: Option<JobId>,
    /// When it was submitted.
    pub submitted_at: UnixMillis,
    /// How its user came, such as `certificate 01ab…` or `socket uid 1000`; unknown for jobs that an earlier program took.
    pub via: Option<String>,
    /// The caller's own key, where one was given.
    pub idempotency: Option<IdempotencyKey>,
}

/// A caller's own key for a submission, so that sending it twice makes one job. Those that begin with
/// [`CHILD`](Self::CHILD) are kept as long as their job, the others for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// The sha256 of the submission's body.
    pub body: Digest,
}

impl IdempotencyKey {
    /// How the keys of jobs that jobs submit begin: a parent may be tried again after any time.
    pub const CHILD: &str = "child/";
}

/// Where a job went, and what was weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutedJob {
    /// Which job.
    pub job: JobId,
    /// The name of its sub-cluster.
    pub subcluster: String,
    /// The rule that decided, with the version of its rules.
    pub routed_by: String,
    /// What every sub-cluster that was asked had to say.
    pub considered: String,
    /// When.
    pub at: UnixMillis,
}

/// How many tasks of a job are settled, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The guest returned, or exited with code 0.
    pub succeeded: u32,
    /// The guest exited with another code.
    pub failed: u32,
    /// The guest did something that WebAssembly forbids.
    pub trapped: u32,
    /// The guest used more than its limits allow.
    pub limit_exceeded: u32,
    /// Somebody asked for it, during an attempt or before.
    pub cancelled: u32,
    /// Our side failed.
    pub lost: u32,
}

impl Tally {
    /// All settled tasks.
    #[must_use]
    pub fn settled(self) -> u64 {
        let Self {
            succeeded,
            failed,
            trapped,
            limit_exceeded,
            cancelled,
            lost,
        } = self;
        [succeeded, failed, trapped, limit_exceeded, cancelled, lost]
            .map(u64::from)
            .iter()
            .sum()
    }
}

/// Why the waiting tasks of a job were cancelled, where nobody asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// A job that they wait for did not end as it had to.
    Dependency,
    /// Their module is in quarantine.
    Quarantine,
}

impl ToSql for GivenUp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Dependency => 1_i64.into(),
            Self::Quarantine => 2_i64.into(),
        })
    }
}

impl FromSql for GivenUp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            1 => Ok(Self::Dependency),
            2 => Ok(Self::Quarantine),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
