//! What a server that starts has to take up again: every job that is not finished, with the state of each of its tasks.

use rusqlite::{Connection, params};
use sublet_scheduler::{Again, AttemptId, Interrupted, TaskRange};

use crate::{Error, error::Doing};

use super::{
    codes::OutcomeKind,
    database::exact,
    job::{NewJob, Tally},
    read::unfinished_jobs,
    task::{TaskState, Walk, WalkedTask},
};

/// A job that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// As it was submitted, less its idempotency key, which is asked for on its own.
    pub job: NewJob,
    /// Tasks that have had no attempt, in ascending ranges that do not touch.
    pub fresh: Vec<TaskRange>,
    /// Tasks that are to have another attempt.
    pub again: Vec<Again>,
    /// Attempts whose start was recorded and whose end was not.
    pub interrupted: Vec<Interrupted>,
    /// Tasks that somebody wants ended, in ascending ranges that do not touch.
    pub cancel_asked: Vec<TaskRange>,
    /// Its settled tasks, counted from their rows.
    pub tally: Tally,
}

const WISHES: &str = "SELECT first, last FROM cancel_wishes WHERE job = ?1 ORDER BY first, last";

/// Every job that is not finished, the oldest first.
pub(crate) fn recover(connection: &Connection) -> Result<Vec<Unfinished>, Error> {
    let jobs = unfinished_jobs(connection).doing("read unfinished jobs")?;
    jobs.into_iter()
        .map(|job| unfinished(connection, job))
        .collect::<rusqlite::Result<_>>()
        .doing("read the tasks of an unfinished job")
}

fn unfinished(connection: &Connection, job: NewJob) -> rusqlite::Result<Unfinished> {
    let id = exact(job.id.0)?;
    let mut unfinished = Unfinished {
        fresh: Vec::new(),
        again: Vec::new(),
        interrupted: Vec::new(),
        cancel_asked: wishes(connection, id)?,
        tally: Tally::default(),
        job,
    };
    for task in Walk::new(connection)?.through(id, unfinished.job.spec.tasks.clone())? {
        unfinished.add(task?);
    }
    Ok(unfinished)
}

fn wishes(connection: &Connection, job: i64) -> rusqlite::Result<Vec<TaskRange>> {
    let mut statement = connection.prepare_cached(WISHES)?;
    let rows = statement.query_map(params![job], |row| Ok(row.get(0)?..=row.get(1)?))?;
    let mut wishes = Vec::new();
    for row in rows {
        append(&mut wishes, row?);
    }
    Ok(wishes)
}

impl Unfinished {
    fn add(
        &mut self,
        WalkedTask {
            task,
            state,
            failures,
            losses,
            ..
        }: WalkedTask,
    ) {
        let attempt = |number| AttemptId {
            job: self.job.id,
            task,
            number,
        };
        match state {
            TaskState::Fresh => append(&mut self.fresh, task..=task),
            TaskState::Started { number, .. } => {
                self.interrupted.push(Interrupted {
                    attempt: attempt(number),
                    failures,
                    losses,
                });
            }
            TaskState::Waiting { number, not_before } => {
                self.again.push(Again {
                    attempt: attempt(number),
                    not_before,
                    failures,
                    losses,
                });
            }
            TaskState::Settled(outcome) => *self.tally.of(outcome) += 1,
            TaskState::Cancelled { .. } => *self.tally.of(OutcomeKind::Cancelled) += 1,
        }
    }
}

impl Tally {
    /// The count of settled tasks with this outcome.
    pub const fn of(&mut self, outcome: OutcomeKind) -> &mut u32 {
        match outcome {
            OutcomeKind::Succeeded => &mut self.succeeded,
            OutcomeKind::Failed => &mut self.failed,
            OutcomeKind::Trapped => &mut self.trapped,
            OutcomeKind::LimitExceeded => &mut self.limit_exceeded,
            OutcomeKind::Cancelled => &mut self.cancelled,
            OutcomeKind::Lost => &mut self.lost,
        }
    }
}

/// Adds a range that begins no earlier than those before it.
fn append(ranges: &mut Vec<TaskRange>, range: TaskRange) {
    match ranges.last_mut() {
        Some(last) if *range.start() <= last.end().saturating_add(1) => {
            *last = *last.start()..=*last.end().max(range.end());
        }
        _ => ranges.push(range),
    }
}
