//! What belongs to one job: its spec, its tasks and their attempts, what they used.

use rusqlite::{OptionalExtension as _, Row, params};
use sublet_scheduler::{TaskRange, UnixMillis};

use crate::{
    Error,
    records::{
        codes::OutcomeKind,
        database::{exact, millis, unsigned},
        job::NewJob,
        spec::JobSpec,
        task::{TaskState, Walk},
    },
};

use super::{
    Reader, Whose,
    attempt::{ATTEMPT, AttemptRow, attempt},
    rows,
};

/// A job that the asker may see.
#[derive(Debug)]
pub struct OwnedJob<'r> {
    reader: &'r Reader,
    /// What lists show of it.
    pub summary: rows::JobSummary,
}

/// A task as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// Its index.
    pub task: u32,
    /// Where it stands.
    pub state: TaskState,
    /// Its latest attempt that ended.
    pub latest: Option<AttemptRow>,
}

/// What was weighed when a job went to its sub-cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// What every sub-cluster that was asked had to say.
    pub verdicts: String,
    /// When.
    pub at: UnixMillis,
}

/// Attempts that were started together and have not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenStart {
    /// Of which tasks.
    pub tasks: TaskRange,
    /// Which attempt of each.
    pub number: u32,
    /// When the start was recorded.
    pub at: UnixMillis,
}

/// Which tasks a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskFilter {
    /// All.
    All,
    /// Those without an attempt that are to have one.
    Fresh,
    /// Those with an attempt under way.
    Started,
    /// Those that are to have another attempt.
    Waiting,
    /// Those that are over.
    Settled,
    /// Those that are over and did not succeed.
    Unsuccessful,
    /// Those that are over, with this outcome.
    Outcome(OutcomeKind),
}

const SPEC: &str = "SELECT version, spec FROM job_specs WHERE job = ?1";

const VIA: &str = "SELECT via FROM job_specs WHERE job = ?1";

const CHILDREN: &str =
    "SELECT count(*) FROM jobs INDEXED BY jobs_by_parent WHERE user = ?1 AND parent = ?2";

const CONSIDERED: &str = "SELECT considered, at FROM job_routes WHERE job = ?1";

impl<'r> OwnedJob<'r> {
    pub(super) const fn new(reader: &'r Reader, summary: rows::JobSummary) -> Self {
        Self { reader, summary }
    }

    /// How it runs.
    ///
    /// # Errors
    /// What the database says.
    pub fn spec(&self) -> Result<JobSpec, Error> {
        self.reader.ask("read a job", |connection| {
            let mut statement = connection.prepare_cached(SPEC)?;
            statement.query_one(params![self.id()?], |row| {
                rows::spec(row, 0, self.summary.module)
            })
        })
    }

    /// How its user came to submit it, such as `certificate 01ab…`; unknown for jobs that an earlier program took.
    ///
    /// # Errors
    /// What the database says.
    pub fn via(&self) -> Result<Option<String>, Error> {
        self.reader
            .ask("read how a job was submitted", |connection| {
                connection
                    .prepare_cached(VIA)?
                    .query_one(params![self.id()?], |row| row.get(0))
            })
    }

    /// What was weighed when it last went to a sub-cluster, if it went anywhere.
    ///
    /// # Errors
    /// What the database says.
    pub fn considered(&self) -> Result<Option<Considered>, Error> {
        self.reader.ask("read where a job went", |connection| {
            let mut statement = connection.prepare_cached(CONSIDERED)?;
            statement
                .query_row(params![self.id()?], considered)
                .optional()
        })
    }

    /// It as it was submitted, less its idempotency key.
    ///
    /// # Errors
    /// What the database says.
    pub fn new_job(&self) -> Result<NewJob, Error> {
        let summary = &self.summary;
        Ok(NewJob {
            id: summary.id,
            public_id: summary.public_id,
            user: summary.user,
            number: summary.number,
            name: summary.name.clone(),
            module: summary.module,
            spec: self.spec()?,
            parent: summary.parent.map(|parent| parent.id),
            submitted_at: summary.submitted_at,
            via: self.via()?,
            idempotency: None,
        })
    }

    /// How many jobs it submitted.
    ///
    /// # Errors
    /// What the database says.
    pub fn children(&self) -> Result<u64, Error> {
        self.reader
            .ask("count the children of a job", |connection| {
                let row = params![exact(self.summary.user.0)?, self.id()?];
                let mut statement = connection.prepare_cached(CHILDREN)?;
                statement.query_one(row, |row| unsigned(row, 0))
            })
    }

