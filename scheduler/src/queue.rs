//! The order in which jobs get the free slots of one sub-cluster: higher priority first, then first submitted. It holds
//! one entry per job however many tasks wait, and knows nothing of slots. Fairness between users will stand here.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;

use crate::{Job, JobId};

/// The jobs that have tasks ready to start, first the one whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ready: BTreeMap<Turn, u64>,
    tasks: u64,
}

/// The place of a job in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    priority: Reverse<i32>,
    job: JobId,
}

impl Turn {
    pub(crate) const fn of(job: &Job) -> Self {
        Self {
            priority: Reverse(job.priority),
            job: job.id,
        }
    }
}

/// How much stands before a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) jobs: u64,
    pub(crate) tasks: u64,
}

impl Queue {
    /// Notes how many tasks of a job are ready to start. With none, the job does not stand in the queue.
    pub(crate) fn set(&mut self, turn: Turn, ready: u64) {
        let before = match ready {
            0 => self.ready.remove(&turn),
            _ => self.ready.insert(turn, ready),
        };
        self.tasks = self.tasks - before.unwrap_or(0) + ready;
    }

    /// The job whose turn it is.
    pub(crate) fn first(&self) -> Option<JobId> {
        self.ready.first_key_value().map(|(turn, _)| turn.job)
    }

    /// Jobs in the queue.
    pub(crate) fn jobs(&self) -> u64 {
        self.ready.len() as u64
    }

    /// Tasks ready to start, over all jobs.
    pub(crate) const fn tasks(&self) -> u64 {
        self.tasks
    }

    /// What stands before a job. Takes as long as there are jobs before it: for questions, not for decisions.
    pub(crate) fn ahead_of(&self, turn: Turn) -> Ahead {
        let before = self.ready.range(..turn);
        before.fold(Ahead::default(), |sum, (_, tasks)| Ahead {
            jobs: sum.jobs + 1,
            tasks: sum.tasks + tasks,
        })
    }
}
