//! What attempts used, added to the sums that are kept: once per batch and job, and not once per attempt.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use sublet_scheduler::JobId;

use crate::records::{
    database::{clamped, contradiction, exact, unsigned},
    record::FinishedAttempt,
    used::{Day, Used},
};

use super::{
    execute,
    holdings::{self, Holding},
};

/// What the attempts of a batch used, until it is added.
#[derive(Default)]
pub(super) struct Ledger {
    jobs: BTreeMap<(JobId, Day), Used>,
}

const GIVEN: &str = "SELECT user, memory_bytes FROM jobs JOIN job_specs ON job_specs.job = jobs.id WHERE jobs.id = ?1";

impl Ledger {
    pub(super) fn add(&mut self, finished: &FinishedAttempt) {
        let key = (finished.attempt.job, Day::of(finished.ended_at));
        let used = self.jobs.entry(key).or_default();
        *used = used.and(Used::by(finished));
    }

    /// Adds everything to the sums of jobs and of users.
    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut users = BTreeMap::<(i64, i64), Used>::new();
        for ((job, day), used) in self.jobs {
            let (user, memory_bytes) = given(connection, job)?;
            let (day, used) = (exact(day.0)?, used.given(memory_bytes));
            add_to_job(connection, [user, day, exact(job.0)?], &used)?;
            let sum = users.entry((user, day)).or_default();
            *sum = sum.and(used);
        }
        users
            .into_iter()
            .try_for_each(|(key, used)| add_to_user(connection, key, &used))
    }
}

/// Whose the job is, and the memory that each of its attempts is given.
fn given(connection: &Connection, job: JobId) -> rusqlite::Result<(i64, u64)> {
    let found = connection
        .prepare_cached(GIVEN)?
        .query_row([exact(job.0)?], |row| Ok((row.get(0)?, unsigned(row, 1)?)))
        .optional()?;
    found.ok_or_else(|| {
        let id = job.0;
        contradiction(format!("an attempt of job {id} ended, which is not there"))
    })
}

fn add_to_job(connection: &Connection, key: [i64; 3], used: &Used) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO job_usage (user, day, job, {}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (user, day, job) DO UPDATE SET {}",
        Used::COLUMNS,
        Used::ADD
    );
    let row = params_from_iter(key.into_iter().chain(used.numbers()));
    execute(connection, &sql, row).map(drop)
}

fn add_to_user(
    connection: &Connection,
    (user, day): (i64, i64),
    used: &Used,
) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO user_usage (user, day, {}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (user, day) DO UPDATE SET {}",
        Used::COLUMNS,
        Used::ADD
    );
    let row = params_from_iter([user, day].into_iter().chain(used.numbers()));
    execute(connection, &sql, row)?;
    holdings::add(connection, user, Holding::Log(clamped(used.log_bytes())))
}