    /// Tasks after the task `after`, or from the first one: at most `limit` and [`Whose::PAGE_MAX`] of those that the
    /// filter lets pass, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub fn tasks(
        &self,
        filter: TaskFilter,
        after: Option<u32>,
        limit: u32,
    ) -> Result<Vec<TaskRow>, Error> {
        self.reader.ask("list tasks", |connection| {
            let Some(tasks) = self.tasks_after(after) else {
                return Ok(Vec::new());
            };
            let limit = usize::try_from(limit.min(Whose::PAGE_MAX)).unwrap_or(usize::MAX);
            let mut walk = Walk::new(connection)?;
            walk.through(self.id()?, tasks)?
                .filter(|walked| {
                    walked
                        .as_ref()
                        .map_or(true, |walked| filter.passes(walked.state))
                })
                .take(limit)
                .map(|walked| {
                    let walked = walked?;
                    let latest = match walked.last_ended {
                        Some(number) => self.attempt(walked.task, number)?,
                        None => None,
                    };
                    Ok(TaskRow {
                        task: walked.task,
                        state: walked.state,
                        latest,
                    })
                })
                .collect()
        })
    }

    /// All attempts of a task that ended, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub fn attempts(&self, task: u32) -> Result<Vec<AttemptRow>, Error> {
        self.reader.ask("list attempts", |connection| {
            let mut statement = connection.prepare_cached(ATTEMPT)?;
            statement
                .query_map(params![self.id()?, task, 0, u32::MAX], attempt)?
                .collect()
        })
    }

    /// Attempts that were started and have not ended.
    ///
    /// # Errors
    /// What the database says.
    pub fn open_starts(&self) -> Result<Vec<OpenStart>, Error> {
        self.reader.ask("list attempts under way", |connection| {
            let mut open: Vec<OpenStart> = Vec::new();
            let mut walk = Walk::new(connection)?;
            for walked in walk.through(self.id()?, self.summary.tasks.clone())? {
                let walked = walked?;
                if let TaskState::Started { number, at } = walked.state {
                    add_start(&mut open, walked.task, (number, at));
                }
            }
            Ok(open)
        })
    }

    pub(super) const fn reader(&self) -> &'r Reader {
        self.reader
    }

    pub(super) fn id(&self) -> rusqlite::Result<i64> {
        exact(self.summary.id.0)
    }

    fn tasks_after(&self, after: Option<u32>) -> Option<TaskRange> {
        let (first, last) = (*self.summary.tasks.start(), *self.summary.tasks.end());
        let first = match after {
            Some(after) => first.max(after.checked_add(1)?),
            None => first,
        };
        (first <= last).then_some(first..=last)
    }

    fn attempt(&self, task: u32, number: u32) -> rusqlite::Result<Option<AttemptRow>> {
        let mut statement = self.reader.connection().prepare_cached(ATTEMPT)?;
        statement
            .query_row(params![self.id()?, task, number, number], attempt)
            .optional()
    }
}

impl TaskFilter {
    fn passes(self, state: TaskState) -> bool {
        match self {
            Self::All => true,
            Self::Fresh => state == TaskState::Fresh,
            Self::Started => matches!(state, TaskState::Started { .. }),
            Self::Waiting => matches!(state, TaskState::Waiting { .. }),
            Self::Unsuccessful => {
                Self::Settled.passes(state) && !Self::Outcome(OutcomeKind::Succeeded).passes(state)
            }
            Self::Settled => {
                matches!(state, TaskState::Settled(_) | TaskState::Cancelled { .. })
            }
            Self::Outcome(OutcomeKind::Cancelled) => matches!(
                state,
                TaskState::Settled(OutcomeKind::Cancelled) | TaskState::Cancelled { .. }
            ),
            Self::Outcome(outcome) => state == TaskState::Settled(outcome),
        }
    }
}

fn add_start(open: &mut Vec<OpenStart>, task: u32, (number, at): (u32, UnixMillis)) {
    match open.last_mut() {
        Some(last)
            if (last.number, last.at) == (number, at)
                && last.tasks.end().checked_add(1) == Some(task) =>
        {
            last.tasks = *last.tasks.start()..=task;
        }
        _ => open.push(OpenStart {
            tasks: task..=task,
            number,
            at,
        }),
    }
}

fn considered(row: &Row<'_>) -> rusqlite::Result<Considered> {
    Ok(Considered {
        verdicts: row.get(0)?,
        at: millis(row, 1)?,
    })
}
