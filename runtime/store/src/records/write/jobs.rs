//! Jobs, and how far a job is.

use rusqlite::{Connection, params};
use sublet_scheduler::{JobId, UnixMillis};

use crate::records::{
    database::{clamped, exact, instant},
    job::{GivenUp, NewJob, RoutedJob, Tally},
    spec::JobSpec,
};

use super::{
    execute,
    holdings::{self, Holding},
    ranges,
};

const SUBMIT: &str = "INSERT INTO jobs
        (id, user, number, public_id, name, module, first_task, last_task, submitted_at, last_activity_at,
        parent)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)";

const ADD_SPEC: &str =
    "INSERT INTO job_specs (job, version, spec, via, memory_bytes) VALUES (?1, ?2, ?3, ?4, ?5)";

const ADD_DEPENDENT: &str = "INSERT OR IGNORE INTO dependents (job, dependent) VALUES (?1, ?2)";

/// Blocks are of 4,096 ids, as the schema has it.
const NOTE_TIME: &str = "INSERT INTO submission_times (block, first, last, newest)
    VALUES (?1 >> 12, ?2, ?2, ?1)
    ON CONFLICT (block) DO UPDATE SET first = min(first, ?2), last = max(last, ?2), newest = max(newest, ?1)";

const ADD_LABEL: &str = "INSERT INTO job_labels (key, value, user, job) VALUES (?1, ?2, ?3, ?4)";

const ADD_KEY: &str = "INSERT OR REPLACE INTO idempotency_keys (user, key, body, job, at) VALUES (?1, ?2, ?3, ?4, ?5)";

const EXPIRE_KEYS: &str = "DELETE FROM idempotency_keys WHERE at < ?1 AND key NOT GLOB 'child/*'";

const TASKS_OF: &str = "SELECT first_task, last_task FROM jobs WHERE id = ?1";

const TALLY: &str =
    "UPDATE jobs SET last_activity_at = ?2, succeeded = ?3, failed = ?4, trapped = ?5,
        limit_exceeded = ?6, cancelled = ?7, lost = ?8 WHERE id = ?1";

const ROUTE: &str = "INSERT OR REPLACE INTO job_routes (job, subcluster, routed_by, considered, at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const FINISH: &str = "UPDATE jobs SET finished_at = ?2, last_activity_at = ?2 WHERE id = ?1";

const FORGET_STARTS: &str = "DELETE FROM starts WHERE job = ?1";

const FORGET_WISHES: &str = "DELETE FROM cancel_wishes WHERE job = ?1";

pub(super) fn submitted(connection: &Connection, job: &NewJob) -> rusqlite::Result<()> {
    let (id, user, tasks) = (exact(job.id.0)?, exact(job.user.0)?, &job.spec.tasks);
    let at = instant(job.submitted_at);
    let row = params![
        id,
        user,
        exact(job.number)?,
        job.public_id,
        job.name,
        job.module,
        tasks.start(),
        tasks.end(),
        at,
        job.parent.map(|parent| exact(parent.0)).transpose()?,
    ];
    execute(connection, SUBMIT, row)?;
    let (text, memory) = (spec_text(&job.spec)?, job.spec.limits.memory_bytes);
    let row = params![id, JobSpec::VERSION, text, job.via, clamped(memory)];
    execute(connection, ADD_SPEC, row)?;
    execute(connection, NOTE_TIME, params![id, at])?;
    holdings::add(connection, user, Holding::Job(exact(job.number)?))?;
    for awaited in &job.spec.after {
        execute(
            connection,
            ADD_DEPENDENT,
            params![exact(awaited.job.0)?, id],
        )?;
    }
    for (key, value) in &job.spec.labels {
        execute(connection, ADD_LABEL, params![key, value, user, id])?;
    }
    if let Some(key) = &job.idempotency {
        execute(
            connection,
            ADD_KEY,
            params![user, key.key, key.body, id, at],
        )?;
    }
    Ok(())
}

fn spec_text(spec: &JobSpec) -> rusqlite::Result<String> {
    spec.text()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn routed(connection: &Connection, routed: &RoutedJob) -> rusqlite::Result<()> {
    let RoutedJob {
        job,
        subcluster,
        routed_by,
        considered,
        at,
    } = routed;
    let (job, at) = (exact(job.0)?, instant(*at));
    let row = params![job, subcluster, routed_by, considered, at];
    execute(connection, ROUTE, row).map(drop)
}

pub(super) fn keys_expired(connection: &Connection, before: UnixMillis) -> rusqlite::Result<()> {
    execute(connection, EXPIRE_KEYS, params![instant(before)]).map(drop)
}

const GIVE_UP: &str = "INSERT OR IGNORE INTO given_up (job, why) VALUES (?1, ?2)";

pub(super) fn given_up(connection: &Connection, job: JobId, why: GivenUp) -> rusqlite::Result<()> {
    execute(connection, GIVE_UP, params![exact(job.0)?, why]).map(drop)
}

pub(super) fn cancel_asked(
    connection: &Connection,
    job: JobId,
    task: Option<u32>,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let job = exact(job.0)?;
    let (first, last) = match task {
        Some(task) => (task, task),
        None => connection
            .prepare_cached(TASKS_OF)?
            .query_one(params![job], |row| row.try_into())?,
    };
    ranges::CANCEL_WISHES.add(connection, job, &(first..=last), at)
}

pub(super) fn tally(
    connection: &Connection,
    job: JobId,
    tally: Tally,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let Tally {
        succeeded,
        failed,
        trapped,
        limit_exceeded,
        cancelled,
        lost,
    } = tally;
    let row = params![
        exact(job.0)?,
        instant(at),
        succeeded,
        failed,
        trapped,
        limit_exceeded,
        cancelled,
        lost
    ];
    execute(connection, TALLY, row).map(drop)
}

pub(super) fn finished(
    connection: &Connection,
    job: JobId,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let job = exact(job.0)?;
    execute(connection, FINISH, params![job, instant(at)])?;
    execute(connection, FORGET_STARTS, params![job])?;
    execute(connection, FORGET_WISHES, params![job]).map(drop)
}
