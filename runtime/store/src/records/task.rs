//! What the rows of a job say of each of its tasks. Recovery and queries ask the same question, so they get the same
//! answer from here.
//!
//! ```text
//! Fresh ──start──► Started ──end──► Settled ──reopen──► Waiting
//!   │                 ▲       └────► Waiting ──start──► Started
//!   └─cancel─► Cancelled ◄───cancel────┘      (reopened: Waiting, or Fresh if it never had an attempt)
//! ```

use std::{iter::Peekable, ops::RangeInclusive};

use rusqlite::{CachedStatement, Connection, Row, params};
use sublet_scheduler::UnixMillis;

use super::{
    codes::{OutcomeKind, StoredNext},
    database::{maybe_millis, millis},
};

/// Where a task stands, as far as it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It has had no attempt, and is to have one.
    Fresh,
    /// Its latest attempt was started and has not ended.
    Started {
        /// The attempt.
        number: u32,
        /// When the start was recorded.
        at: UnixMillis,
    },
    /// It is to have another attempt.
    Waiting {
        /// The attempt to come.
        number: u32,
        /// Not before this instant.
        not_before: UnixMillis,
    },
    /// It is over, as its latest attempt ended.
    Settled(OutcomeKind),
    /// It is over: it was cancelled while it waited.
    Cancelled {
        /// When.
        at: UnixMillis,
    },
}

/// A task on a walk through a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalkedTask {
    pub(crate) task: u32,
    pub(crate) state: TaskState,
    /// The number of the last attempt that ended.
    pub(crate) last_ended: Option<u32>,
    /// Failures and losses among the attempts that ended, as the restart policy counts them.
    pub(crate) failures: u32,
    pub(crate) losses: u32,
}

/// The statements of a walk through the tasks of one job.
pub(crate) struct Walk<'c> {
    ended: CachedStatement<'c>,
    starts: CachedStatement<'c>,
    cancelled: CachedStatement<'c>,
}

const ENDED: &str = "SELECT task, number, outcome, next, next_at FROM attempts
    WHERE job = ?1 AND task >= ?2 ORDER BY task, number";

const STARTS: &str = "SELECT first, last, number, at FROM starts WHERE job = ?1 AND last >= ?2 ORDER BY first, number";

const CANCELLED: &str =
    "SELECT first, last, 0, at FROM cancelled WHERE job = ?1 AND last >= ?2 ORDER BY first, last";

impl<'c> Walk<'c> {
    pub(crate) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            ended: connection.prepare_cached(ENDED)?,
            starts: connection.prepare_cached(STARTS)?,
            cancelled: connection.prepare_cached(CANCELLED)?,
        })
    }

    /// Goes through `tasks` of the job, in their order. Rows are read as far as the walk goes.
    pub(crate) fn through(
        &mut self,
        job: i64,
        tasks: RangeInclusive<u32>,
    ) -> rusqlite::Result<impl Iterator<Item = rusqlite::Result<WalkedTask>>> {
        let from = params![job, tasks.start()];
        let mut ended = self.ended.query_map(from, Ended::from_row)?.peekable();
        let mut starts = Covering::new(self.starts.query_map(from, TaskSpan::from_row)?);
        let mut cancelled = Covering::new(self.cancelled.query_map(from, TaskSpan::from_row)?);
        Ok(tasks.map(move |task| {
            let past = Past::of(task, &mut ended)?;
            let start = starts.over(task)?;
            let cancelled = cancelled.over(task)?;
            Ok(past.with(task, start, cancelled))
        }))
    }
}

/// An attempt that ended.
struct Ended {
    task: u32,
    number: u32,
    outcome: OutcomeKind,
    next: StoredNext,
    next_at: Option<UnixMillis>,
}

impl Ended {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            task: row.get(0)?,
            number: row.get(1)?,
            outcome: row.get(2)?,
            next: row.get(3)?,
            next_at: maybe_millis(row, 4)?,
        })
    }
}

