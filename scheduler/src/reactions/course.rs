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

    /// The outcome is kept as it came, also when a cancel crossed it: a guest that succeeded first has succeeded.
    pub(crate) fn exited(
        &mut self,
        now: UnixMillis,
        id: AttemptId,
        outcome: Outcome,
        actions: &mut Vec<Action>,
    ) {
        let Some(live) = self.jobs.get_mut(&id.job) else {
            return;
        };
        let Some(attempt) = live.attempt_mut(id).filter(|attempt| attempt.is_live()) else {
            return;
        };
        let Attempt { slot, history, .. } = *attempt;
        let may_follow = !attempt.is_cancelled();
        let retry = live.job.restart.follow(id.number, history, outcome, now);
        let retry = retry.filter(|_| may_follow);
        live.finish(id, retry);
        live.is_durable = true;
        actions.push(Action::Finish {
            attempt: id,
            outcome,
            next: Retry::as_next(retry),
        });
        self.settle(id.job, actions);
        actions.push(Action::Reclaim { attempt: id, slot });
    }

    /// The slot is free. Only now may the task have its next attempt, so that two of them never share its directories.
    pub(crate) fn reclaimed(&mut self, now: UnixMillis, id: AttemptId, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get_mut(&id.job) else {
            return;
        };
        let Some(slot) = live.release(id) else { return };
        self.pool.give_back(slot, id);
        self.await_instant(now, id.job, id.task);
        self.settle(id.job, actions);
    }
}
