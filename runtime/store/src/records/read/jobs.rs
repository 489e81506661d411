//! Finding jobs by the many names that people have for them.

use rusqlite::{OptionalExtension as _, Params, Row, params};
use sublet_scheduler::JobId;

use crate::{Error, PublicIdPrefix, error::Doing, records::database::exact};

use super::{
    OwnedJob, Reader, Whose,
    rows::{JobSummary, SUMMARY, summary},
};

/// What people call a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobSelector {
    /// Its public id, or the beginning of it.
    Id(PublicIdPrefix),
    /// Its place in the order of its user's jobs.
    Number(u64),
    /// Its name: the newest job that has it.
    Name(String),
    /// The newest job, or one before it: 0 is the newest, 1 the one before.
    Newest(u32),
}

/// How far a job is, for others that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Not all of its tasks are settled.
    NotYet,
    /// All of its tasks succeeded.
    Succeeded,
    /// All of its tasks are settled, and some did not succeed.
    NotSucceeded,
}

const END: &str = "SELECT finished_at IS NOT NULL, succeeded = last_task - first_task + 1 FROM jobs
    WHERE id = ?2 AND (?1 IS NULL OR user = ?1)";

impl Reader {
    /// How far the job is, if it is there and theirs.
    ///
    /// # Errors
    /// What the database says.
    pub fn job_end(&self, whose: Whose, id: JobId) -> Result<Option<JobEnd>, Error> {
        self.ask("read how a job ended", |connection| {
            connection
                .prepare_cached(END)?
                .query_row(params![whose.parameter()?, exact(id.0)?], job_end)
                .optional()
        })
    }

    /// The job, if it is there and theirs.
    ///
    /// # Errors
    /// What the database says.
    pub fn job(&self, whose: Whose, id: JobId) -> Result<Option<OwnedJob<'_>>, Error> {
        let summary = self.ask("read a job", |connection| {
            let sql =
                format!("SELECT {SUMMARY} FROM jobs WHERE id = ?2 AND (?1 IS NULL OR user = ?1)");
            let parameters = params![whose.parameter()?, exact(id.0)?];
            connection
                .prepare_cached(&sql)?
                .query_row(parameters, summary)
                .optional()
        })?;
        Ok(summary.map(|summary| OwnedJob::new(self, summary)))
    }

    /// The jobs that a selector may mean: none, one, or up to [`Whose::MATCHES_MAX`] to choose from.
    ///
    /// # Errors
    /// What the database says.
    pub fn find_jobs(
        &self,
        whose: Whose,
        selector: &JobSelector,
    ) -> Result<Vec<JobSummary>, Error> {
        let (user, theirs) = (
            whose.parameter().doing("look for a job")?,
            whose.condition(),
        );
        let found = match selector {
            JobSelector::Id(prefix) => {
                let (first, last) = prefix.bounds();
                let condition = format!("{theirs} AND public_id BETWEEN ?2 AND ?3");
                self.summaries(&condition, "10", params![user, first, last])
            }
            // A number that cannot be stored is nobody's.
            JobSelector::Number(number) => {
                let number = i64::try_from(*number).unwrap_or(0);
                self.summaries(
                    &format!("{theirs} AND number = ?2"),
                    "10",
                    params![user, number],
                )
            }
            JobSelector::Name(name) => {
                self.summaries(&format!("{theirs} AND name = ?2"), "1", params![user, name])
            }
            JobSelector::Newest(nth) => {
                let theirs = match whose {
                    Whose::User(_) => "user = ?1",
                    Whose::Everyone => "?1 IS NULL",
                };
                self.summaries(theirs, "1 OFFSET ?2", params![user, nth])
            }
        };
        found.doing("look for a job")
    }

    fn summaries(
        &self,
        condition: &str,
        limit: &str,
        parameters: impl Params,
    ) -> rusqlite::Result<Vec<JobSummary>> {
        let sql =
            format!("SELECT {SUMMARY} FROM jobs WHERE {condition} ORDER BY id DESC LIMIT {limit}");
        self.connection()
            .prepare_cached(&sql)?
            .query_map(parameters, summary)?
            .collect()
    }
}

fn job_end(row: &Row<'_>) -> rusqlite::Result<JobEnd> {
    Ok(match (row.get(0)?, row.get(1)?) {
        (false, _) => JobEnd::NotYet,
        (true, true) => JobEnd::Succeeded,
        (true, false) => JobEnd::NotSucceeded,
    })
}
