//! The tasks of a job that have no attempt under way: how they come in, and how they are taken out again.

use alloc::collections::BTreeMap;
use core::mem;

use super::LiveJob;
use crate::index_set::IndexSet;
use crate::restart::Retry;
use crate::{AttemptId, TaskRange};

/// Tasks that were taken out before they could start.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) fresh: IndexSet,
    pub(crate) retries: BTreeMap<u32, Retry>,
}

impl Taken {
    /// All of them, of both kinds.
    pub(crate) fn tasks(mut self) -> IndexSet {
        for &task in self.retries.keys() {
            self.fresh.insert(task);
        }
        self.fresh
    }
}

impl LiveJob {
    /// Adds tasks that were never started, as far as the job has them and nothing is known of them.
    pub(crate) fn add_fresh(&mut self, tasks: &TaskRange) {
        let first = *tasks.start().max(self.job.tasks.start());
        let last = *tasks.end().min(self.job.tasks.end());
        if first > last {
            return;
        }
        self.fresh.insert_range(first..=last);
        for &task in self.retries.range(first..=last).map(|(task, _)| task) {
            self.fresh.remove(task);
        }
        for attempt in self.attempts.iter() {
            self.fresh.remove(attempt.id.task);
        }
    }

    /// Adds a task that is to have another attempt. Answers whether that was news: the task neither waits for one nor
    /// has one that is live or later.
    pub(crate) fn add_retry(&mut self, task: u32, retry: Retry) -> bool {
        let is_ours = self.job.tasks.contains(&task);
        let is_waiting = self.retries.contains_key(&task);
        let is_under_way = self
            .attempts
            .get(task)
            .is_some_and(|attempt| attempt.is_live() || attempt.id.number >= retry.number);
        if !is_ours || is_waiting || is_under_way {
            return false;
        }
        self.fresh.remove(task);
        self.retries.insert(task, retry);
        true
    }

    /// Adds a task whose attempt ended elsewhere. Answers whether that was news: nothing later is known of the task.
    pub(crate) fn add_ended(&mut self, id: AttemptId, retry: Option<Retry>) -> bool {
        let is_known = self.retries.contains_key(&id.task) || self.attempts.contains(id.task);
        if is_known || !self.job.tasks.contains(&id.task) {
            return false;
        }
        self.fresh.remove(id.task);
        self.retries.extend(retry.map(|retry| (id.task, retry)));
        true
    }

    /// Takes one task out, when it waits.
    pub(crate) fn take_waiting(&mut self, task: u32) -> Taken {
        let mut taken = Taken::default();
        self.due.remove(task);
        if self.fresh.remove(task) {
            taken.fresh.insert(task);
        }
        taken
            .retries
            .extend(self.retries.remove(&task).map(|retry| (task, retry)));
        taken
    }

    /// Takes every task out that waits.
    pub(crate) fn take_all_waiting(&mut self) -> Taken {
        self.due = IndexSet::default();
        Taken {
            fresh: mem::take(&mut self.fresh),
            retries: mem::take(&mut self.retries),
        }
    }
}
