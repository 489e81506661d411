//! The course of an attempt as its worker tells it: it runs, it is over, what it held is released.

use alloc::vec::Vec;

use crate::attempt::Attempt;
use crate::restart::Retry;
use crate::scheduler::Scheduler;
use crate::{Action, AttemptId, Outcome, UnixMillis};

impl Scheduler {
    pub(crate) fn started(&mut self, id: AttemptId) {
        let Some(live) = self.jobs.get_mut(&id.job) else {
            return;
        };
        if let Some(attempt) = live.attempt_mut(id) {
            attempt.begin();
            live.is_durable = true;
        }
    }

    /// An attempt ended by itself, or because it was told to: what it held is to be released.
    pub(crate) fn exited(
        &mut self,
        now: UnixMillis,
        id: AttemptId,
        outcome: Outcome,
        actions: &mut Vec<Action>,
    ) {
        if let Some(Attempt { grant, .. }) = self.finish(now, id, outcome, actions) {
            self.settle(now, id.job, actions);
            let slot = grant.slot;
            actions.push(Action::Reclaim { attempt: id, slot });
        }
    }

    /// Takes down the end of an attempt that was live. The outcome is kept as it came, also when a cancel crossed it: a
    /// guest that succeeded first has succeeded.
    pub(crate) fn finish(
        &mut self,
        now: UnixMillis,
        id: AttemptId,
        outcome: Outcome,
        actions: &mut Vec<Action>,
    ) -> Option<Attempt> {
        let live = self.jobs.get_mut(&id.job)?;
        let attempt = *live.attempt_mut(id).filter(|attempt| attempt.is_live())?;
        let retry = live
            .job
            .restart
            .follow(id.number, attempt.history, outcome, now)
            .filter(|_| !attempt.is_last());
        live.finish(id, retry);
        live.is_durable = true;
        live.all_succeeded &= retry.is_some() || outcome.is_success();
        actions.push(Action::Finish {
            attempt: id,
            outcome,
            next: Retry::as_next(retry),
        });
        Some(attempt)
    }

    /// The slot is free. Only now may the task have its next attempt, so that two of them never share its directories.
    pub(crate) fn reclaimed(&mut self, now: UnixMillis, id: AttemptId, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get_mut(&id.job) else {
            return;
        };
        let user = live.job.user;
        let Some(grant) = live.release(id) else {
            return;
        };
        self.partition.give_back(now, grant.slot, id);
        let held_ms = self.queues.ended(now, grant.subcluster, id);
        self.paces.held(grant.subcluster, held_ms);
        self.look_again_for(user, grant.subcluster);
        self.await_instant(now, id.job, id.task);
        self.settle(now, id.job, actions);
    }
}
