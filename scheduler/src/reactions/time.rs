//! Retries and the instants they wait for.

use alloc::vec::Vec;

use crate::scheduler::Scheduler;
use crate::{Action, JobId, UnixMillis};

impl Scheduler {
    /// What nodes wait for, the flow after each event looks at by itself.
    pub(crate) fn time_passed(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        self.alarms.rang();
        while let Some((job, task)) = self.alarms.pop_due(now) {
            let live = self
                .jobs
                .get_mut(&job)
                .expect("who waits for an instant is a known job");
            live.make_due(task);
            self.settle(now, job, actions);
        }
    }

    /// Lets the task's retry wait for its instant. One that has no retry, or that waits for the release of a slot first,
    /// is left alone.
    pub(crate) fn await_instant(&mut self, now: UnixMillis, job: JobId, task: u32) {
        let Some(live) = self.jobs.get_mut(&job) else {
            return;
        };
        let Some(retry) = live.released_retry(task) else {
            return;
        };
        if retry.not_before <= now {
            live.make_due(task);
        } else {
            self.alarms.insert(retry.not_before, job, task);
        }
    }
}
