//! Jobs that wait for other jobs.

use alloc::vec::Vec;

use crate::scheduler::Scheduler;
use crate::{Action, CancelReason, Dependency, Job, JobId, UnixMillis};

impl Scheduler {
    /// Has a job that is new wait for those of its dependencies that are known and not over.
    pub(crate) fn await_dependencies(&mut self, job: &Job) -> Vec<Dependency> {
        let is_open = |one: &Dependency| {
            let awaited = self.jobs.get(&one.job);
            awaited.is_some_and(|job| !job.is_announced)
        };
        let open: Vec<Dependency> = job.after.iter().copied().filter(is_open).collect();
        for dependency in &open {
            self.dependents.add(dependency.job, job.id);
        }
        open
    }

    /// Jobs are over: those that waited for them may start, or never will, and then they are over too. One after the
    /// other, for such a chain may be as long as a queue.
    pub(crate) fn tell_dependents(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        while let Some((over, all_succeeded)) = self.over.pop_front() {
            for id in self.dependents.take(over) {
                let Some(live) = self.jobs.get_mut(&id) else {
                    continue;
                };
                if live.is_over(over, all_succeeded) {
                    self.queue_up(id);
                } else {
                    self.give_up(now, id, actions);
                }
            }
        }
    }

    /// The job never was. Who waits for it waits for nothing that could happen.
    pub(crate) fn disappoint_dependents(
        &mut self,
        now: UnixMillis,
        never_was: JobId,
        actions: &mut Vec<Action>,
    ) {
        for id in self.dependents.take(never_was) {
            self.give_up(now, id, actions);
        }
    }

    /// The job waits for something that cannot happen any more.
    pub(crate) fn give_up(&mut self, now: UnixMillis, id: JobId, actions: &mut Vec<Action>) {
        self.cancel_all_waiting(now, id, CancelReason::Dependency, actions);
    }

    /// The job waits for nobody any more: it is about to be forgotten, or to be cancelled.
    pub(crate) fn stop_waiting_for_others(&mut self, id: JobId) {
        let Some(live) = self.jobs.get(&id) else {
            return;
        };
        for dependency in live.waits_for().to_vec() {
            self.dependents.remove(dependency.job, id);
        }
    }
}
