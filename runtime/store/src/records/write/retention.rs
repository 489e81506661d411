//! Removing jobs: first they are hidden, with what is counted of them folded into sums; then their attempts go, a bounded
//! number at a time, because a job may have a million of them and the writer has others to serve.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sublet_scheduler::{JobId, UserId};

use crate::{
    Removal,
    records::{
        database::{clamped, exact, instant},
        retention::{RemovalReason, Retention},
        spec::JobSpec,
        used::Used,
    },
};

use super::{
    execute,
    holdings::{self, Holding},
};

/// Jobs that are hidden in one transaction.
const JOBS_PER_CALL: u64 = 100;
/// Attempts that are removed in one transaction, or a task's more.
const ATTEMPTS_PER_CALL: i64 = 5_000;

const OLDEST: &str =
    "SELECT id, number, last_task - first_task + 1, finished_at, version, spec, module,
        artifact_bytes
    FROM jobs INDEXED BY jobs_by_end JOIN job_specs ON job_specs.job = jobs.id
    WHERE user = ?1 AND finished_at IS NOT NULL AND finished_at < ?2 AND NOT EXISTS (
        SELECT 1 FROM dependents JOIN jobs AS waiting ON waiting.id = dependent
        WHERE dependents.job = jobs.id AND waiting.finished_at IS NULL)
    ORDER BY finished_at LIMIT ?3";

const HELD: &str = "SELECT jobs, log_bytes FROM holdings WHERE user = ?1";

const FORGET_KEPT_SUMS: &str = "DELETE FROM job_usage WHERE job = ?1";

const FORGET_LABEL: &str =
    "DELETE FROM job_labels WHERE key = ?1 AND value = ?2 AND user = ?3 AND job = ?4";

const FORGET_DEPENDENCY: &str = "DELETE FROM dependents WHERE job = ?1 AND dependent = ?2";

/// The job itself goes last: where it went refers to it.
const FORGET: [&str; 10] = [
    "DELETE FROM idempotency_keys WHERE job = ?1",
    "DELETE FROM dependents WHERE job = ?1",
    "DELETE FROM starts WHERE job = ?1",
    "DELETE FROM cancelled WHERE job = ?1",
    "DELETE FROM cancel_wishes WHERE job = ?1",
    "DELETE FROM given_up WHERE job = ?1",
    "DELETE FROM job_routes WHERE job = ?1",
    "DELETE FROM job_totals WHERE job = ?1",
    "DELETE FROM job_specs WHERE job = ?1",
    "DELETE FROM jobs WHERE id = ?1",
];

const HIDE: &str = "INSERT INTO removed_jobs (job) VALUES (?1)";

const COUNT: &str = "INSERT INTO removals (user, reason, jobs, tasks, attempts, log_bytes, oldest, newest,
        artifact_bytes)
    VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?6, ?7)
    ON CONFLICT (user, reason) DO UPDATE SET jobs = jobs + 1, tasks = tasks + ?3, attempts = attempts + ?4,
        log_bytes = log_bytes + ?5, artifact_bytes = artifact_bytes + ?7,
        oldest = min(oldest, ?6), newest = max(newest, ?6)";

/// A job that is to go.
struct Old {
    id: i64,
    number: i64,
    tasks: i64,
    finished_at: i64,
    artifact_bytes: i64,
    spec: JobSpec,
}

/// Hides some of the jobs that are to go, and answers with them: none when nothing is left to do.
pub(crate) fn retire(
    connection: &Connection,
    user: UserId,
    retention: Retention,
) -> rusqlite::Result<Vec<JobId>> {
    let user = exact(user.0)?;
    let (jobs, mut log_bytes): (i64, i64) = connection
        .prepare_cached(HELD)?
        .query_row([user], |row| row.try_into())
        .optional()?
        .unwrap_or_default();
    let (before, most) = match retention {
        Retention::FinishedBefore(before) => (instant(before), JOBS_PER_CALL),
        Retention::BeyondJobs(keep) => {
            let jobs = u64::try_from(jobs).unwrap_or_default();
            (i64::MAX, jobs.saturating_sub(keep).min(JOBS_PER_CALL))
        }
        Retention::BeyondLogBytes(_) => (i64::MAX, JOBS_PER_CALL),
    };
    let mut retired = Vec::new();
    for old in oldest(connection, (user, before, most))? {
        if let Retention::BeyondLogBytes(keep) = retention
            && log_bytes <= clamped(keep)
        {
            break;
        }
        log_bytes -= hide(connection, user, &old, retention.reason())?;
        retired.push(JobId(u64::try_from(old.id).unwrap_or_default()));
    }
    Ok(retired)
}

