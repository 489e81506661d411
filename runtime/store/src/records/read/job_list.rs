//! Lists of jobs, the newest first. A list of a million jobs must not cost a million rows, so each kind of list goes along an
//! index whose order is the order of the list, and reads on until the page is full. The index begins with the user: a list
//! of everyone's jobs asks once per user, and keeps the newest of what they have.

use rusqlite::{Connection, ToSql, params, params_from_iter};
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{
    Digest, Error,
    records::{
        codes::OutcomeKind,
        database::{clamped, exact, instant, user_id},
    },
};

use super::{
    Reader, Whose,
    rows::{JobSummary, SUMMARY, summary},
};

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
    /// Only those that this job submitted.
    pub parent: Option<JobId>,
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

const USERS: &str = "SELECT id FROM users ORDER BY id";

impl Reader {
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
        self.ask_at_one_instant("list jobs", |connection| {
            let limit = usize::try_from(page.limit.min(Whose::PAGE_MAX)).unwrap_or(usize::MAX);
            let Some(ids) = Ids::asked(connection, filter, page.before)? else {
                return Ok(Vec::new());
            };
            newest(connection, whose, filter, (ids, limit))?
                .into_iter()
                .map(|id| {
                    let sql = format!("SELECT {SUMMARY} FROM jobs WHERE id = ?1");
                    connection.prepare_cached(&sql)?.query_one([id], summary)
                })
                .collect()
        })
    }
}

fn newest(
    connection: &Connection,
    whose: Whose,
    filter: &JobFilter,
    (ids, limit): (Ids, usize),
) -> rusqlite::Result<Vec<i64>> {
    match whose {
        Whose::User(user) => Question::of(Some(user), filter)?.ask(connection, ids, limit),
        Whose::Everyone if Lead::of(filter) == Lead::User => {
            Question::of(None, filter)?.ask(connection, ids, limit)
        }
        Whose::Everyone => newest_of_all(connection, filter, (ids, limit)),
    }
}

/// Asks user by user. Once the page is full, only what is newer than its last job is asked for.
fn newest_of_all(
    connection: &Connection,
    filter: &JobFilter,
    (mut ids, limit): (Ids, usize),
) -> rusqlite::Result<Vec<i64>> {
    let users: Vec<UserId> = connection
        .prepare_cached(USERS)?
        .query_map([], |row| user_id(row, 0))?
        .collect::<Result<_, _>>()?;
    let mut newest = Vec::new();
    for user in users {
        newest.extend(Question::of(Some(user), filter)?.ask(connection, ids, limit)?);
        newest.sort_unstable_by(|one, other| other.cmp(one));
        newest.truncate(limit);
        if newest.len() == limit {
            ids.first = newest.last().map_or(ids.first, |last| last + 1);
        }
    }
    Ok(newest)
}

/// The ids among which a list looks.
#[derive(Clone, Copy)]
struct Ids {
    first: i64,
    last: i64,
}

/// Between the first and the last job that may have been submitted at the time. There are few blocks: one for 4,096 jobs.
const BLOCKS: &str = "SELECT min(block) << 12, max(block) << 12 | 4095 FROM submission_times
    WHERE last >= ?1 AND first < ?2";

impl Ids {
    /// `None` when nothing was submitted at the time.
    fn asked(
        connection: &Connection,
        filter: &JobFilter,
        before: Option<JobId>,
    ) -> rusqlite::Result<Option<Self>> {
        let last = before.map_or(i64::MAX, |before| clamped(before.0) - 1);
        let all = Self { first: 0, last };
        if (filter.since, filter.until) == (None, None) {
            return Ok(Some(all));
        }
        let since = filter.since.map_or(0, instant);
        let until = filter.until.map_or(i64::MAX, instant);
        let (first, newest): (Option<i64>, Option<i64>) = connection
            .prepare_cached(BLOCKS)?
            .query_one(params![since, until], |row| row.try_into())?;
        Ok(first.zip(newest).map(|(first, newest)| Self {
            first,
            last: last.min(newest),
        }))
    }
}

/// What a list goes along: of what the filter asks for, what probably fewest jobs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    Parent,
    Unfinished,
    Name,
    Label,
    Module,
    Outcome(OutcomeKind),
    Finished,
    User,
}

impl Lead {
    fn of(filter: &JobFilter) -> Self {
        let JobFilter {
            active,
            outcome,
            labels,
            name,
            module,
            parent,
            since: _,
            until: _,
        } = filter;
        if parent.is_some() {
            return Self::Parent;
        }
        match (active, name, labels.first(), module, outcome) {
            (Some(true), ..) => Self::Unfinished,
            (_, Some(_), ..) => Self::Name,
            (_, _, Some(_), ..) => Self::Label,
            (_, _, _, Some(_), _) => Self::Module,
            (_, _, _, _, Some(outcome)) => Self::Outcome(*outcome),
            (Some(false), ..) => Self::Finished,
            (None, None, None, None, None) => Self::User,
        }
    }