/// Consecutive tasks to which the same thing happened.
#[derive(Clone, Copy)]
struct TaskSpan {
    first: u32,
    last: u32,
    number: u32,
    at: UnixMillis,
}

impl TaskSpan {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            first: row.get(0)?,
            last: row.get(1)?,
            number: row.get(2)?,
            at: millis(row, 3)?,
        })
    }
}

/// The attempts of a task that ended.
#[derive(Default)]
struct Past {
    last: Option<Ended>,
    failures: u32,
    losses: u32,
}

impl Past {
    fn of(
        task: u32,
        ended: &mut Peekable<impl Iterator<Item = rusqlite::Result<Ended>>>,
    ) -> rusqlite::Result<Self> {
        let mut past = Self::default();
        // An error is taken as well, so that it is not lost.
        let belongs = |ended: &rusqlite::Result<Ended>| match ended {
            Ok(ended) => ended.task == task,
            Err(_) => true,
        };
        while let Some(ended) = ended.next_if(belongs) {
            past.add(ended?);
        }
        Ok(past)
    }

    fn add(&mut self, ended: Ended) {
        match ended.outcome {
            OutcomeKind::Lost => self.losses += 1,
            OutcomeKind::Failed | OutcomeKind::Trapped | OutcomeKind::LimitExceeded => {
                self.failures += 1;
                self.losses = 0;
            }
            OutcomeKind::Succeeded | OutcomeKind::Cancelled => {}
        }
        // Who asks for a retry by hand gives the task its retries anew.
        if ended.next == StoredNext::Reopened {
            (self.failures, self.losses) = (0, 0);
        }
        self.last = Some(ended);
    }

    fn with(self, task: u32, start: Option<TaskSpan>, cancelled: Option<TaskSpan>) -> WalkedTask {
        let Self {
            last,
            failures,
            losses,
        } = self;
        let last_ended = last.as_ref().map(|last| last.number);
        let state = match (
            start.filter(|start| Some(start.number) > last_ended),
            last,
            cancelled,
        ) {
            (Some(TaskSpan { number, at, .. }), _, _) => TaskState::Started { number, at },
            (None, Some(last), _) => after(&last),
            (None, None, Some(TaskSpan { at, .. })) => TaskState::Cancelled { at },
            (None, None, None) => TaskState::Fresh,
        };
        WalkedTask {
            task,
            state,
            last_ended,
            failures,
            losses,
        }
    }
}

/// What the last attempt's end says of its task.
fn after(last: &Ended) -> TaskState {
    let at = last.next_at.unwrap_or_default();
    match last.next {
        StoredNext::Settled => TaskState::Settled(last.outcome),
        StoredNext::Cancelled => TaskState::Cancelled { at },
        StoredNext::Retry | StoredNext::Reopened => TaskState::Waiting {
            number: last.number + 1,
            not_before: at,
        },
    }
}

/// Spans in the order of their first task, asked about tasks in ascending order.
struct Covering<I: Iterator> {
    to_come: Peekable<I>,
    begun: Vec<TaskSpan>,
}

impl<I: Iterator<Item = rusqlite::Result<TaskSpan>>> Covering<I> {
    fn new(spans: I) -> Self {
        Self {
            to_come: spans.peekable(),
            begun: Vec::new(),
        }
    }

    /// Of the spans that the task is in, the one with the highest number.
    fn over(&mut self, task: u32) -> rusqlite::Result<Option<TaskSpan>> {
        let has_begun = |span: &rusqlite::Result<TaskSpan>| match span {
            Ok(span) => span.first <= task,
            Err(_) => true,
        };
        self.begun.retain(|span| span.last >= task);
        while let Some(span) = self.to_come.next_if(has_begun) {
            self.begun.push(span?);
        }
        Ok(self
            .begun
            .iter()
            .filter(|span| span.last >= task)
            .max_by_key(|span| span.number)
            .copied())
    }
}
