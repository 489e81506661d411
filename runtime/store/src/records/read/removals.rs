//! What was removed because it was old.

use rusqlite::{Row, params};
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{
    Error,
    records::{
        database::{clamped, exact, instant, job_id, millis, unsigned, user_id},
        retention::RemovalReason,
    },
};

use super::{Reader, Whose};

/// What was removed of a user for one reason. What its attempts used is still in the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovalRow {
    /// Whose jobs.
    pub user: UserId,
    /// Why.
    pub reason: RemovalReason,
    /// How many.
    pub jobs: u64,
    /// Their tasks.
    pub tasks: u64,
    /// The attempts of these.
    pub attempts: u64,
    /// What they had printed.
    pub log_bytes: u64,
    /// What they had left in artifacts.
    pub artifact_bytes: u64,
    /// When the first of the jobs had finished.
    pub oldest: UnixMillis,
    /// When the last of the jobs had finished.
    pub newest: UnixMillis,
}

const UNDER_WAY: &str = "SELECT job FROM removed_jobs ORDER BY job";

/// The finished jobs of a user, the one that finished first first, behind a place in that order.
const FINISHED: &str = "SELECT finished_at, id FROM jobs INDEXED BY jobs_by_end
    WHERE user = ?1 AND finished_at IS NOT NULL AND finished_at >= ?2 AND (finished_at, id) > (?2, ?3)
        AND finished_at < ?4
    ORDER BY finished_at, id LIMIT ?5";

impl Reader {
    /// Jobs of the user that finished before an instant, in the order in which they did: at most so many behind that one.
    /// For what goes earlier than its job does.
    ///
    /// # Errors
    /// What the database says.
    pub fn finished_jobs(
        &self,
        user: UserId,
        (after, job): (UnixMillis, JobId),
        before: UnixMillis,
        limit: u32,
    ) -> Result<Vec<(UnixMillis, JobId)>, Error> {
        self.ask("list jobs that finished long ago", |connection| {
            let (after, job) = (instant(after), clamped(job.0));
            let row = params![exact(user.0)?, after, job, instant(before), limit];
            connection
                .prepare_cached(FINISHED)?
                .query_map(row, |row| Ok((millis(row, 0)?, job_id(row, 1)?)))?
                .collect()
        })
    }

    /// What was removed since the store began.
    ///
    /// # Errors
    /// What the database says.
    pub fn removals(&self, whose: Whose) -> Result<Vec<RemovalRow>, Error> {
        let sql = format!(
            "SELECT user, reason, jobs, tasks, attempts, log_bytes, oldest, newest,
                artifact_bytes FROM removals
            WHERE {} ORDER BY user, reason",
            whose.condition()
        );
        self.ask("read what was removed", |connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(params![whose.parameter()?], removal)?
                .collect()
        })
    }

    /// Jobs that are removed already for whoever asks, and whose attempts and logs are not all gone yet: for a server
    /// that starts and goes on with them.
    ///
    /// # Errors
    /// What the database says.
    pub fn removed_jobs(&self) -> Result<Vec<JobId>, Error> {
        self.ask("list jobs that are being removed", |connection| {
            connection
                .prepare_cached(UNDER_WAY)?
                .query_map([], |row| job_id(row, 0))?
                .collect()
        })
    }
}

fn removal(row: &Row<'_>) -> rusqlite::Result<RemovalRow> {
    Ok(RemovalRow {
        user: user_id(row, 0)?,
        reason: row.get(1)?,
        jobs: unsigned(row, 2)?,
        tasks: unsigned(row, 3)?,
        attempts: unsigned(row, 4)?,
        log_bytes: unsigned(row, 5)?,
        oldest: millis(row, 6)?,
        newest: millis(row, 7)?,
        artifact_bytes: unsigned(row, 8)?,
    })
}
