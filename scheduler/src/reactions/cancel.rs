//! Work that is to end early: because its user asked, or because the server stops.

use alloc::vec::Vec;

use crate::live_job::{LiveJob, Taken};
use crate::scheduler::Scheduler;
use crate::{Action, JobId, StopReason};

impl Scheduler {
    pub(crate) fn cancel_job(&mut self, id: JobId, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get_mut(&id) else {
            return;
        };
        let taken = live.take_all_waiting();
        for attempt in live.attempts_mut() {
            attempt.stop(StopReason::Cancel, actions);
        }
        self.cancel_waiting(id, taken, actions);
    }

    pub(crate) fn cancel_task(&mut self, id: JobId, task: u32, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get_mut(&id) else {
            return;
        };
        let taken = live.take_waiting(task);
        if let Some(attempt) = live.attempt_of(task) {
            attempt.stop(StopReason::Cancel, actions);
        }
        self.cancel_waiting(id, taken, actions);
    }

    /// Everything that still runs is told to end. Without a drain before it, no grace has ended.
    pub(crate) fn grace_ended(&mut self, actions: &mut Vec<Action>) {
        if !self.is_draining {
            return;
        }
        for attempt in self.jobs.values_mut().flat_map(LiveJob::attempts_mut) {
            attempt.stop(StopReason::Shutdown, actions);
        }
    }

    /// Records the tasks that will not have an attempt any more.
    fn cancel_waiting(&mut self, id: JobId, taken: Taken, actions: &mut Vec<Action>) {
        for (&task, retry) in &taken.retries {
            self.backoffs.remove(retry.not_before, id, task);
        }
        let tasks = taken.tasks().to_ranges();
        if !tasks.is_empty() {
            actions.push(Action::CancelWaiting { job: id, tasks });
        }
        self.settle(id, actions);
    }
}