    /// The index is named, so that the planner's guesses about sizes cannot choose a worse one.
    const fn table(self) -> &'static str {
        match self {
            Self::Parent => "jobs INDEXED BY jobs_by_parent",
            Self::Unfinished => "jobs INDEXED BY jobs_unfinished",
            Self::Name => "jobs INDEXED BY jobs_by_name",
            Self::Label => "job_labels AS lead CROSS JOIN jobs ON jobs.id = lead.job",
            Self::Module => "jobs INDEXED BY jobs_by_module",
            Self::Outcome(OutcomeKind::Succeeded) => "jobs INDEXED BY jobs_with_succeeded",
            Self::Outcome(OutcomeKind::Failed) => "jobs INDEXED BY jobs_with_failed",
            Self::Outcome(OutcomeKind::Trapped) => "jobs INDEXED BY jobs_with_trapped",
            Self::Outcome(OutcomeKind::LimitExceeded) => "jobs INDEXED BY jobs_with_limit_exceeded",
            Self::Outcome(OutcomeKind::Cancelled) => "jobs INDEXED BY jobs_with_cancelled",
            Self::Outcome(OutcomeKind::Lost) => "jobs INDEXED BY jobs_with_lost",
            Self::Finished => "jobs INDEXED BY jobs_finished",
            Self::User => "jobs INDEXED BY jobs_by_user",
        }
    }
}

/// A filter as SQL that answers with ids. Values are always parameters, never text.
struct Question {
    sql: String,
    parameters: Vec<Box<dyn ToSql>>,
    /// The column by which the answer is ordered.
    id: &'static str,
}

impl Question {
    /// About the jobs of one user; or about everyone's, which goes along the ids themselves.
    fn of(user: Option<UserId>, filter: &JobFilter) -> rusqlite::Result<Self> {
        let lead = Lead::of(filter);
        let (table, prefix) = match (user, lead) {
            (None, _) => ("jobs", "jobs"),
            (_, Lead::Label) => (lead.table(), "lead"),
            _ => (lead.table(), "jobs"),
        };
        let id = if prefix == "lead" {
            "lead.job"
        } else {
            "jobs.id"
        };
        let mut question = Self {
            sql: format!("SELECT {id} FROM {table} WHERE TRUE"),
            parameters: Vec::new(),
            id,
        };
        if let Some(user) = user {
            question.and(&format!(" AND {prefix}.user = ?"), exact(user.0)?);
        }
        question.add(filter, lead)?;
        Ok(question)
    }

    fn add(&mut self, filter: &JobFilter, lead: Lead) -> rusqlite::Result<()> {
        let JobFilter {
            active,
            outcome,
            labels,
            name,
            module,
            parent,
            since,
            until,
        } = filter;
        match active {
            Some(true) => self.sql.push_str(" AND finished_at IS NULL"),
            Some(false) => self.sql.push_str(" AND finished_at IS NOT NULL"),
            None => {}
        }
        if let Some(outcome) = outcome {
            self.sql.push_str(has_outcome(*outcome));
        }
        for (nth, (key, value)) in labels.iter().enumerate() {
            if nth == 0 && lead == Lead::Label {
                self.and(" AND lead.key = ?", key.clone());
                self.and(" AND lead.value = ?", value.clone());
            } else {
                self.and(
                    " AND EXISTS (SELECT 1 FROM job_labels AS l WHERE l.user = jobs.user AND l.job = jobs.id AND l.key = ?",
                    key.clone(),
                );
                self.and(" AND l.value = ?)", value.clone());
            }
        }
        if let Some(name) = name {
            self.and(" AND name = ?", name.clone());
        }
        if let Some(module) = module {
            self.and(" AND module = ?", *module);
        }
        if let Some(parent) = parent {
            self.and(" AND parent = ?", exact(parent.0)?);
        }
        if let Some(since) = since {
            self.and(" AND submitted_at >= ?", instant(*since));
        }
        if let Some(until) = until {
            self.and(" AND submitted_at < ?", instant(*until));
        }
        Ok(())
    }

    fn and(&mut self, sql: &str, parameter: impl ToSql + 'static) {
        self.sql.push_str(sql);
        self.parameters.push(Box::new(parameter));
    }

    fn ask(self, connection: &Connection, ids: Ids, limit: usize) -> rusqlite::Result<Vec<i64>> {
        let Self {
            sql, parameters, ..
        } = self.within(ids, limit);
        connection
            .prepare_cached(&sql)?
            .query_map(params_from_iter(parameters), |row| row.get(0))?
            .collect()
    }

    /// Only among these ids, and no more than so many.
    fn within(mut self, ids: Ids, limit: usize) -> Self {
        let id = self.id;
        self.and(&format!(" AND {id} BETWEEN ?"), ids.first);
        self.and(" AND ?", ids.last);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.and(&format!(" ORDER BY {id} DESC LIMIT ?"), limit);
        self
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

#[cfg(test)]
mod tests;
