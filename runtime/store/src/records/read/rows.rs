//! How rows of jobs become values.

use rusqlite::{Connection, Row, types::ValueRef};
use sublet_scheduler::{JobId, TaskRange, UnixMillis, UserId};

use crate::{
    Digest, PublicId,
    records::{
        database::{job_id, maybe_millis, maybe_unsigned, millis, unreadable, unsigned, user_id},
        job::{GivenUp, NewJob, Tally},
        spec::JobSpec,
    },
};

/// A job as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSummary {
    /// Its place in the order of submission; the cursor of a list.
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
    /// The indices of its tasks.
    pub tasks: TaskRange,
    /// The job that submitted it; nothing where its user did.
    pub parent: Option<Parent>,
    /// When it was submitted.
    pub submitted_at: UnixMillis,
    /// When something last happened to it.
    pub last_activity_at: UnixMillis,
    /// When its last task was settled, if all are.
    pub finished_at: Option<UnixMillis>,
    /// Its settled tasks, as last recorded.
    pub tally: Tally,
    /// Whether somebody wants some of its tasks ended that are not settled yet.
    pub cancel_asked: bool,
    /// Why its waiting tasks were cancelled, where nobody asked for it.
    pub given_up: Option<GivenUp>,
    /// Where it went last, if it went anywhere.
    pub route: Option<Route>,
}

/// A job that submitted another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Which.
    pub id: JobId,
    /// The name that people see, as long as there is a record of it.
    pub public_id: Option<PublicId>,
}

/// Where a job went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The name of its sub-cluster.
    pub subcluster: String,
    /// The rule that decided, with the version of its rules.
    pub routed_by: String,
}

pub(super) const SUMMARY: &str = "id, public_id, user, number, name, module, first_task, last_task,
    submitted_at, last_activity_at, finished_at, succeeded, failed, trapped, limit_exceeded, cancelled, lost,
    EXISTS (SELECT 1 FROM cancel_wishes WHERE cancel_wishes.job = jobs.id),
    (SELECT subcluster FROM job_routes WHERE job_routes.job = jobs.id),
    (SELECT routed_by FROM job_routes WHERE job_routes.job = jobs.id),
    (SELECT why FROM given_up WHERE given_up.job = jobs.id),
    parent, (SELECT parents.public_id FROM jobs AS parents WHERE parents.id = jobs.parent)";

pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<JobSummary> {
    let (subcluster, routed_by): (Option<_>, Option<_>) = (row.get(18)?, row.get(19)?);
    Ok(JobSummary {
        id: job_id(row, 0)?,
        public_id: row.get(1)?,
        user: user_id(row, 2)?,
        number: unsigned(row, 3)?,
        name: row.get(4)?,
        module: row.get(5)?,
        tasks: row.get(6)?..=row.get(7)?,
        submitted_at: millis(row, 8)?,
        last_activity_at: millis(row, 9)?,
        finished_at: maybe_millis(row, 10)?,
        tally: Tally {
            succeeded: row.get(11)?,
            failed: row.get(12)?,
            trapped: row.get(13)?,
            limit_exceeded: row.get(14)?,
            cancelled: row.get(15)?,
            lost: row.get(16)?,
        },
        cancel_asked: row.get(17)?,
        given_up: row.get(20)?,
        parent: parent(row)?,
        route: subcluster
            .zip(routed_by)
            .map(|(subcluster, routed_by)| Route {
                subcluster,
                routed_by,
            }),
    })
}

fn parent(row: &Row<'_>) -> rusqlite::Result<Option<Parent>> {
    if row.get_ref(21)? == ValueRef::Null {
        return Ok(None);
    }
    Ok(Some(Parent {
        id: job_id(row, 21)?,
        public_id: row.get(22)?,
    }))
}

/// The index is named because the planner would rather read every job that ever was, in order, than sort these few.
const UNFINISHED: &str =
    "SELECT id, public_id, user, number, name, module, submitted_at, version, spec, via, parent
    FROM jobs INDEXED BY jobs_unfinished JOIN job_specs ON job_specs.job = jobs.id
    WHERE finished_at IS NULL ORDER BY id";

/// The jobs that are not finished, as they were submitted, the oldest first.
pub(crate) fn unfinished_jobs(connection: &Connection) -> rusqlite::Result<Vec<NewJob>> {
    connection
        .prepare(UNFINISHED)?
        .query_map([], stored_job)?
        .collect()
}

fn stored_job(row: &Row<'_>) -> rusqlite::Result<NewJob> {
    let module = row.get(5)?;
    Ok(NewJob {
        id: job_id(row, 0)?,
        public_id: row.get(1)?,
        user: user_id(row, 2)?,
        number: unsigned(row, 3)?,
        name: row.get(4)?,
        module,
        submitted_at: millis(row, 6)?,
        spec: spec(row, 7, module)?,
        via: row.get(9)?,
        parent: maybe_unsigned(row, 10)?.map(JobId),
        idempotency: None,
    })
}

/// Reads the spec of a job that runs `module` from the columns of its version and its text.
pub(crate) fn spec(row: &Row<'_>, column: usize, module: Digest) -> rusqlite::Result<JobSpec> {
    let text = row.get_ref(column + 1)?.as_str()?;
    let spec = JobSpec::read(row.get(column)?, text, module).map_err(|error| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column + 1, kind, Box::new(error))
    })?;
    spec.ok_or_else(|| unreadable(column, "a job in a form that this program does not know"))
}
