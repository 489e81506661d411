//! What was used in a time of whole days: that is what is kept of attempts whose jobs were removed. Each answer adds up to
//! the same: the attempts that ended on these days, whether their jobs are still there or not.

use std::ops::RangeInclusive;

use rusqlite::{Connection, Row, params};
use sublet_scheduler::{JobId, UserId};

use crate::{
    Error,
    records::{
        database::{clamped, exact, job_id, unsigned, user_id},
        used::{Day, Used},
    },
};

use super::{Reader, Whose};

/// What the attempts of a job used that ended on a day. A job that ran over midnight has a row for each day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobUsage {
    /// Whose job.
    pub user: UserId,
    /// The day.
    pub day: Day,
    /// Which job; none for all jobs of the user's that were removed.
    pub job: Option<JobId>,
    /// What they used.
    pub used: Used,
}

/// Where a page of [`Reader::usage_by_job`] ends; the next one begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobUsageCursor {
    /// Whose job.
    pub user: UserId,
    /// The day.
    pub day: Day,
    /// Which job, as in [`JobUsage`].
    pub job: Option<JobId>,
}

/// In the column of the job: the jobs that were removed.
const REMOVED: u64 = 0;

const USERS_FROM: &str = "SELECT id FROM users WHERE id >= ?1 ORDER BY id";

impl JobUsage {
    /// The cursor of the page after the one that ends with this.
    #[must_use]
    pub const fn cursor(&self) -> JobUsageCursor {
        JobUsageCursor {
            user: self.user,
            day: self.day,
            job: self.job,
        }
    }
}

impl Reader {
    /// What was used on each of the days on which anything was, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub fn usage_by_day(
        &self,
        whose: Whose,
        days: &RangeInclusive<Day>,
    ) -> Result<Vec<(Day, Used)>, Error> {
        let theirs = whose.condition();
        let sql = format!(
            "SELECT day, {} FROM user_usage WHERE {theirs} AND day BETWEEN ?2 AND ?3 GROUP BY day ORDER BY day",
            Used::SUMS
        );
        self.ask("add up what was used by day", |connection| {
            let (first, last) = bounds(days);
            connection
                .prepare_cached(&sql)?
                .query_map(params![whose.parameter()?, first, last], |row| {
                    Ok((Day(unsigned(row, 0)?), Used::from_row(row, 1)?))
                })?
                .collect()
        })
    }

    /// What each of the users used who used anything, in the order of their numbers.
    ///
    /// # Errors
    /// What the database says.
    pub fn usage_by_user(
        &self,
        whose: Whose,
        days: &RangeInclusive<Day>,
    ) -> Result<Vec<(UserId, Used)>, Error> {
        let theirs = whose.condition();
        let sql = format!(
            "SELECT user, {} FROM user_usage WHERE {theirs} AND day BETWEEN ?2 AND ?3 GROUP BY user ORDER BY user",
            Used::SUMS
        );
        self.ask("add up what was used by user", |connection| {
            let (first, last) = bounds(days);
            connection
                .prepare_cached(&sql)?
                .query_map(params![whose.parameter()?, first, last], |row| {
                    Ok((user_id(row, 0)?, Used::from_row(row, 1)?))
                })?
                .collect()
        })
    }

    /// What each job used on each day, in the order of users, days and jobs: at most `limit` and [`Whose::PAGE_MAX`]
    /// rows behind the cursor.
    ///
    /// # Errors
    /// What the database says.
    pub fn usage_by_job(
        &self,
        whose: Whose,
        days: &RangeInclusive<Day>,
        after: Option<JobUsageCursor>,
        limit: u32,
    ) -> Result<Vec<JobUsage>, Error> {
        let limit = usize::try_from(limit.min(Whose::PAGE_MAX)).unwrap_or(usize::MAX);
        self.ask_at_one_instant("list what jobs used", |connection| {
            let mut page = Vec::new();
            for user in users(connection, whose, after)? {
                let after = after.filter(|after| after.user == user);
                let rows_left = limit - page.len();
                page.extend(jobs_of(connection, user, days, after, rows_left)?);
                if page.len() == limit {
                    break;
                }
            }
            Ok(page)
        })
    }
}

/// Those whose jobs may come behind the cursor.
fn users(
    connection: &Connection,
    whose: Whose,
    after: Option<JobUsageCursor>,
) -> rusqlite::Result<Vec<UserId>> {
    let first = after.map_or(UserId(0), |after| after.user);
    match whose {
        Whose::User(user) => Ok([user].into_iter().filter(|user| *user >= first).collect()),
        Whose::Everyone => connection
            .prepare_cached(USERS_FROM)?
            .query_map([exact(first.0)?], |row| user_id(row, 0))?
            .collect(),
    }
}

fn jobs_of(
    connection: &Connection,
    user: UserId,
    days: &RangeInclusive<Day>,
    after: Option<JobUsageCursor>,
    limit: usize,
) -> rusqlite::Result<Vec<JobUsage>> {
    let sql = format!(
        "SELECT user, day, job, {} FROM job_usage
        WHERE user = ?1 AND day BETWEEN ?2 AND ?3 AND (day, job) > (?4, ?5) ORDER BY day, job LIMIT ?6",
        Used::COLUMNS
    );
    let (first, last) = bounds(days);
    let (day, job) = after.map_or((-1, 0), |after| {
        let job = after.job.map_or(REMOVED, |job| job.0);
        (clamped(after.day.0), clamped(job))
    });
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached(&sql)?
        .query_map(
            params![exact(user.0)?, first, last, day, job, limit],
            job_usage,
        )?
        .collect()
}

fn job_usage(row: &Row<'_>) -> rusqlite::Result<JobUsage> {
    Ok(JobUsage {
        user: user_id(row, 0)?,
        day: Day(unsigned(row, 1)?),
        job: Some(job_id(row, 2)?).filter(|job| job.0 != REMOVED),
        used: Used::from_row(row, 3)?,
    })
}

fn bounds(days: &RangeInclusive<Day>) -> (i64, i64) {
    (clamped(days.start().0), clamped(days.end().0))
}
