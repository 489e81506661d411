//! The account of one job: how each of its tasks stands.

use std::collections::BTreeMap;

use sublet_scheduler::{Job, Restart, SlotId, SubclusterId, UnixMillis, UserId};

use super::bits::Bits;

/// A job that is not over, or of which slots have to come back.
#[derive(Debug)]
pub(super) struct JobAccount {
    pub(super) user: UserId,
    first: u32,
    tasks: u32,
    pub(super) is_gang: bool,
    pub(super) restart: Restart,
    /// When it came in.
    pub(super) since: UnixMillis,
    /// Within the user's own jobs.
    pub(super) priority: i32,
    /// How long each of its attempts takes at most, as declared.
    pub(super) timeout_ms: u64,
    /// The sub-cluster it waits in.
    pub(super) home: Option<SubclusterId>,
    /// Tasks that had no attempt yet and were not cancelled.
    fresh: u64,
    /// Tasks that are not fresh any more.
    begun: Bits,
    succeeded: Bits,
    /// Tasks with an attempt, or between two.
    pub(super) active: BTreeMap<u32, Task>,
    /// Retries whose time has come.
    ready_again: u64,
    /// Retries whose time has not come, or whose last attempt still has its slot.
    not_yet_ready: u64,
    pub(super) unsettled: u64,
    pub(super) is_announced: bool,
    /// How it stands in the queues.
    pub(super) queued: Option<(SubclusterId, u64)>,
}

/// A task with an attempt, or between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Its attempt has a slot and has not ended.
    Live { number: u32, slot: SlotId },
    /// Its attempt ended and still has its slot; what follows is decided.
    Over {
        number: u32,
        slot: SlotId,
        next: Option<Retry>,
    },
    /// It waits for an instant.
    Paused(Retry),
    /// It waits for a slot.
    Ready { number: u32 },
}

/// A further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) number: u32,
    pub(super) at: UnixMillis,
}

impl JobAccount {
    pub(super) fn of(job: &Job) -> Self {
        let (first, last) = (*job.tasks.start(), *job.tasks.end());
        let tasks = last.saturating_sub(first).saturating_add(1);
        Self {
            user: job.user,
            first,
            tasks,
            is_gang: job.is_gang,
            restart: job.restart,
            since: job.submitted_at,
            priority: job.priority,
            timeout_ms: job.timeout_ms,
            home: None,
            fresh: u64::from(tasks),
            begun: Bits::below(tasks),
            succeeded: Bits::below(tasks),
            active: BTreeMap::new(),
            ready_again: 0,
            not_yet_ready: 0,
            unsettled: u64::from(tasks),
            is_announced: false,
            queued: None,
        }
    }

    /// Tasks that wait for a slot and nothing else. Those of a gang also wait for its others to be ready again.
    pub(super) const fn ready(&self) -> u64 {
        if self.is_gang && self.not_yet_ready > 0 {
            0
        } else {
            self.fresh + self.ready_again
        }
    }

    /// Whether the task is fresh; it is no more from now on.
    pub(super) fn begin(&mut self, task: u32) -> bool {
        let Some(index) = self.index(task) else {
            return false;
        };
        let is_fresh = self.begun.insert(index);
        self.fresh -= u64::from(is_fresh);
        is_fresh
    }

    /// Whether this is the task's first success.
    pub(super) fn succeed(&mut self, task: u32) -> bool {
        let index = self.index(task);
        index.is_some_and(|index| self.succeeded.insert(index))
    }

    pub(super) fn has_succeeded(&self, task: u32) -> bool {
        let index = self.index(task);
        index.is_some_and(|index| self.succeeded.contains(index))
    }

    /// Puts the task where it stands now.
    pub(super) fn put(&mut self, task: u32, state: Option<Task>) {
        let is_ready = |state: Option<Task>| u64::from(matches!(state, Some(Task::Ready { .. })));
        let is_not_yet = |state: Option<Task>| {
            let is_not_yet =
                |state| matches!(state, Task::Paused(_) | Task::Over { next: Some(_), .. });
            u64::from(state.is_some_and(is_not_yet))
        };
        let before = match state {
            Some(state) => self.active.insert(task, state),
            None => self.active.remove(&task),
        };
        self.ready_again = self.ready_again + is_ready(state) - is_ready(before);
        self.not_yet_ready = self.not_yet_ready + is_not_yet(state) - is_not_yet(before);
    }

    /// Whether the task, or any, waits for an attempt that it may still get.
    pub(super) fn waits(&self, task: Option<u32>) -> bool {
        let waits = |state: &Task| {
            matches!(
                state,
                Task::Paused(_) | Task::Ready { .. } | Task::Over { next: Some(_), .. }
            )
        };
        match task {
            None => self.fresh > 0 || self.active.values().any(waits),
            Some(task) => {
                let index = self.index(task);
                let is_fresh = index.is_some_and(|index| !self.begun.contains(index));
                is_fresh || self.active.get(&task).is_some_and(waits)
            }
        }
    }

    /// Whether all or none of a gang's tasks are fresh.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_gang || self.fresh == 0 || self.fresh == u64::from(self.tasks)
    }

    /// Whether it is settled and nothing has to come back.
    pub(super) fn is_gone(&self) -> bool {
        self.unsettled == 0 && self.active.is_empty()
    }

    fn index(&self, task: u32) -> Option<u32> {
        task.checked_sub(self.first)
            .filter(|index| *index < self.tasks)
    }
}