fn oldest(
    connection: &Connection,
    (user, before, most): (i64, i64, u64),
) -> rusqlite::Result<Vec<Old>> {
    connection
        .prepare_cached(OLDEST)?
        .query_map(params![user, before, clamped(most)], old)?
        .collect()
}

fn old(row: &Row<'_>) -> rusqlite::Result<Old> {
    Ok(Old {
        id: row.get(0)?,
        number: row.get(1)?,
        tasks: row.get(2)?,
        finished_at: row.get(3)?,
        artifact_bytes: row.get(7)?,
        spec: crate::records::read::spec(row, 4, row.get(6)?)?,
    })
}

/// Answers with the bytes that its logs have.
fn hide(
    connection: &Connection,
    user: i64,
    old: &Old,
    reason: RemovalReason,
) -> rusqlite::Result<i64> {
    let used = fold(connection, old.id)?;
    let (attempts, log_bytes) = (clamped(used.attempts), clamped(used.log_bytes()));
    let count = params![
        user,
        reason,
        old.tasks,
        attempts,
        log_bytes,
        old.finished_at,
        old.artifact_bytes
    ];
    execute(connection, COUNT, count)?;
    holdings::take(connection, user, Holding::Job(old.number))?;
    holdings::take(connection, user, Holding::Log(log_bytes))?;
    holdings::take(connection, user, Holding::Artifacts(old.artifact_bytes))?;
    for (key, value) in &old.spec.labels {
        execute(connection, FORGET_LABEL, params![key, value, user, old.id])?;
    }
    for awaited in &old.spec.after {
        let row = params![exact(awaited.job.0)?, old.id];
        execute(connection, FORGET_DEPENDENCY, row)?;
    }
    for forget in FORGET {
        execute(connection, forget, params![old.id])?;
    }
    execute(connection, HIDE, params![old.id])?;
    Ok(log_bytes)
}

/// What the job used becomes part of what removed jobs did, day by day. Answers with the sum.
fn fold(connection: &Connection, job: i64) -> rusqlite::Result<Used> {
    let sum = format!("SELECT {} FROM job_usage WHERE job = ?1", Used::SUMS);
    let used = connection
        .prepare_cached(&sum)?
        .query_one([job], |row| Used::from_row(row, 0))?;
    let columns = Used::COLUMNS;
    let fold = format!(
        "INSERT INTO job_usage (user, day, job, {columns})
        SELECT user, day, 0, {columns} FROM job_usage WHERE job = ?1
        ON CONFLICT (user, day, job) DO UPDATE SET {}",
        Used::ADD
    );
    execute(connection, &fold, [job])?;
    execute(connection, FORGET_KEPT_SUMS, [job])?;
    Ok(used)
}

const IS_HIDDEN: &str = "SELECT EXISTS (SELECT 1 FROM removed_jobs WHERE job = ?1)";

const LAST_TASK: &str =
    "SELECT task FROM attempts WHERE job = ?1 ORDER BY task, number LIMIT 1 OFFSET ?2";

const REMOVE_ATTEMPTS: &str = "DELETE FROM attempts WHERE job = ?1 AND task <= ?2";

const REMOVE_NICS: &str = "DELETE FROM nic_usage WHERE job = ?1 AND task <= ?2";

const REMOVE_ARTIFACTS: &str = "DELETE FROM artifacts WHERE job = ?1 AND task <= ?2";

const REMOVE_TOLD: &str = "DELETE FROM told WHERE job = ?1 AND task <= ?2";

const FORGET_HIDDEN: &str = "DELETE FROM removed_jobs WHERE job = ?1";

/// Removes some attempts of hidden jobs. A job whose last one is gone is forgotten.
pub(crate) fn remove(connection: &Connection, jobs: &[JobId]) -> rusqlite::Result<Removal> {
    let mut left = ATTEMPTS_PER_CALL;
    for job in jobs {
        let job = exact(job.0)?;
        let hidden: bool = connection
            .prepare_cached(IS_HIDDEN)?
            .query_one([job], |row| row.get(0))?;
        if !hidden {
            continue;
        }
        if left <= 0 {
            return Ok(Removal::More);
        }
        let last = connection
            .prepare_cached(LAST_TASK)?
            .query_row(params![job, left - 1], |row| row.get::<_, u32>(0))
            .optional()?;
        let through = last.unwrap_or(u32::MAX);
        let removed = execute(connection, REMOVE_ATTEMPTS, params![job, through])?;
        for remove in [REMOVE_NICS, REMOVE_ARTIFACTS, REMOVE_TOLD] {
            execute(connection, remove, params![job, through])?;
        }
        left -= i64::try_from(removed).unwrap_or(i64::MAX);
        if last.is_some() {
            return Ok(Removal::More);
        }
        execute(connection, FORGET_HIDDEN, [job])?;
    }
    Ok(Removal::Done)
}
