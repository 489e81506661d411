//! Jobs that come in: new ones, ones that come back with work left, and ones that never were.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::live_job::LiveJob;
use crate::restart::{History, Retry};
use crate::scheduler::Scheduler;
use crate::{Action, Again, Interrupted, Job, JobId, LossReason, Outcome, Resumption, UnixMillis};

impl Scheduler {
    pub(crate) fn submitted(&mut self, now: UnixMillis, job: Job, actions: &mut Vec<Action>) {
        if self.jobs.contains_key(&job.id) {
            return;
        }
        let (id, user, tasks) = (job.id, job.user, job.tasks.clone());
        self.users.submitted(now, user, self.queues.terms(user));
        self.enter(now, job, actions).add_fresh(&tasks);
        self.settle(now, id, actions);
    }

    /// Takes up what is left of a job. A job that is still known (its user retries some tasks while others run) keeps
    /// what it has and gets what is new.
    pub(crate) fn resumed(
        &mut self,
        now: UnixMillis,
        resumption: Resumption,
        actions: &mut Vec<Action>,
    ) {
        let Resumption {
            job,
            fresh,
            again,
            interrupted,
            all_succeeded,
        } = resumption;
        let id = job.id;
        let live = self.enter(now, job, actions);
        live.is_durable = true;
        live.all_succeeded &= all_succeeded;
        for tasks in &fresh {
            live.add_fresh(tasks);
        }
        for again in again.into_iter().filter(|again| again.attempt.job == id) {
            self.take_up_again(now, again);
        }
        for interrupted in interrupted.into_iter().filter(|one| one.attempt.job == id) {
            self.take_up_interrupted(now, interrupted, actions);
        }
        self.settle(now, id, actions);
    }

    /// Undoes a submission, with the slots that it was granted already. They need no release: its starts are void.
    /// Once an attempt is known to have run or to have ended, the job is on disk and stays.
    pub(crate) fn withdrawn(&mut self, now: UnixMillis, id: JobId, actions: &mut Vec<Action>) {
        if self.jobs.get(&id).is_none_or(|live| live.is_durable) {
            return;
        }
        self.stop_waiting_for_others(id);
        let Some(live) = self.jobs.remove(&id) else {
            return;
        };
        let user = live.job.user;
        for attempt in live.attempts() {
            let grant = attempt.grant;
            self.partition.give_back(now, grant.slot, attempt.id);
            self.queues.ended(now, grant.subcluster, attempt.id);
            self.look_again_for(user, grant.subcluster);
        }
        if let Some(subcluster) = live.subcluster() {
            self.queues.set(subcluster, &live.entry(), 0);
            self.changed.insert(subcluster);
        }
        self.homeless.remove(&id);
        self.tallies.change(user, live.tallied, 0);
        self.disappoint_dependents(now, id, actions);
    }

    /// What is known of the job. One that is new is routed, and waits for the jobs it depends on.
    fn enter(&mut self, now: UnixMillis, job: Job, actions: &mut Vec<Action>) -> &mut LiveJob {
        let id = job.id;
        if !self.jobs.contains_key(&id) {
            let waits_for = self.await_dependencies(&job);
            let live = Box::new(LiveJob::new(job, waits_for));
            self.jobs.insert(id, live);
            self.find_home(now, id, actions);
        }
        self.jobs.get_mut(&id).expect("it was just put in")
    }

    fn take_up_again(&mut self, now: UnixMillis, again: Again) {
        let Again {
            attempt,
            not_before,
            failures,
            losses,
        } = again;
        let history = History { failures, losses };
        let retry = Retry {
            number: attempt.number,
            not_before,
            history,
        };
        let live = self.jobs.get_mut(&attempt.job);
        if live.is_some_and(|live| live.add_retry(attempt.task, retry)) {
            self.await_instant(now, attempt.job, attempt.task);
        }
    }

    /// The attempt held a slot of a server that is gone, so there is nothing to release.
    fn take_up_interrupted(
        &mut self,
        now: UnixMillis,
        interrupted: Interrupted,
        actions: &mut Vec<Action>,
    ) {
        let Interrupted {
            attempt,
            failures,
            losses,
        } = interrupted;
        let Some(live) = self.jobs.get_mut(&attempt.job) else {
            return;
        };
        let outcome = Outcome::Lost(LossReason::Server);
        let history = History { failures, losses };
        let retry = live
            .job
            .restart
            .follow(attempt.number, history, outcome, now);
        if live.add_ended(attempt, retry) {
            live.all_succeeded &= retry.is_some();
            actions.push(Action::Finish {
                attempt,
                outcome,
                next: Retry::as_next(retry),
            });
            self.await_instant(now, attempt.job, attempt.task);
        }
    }
}
