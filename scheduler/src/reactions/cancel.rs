//! Work that is to end early: because its user asked, because a job it waits for failed it, because
//! its module is in quarantine, or because the server stops.

use alloc::vec::Vec;

use crate::attempt::Attempt;
use crate::live_job::Taken;
use crate::scheduler::Scheduler;
use crate::{Action, CancelReason, JobId, StopReason, UnixMillis};

/// Tasks of a job that will not start, and why.
struct Cancelled {
    job: JobId,
    taken: Taken,
    reason: CancelReason,
}

impl Scheduler {
    pub(crate) fn cancel_job(&mut self, now: UnixMillis, id: JobId, actions: &mut Vec<Action>) {
        if let Some(live) = self.jobs.get_mut(&id) {
            for attempt in live.attempts_mut() {
                attempt.stop(StopReason::Cancel, actions);
            }
        }
        self.cancel_all_waiting(now, id, CancelReason::Asked, actions);
    }

    pub(crate) fn cancel_task(
        &mut self,
        now: UnixMillis,
        id: JobId,
        task: u32,
        actions: &mut Vec<Action>,
    ) {
        let Some(live) = self.jobs.get_mut(&id) else {
            return;
        };
        let taken = live.take_waiting(task);
        if let Some(attempt) = live.attempt_of(task) {
            attempt.stop(StopReason::Cancel, actions);
        }
        let cancelled = Cancelled {
            job: id,
            taken,
            reason: CancelReason::Asked,
        };
        self.cancel_waiting(now, cancelled, actions);
    }

    /// Nothing more of the job starts. What runs is let be, and its tasks are not tried again.
    pub(crate) fn bar(&mut self, now: UnixMillis, id: JobId, actions: &mut Vec<Action>) {
        if let Some(live) = self.jobs.get_mut(&id) {
            live.attempts_mut().for_each(Attempt::be_the_last);
        }
        self.cancel_all_waiting(now, id, CancelReason::Quarantine, actions);
    }

    /// Everything of the job that waits will not start.
    pub(crate) fn cancel_all_waiting(
        &mut self,
        now: UnixMillis,
        id: JobId,
        reason: CancelReason,
        actions: &mut Vec<Action>,
    ) {
        self.stop_waiting_for_others(id);
        if let Some(live) = self.jobs.get_mut(&id) {
            let cancelled = Cancelled {
                job: id,
                taken: live.take_all_waiting(),
                reason,
            };
            self.cancel_waiting(now, cancelled, actions);
        }
    }

    /// Everything that still runs is told to end. Without a drain before it, no grace has ended.
    pub(crate) fn grace_ended(&mut self, actions: &mut Vec<Action>) {
        if !self.is_draining {
            return;
        }
        let all = self.jobs.values_mut();
        for attempt in all.flat_map(|live| live.attempts_mut()) {
            attempt.stop(StopReason::Shutdown, actions);
        }
    }

    /// Records the tasks that will not have an attempt any more.
    fn cancel_waiting(&mut self, now: UnixMillis, cancelled: Cancelled, actions: &mut Vec<Action>) {
        let Cancelled { job, taken, reason } = cancelled;
        for (&task, retry) in &taken.retries {
            self.alarms.remove(retry.not_before, job, task);
        }
        let tasks = taken.tasks().to_ranges();
        if !tasks.is_empty() {
            if let Some(live) = self.jobs.get_mut(&job) {
                live.all_succeeded = false;
            }
            actions.push(Action::CancelWaiting { job, tasks, reason });
        }
        self.settle(now, job, actions);
    }
}
