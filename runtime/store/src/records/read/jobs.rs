//! Finding jobs: by the many names that people have for them, and in lists.

use rusqlite::{OptionalExtension as _, Params, Row, ToSql, params, params_from_iter};
use sublet_scheduler::{JobId, UnixMillis};

use crate::{
    Digest, Error, PublicIdPrefix,
    error::Doing,
    records::{
        codes::OutcomeKind,
        database::{exact, instant},
    },
};

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

/// Which jobs a list shows. The default shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only those that are not finished, or only those that are.
    pub active: Option<bool>,
    /// Only those with at least one settled task of this outcome.
    pub outcome: Option<OutcomeKind>,
    /// Only those that have all these labels.
    pub labels: Vec<(String, String)>,
    /// Only those of this name.
    pub name: Option<String>,
    /// Only those that run this module.
    pub module: Option<Digest>,
    /// Only those submitted at this instant or later.
    pub since: Option<UnixMillis>,
    /// Only those submitted before this instant.
    pub until: Option<UnixMillis>,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPage {
    /// Only jobs older than this one: the last of the page before.
    pub before: Option<JobId>,
    /// How many, at most [`Whose::PAGE_MAX`].
    pub limit: u32,
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

    /// Jobs, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn jobs(
        &self,
        whose: Whose,
        filter: &JobFilter,
        page: JobPage,
    ) -> Result<Vec<JobSummary>, Error> {
        self.ask("list jobs", |_| {
            let conditions = Conditions::of(whose, filter, page.before)?;
            let limit = page.limit.min(Whose::PAGE_MAX).to_string();
            let parameters = params_from_iter(conditions.parameters);
            self.summaries(&conditions.sql, &limit, parameters)
        })
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

/// Naming the users lets the index of unfinished jobs be used for everyone as well.
const UNFINISHED: &str = " AND finished_at IS NULL AND user IN (SELECT id FROM users)";

/// A filter as SQL. Values are always parameters, never text.
struct Conditions {
    sql: String,
    parameters: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    fn of(whose: Whose, filter: &JobFilter, before: Option<JobId>) -> rusqlite::Result<Self> {
        let mut conditions = Self {
            sql: "TRUE".to_owned(),
            parameters: Vec::new(),
        };
        let JobFilter {
            active,
            outcome,
            labels,
            name,
            module,
            since,
            until,
        } = filter;
        if let Some(user) = whose.parameter()? {
            conditions.and(" AND user = ?", user);
        }
        if let Some(before) = before {
            conditions.and(" AND id < ?", exact(before.0)?);
        }
        match active {
            Some(true) => conditions.sql.push_str(UNFINISHED),
            Some(false) => conditions.sql.push_str(" AND finished_at IS NOT NULL"),
            None => {}
        }
        if let Some(outcome) = outcome {
            conditions.sql.push_str(has_outcome(*outcome));
        }
        for (key, value) in labels {
            conditions
                .sql
                .push_str(" AND id IN (SELECT job FROM job_labels WHERE key = ? AND value = ?");
            conditions.parameters.push(Box::new(key.clone()));
            conditions.parameters.push(Box::new(value.clone()));
            if let Some(user) = whose.parameter()? {
                conditions.and(" AND user = ?", user);
            }
            conditions.sql.push(')');
        }
        if let Some(name) = name {
            conditions.and(" AND name = ?", name.clone());
        }
        if let Some(module) = module {
            conditions.and(" AND module = ?", *module);
        }
        if let Some(since) = since {
            conditions.and(" AND submitted_at >= ?", instant(*since));
        }
        if let Some(until) = until {
            conditions.and(" AND submitted_at < ?", instant(*until));
        }
        Ok(conditions)
    }

    fn and(&mut self, sql: &str, parameter: impl ToSql + 'static) {
        self.sql.push_str(sql);
        self.parameters.push(Box::new(parameter));
    }
}

const fn has_outcome(outcome: OutcomeKind) -> &'static str {
    match outcome {
        OutcomeKind::Succeeded => " AND succeeded > 0",
        OutcomeKind::Failed => " AND failed > 0",
        OutcomeKind::Trapped => " AND trapped > 0",
        OutcomeKind::LimitExceeded => " AND limit_exceeded > 0",
        OutcomeKind::Cancelled => " AND cancelled > 0",
        OutcomeKind::Lost => " AND lost > 0",
    }
}
