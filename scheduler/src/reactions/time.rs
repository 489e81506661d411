//! Retries and the instants they wait for.

use alloc::vec::Vec;

use crate::scheduler::Scheduler;
use crate::{Action, JobId, UnixMillis};

impl Scheduler {
    pub(crate) fn time_passed(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        self.backoffs.rang();
        while let Some((job, task)) = self.backoffs.pop_due(now) {
            let live = self
                .jobs
                .get_mut(&job)
                .expect("who waits for an instant is a known job");
            live.make_due(task);
            self.settle(job, actions);
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
            self.backoffs.insert(retry.not_before, job, task);
        }
    }
}
