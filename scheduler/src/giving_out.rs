//! Free slots are given out: the queue says to whom, the partition which. Here the two meet, and a task becomes an
//! attempt.

use alloc::vec::Vec;

use crate::attempt::{Attempt, Grant};
use crate::queues::{Holder, Pick};
use crate::scheduler::Scheduler;
use crate::{Action, StopReason, SubclusterId, UnixMillis, UserId};

impl Scheduler {
    /// Starts tasks in a sub-cluster until no free slot is left there or nobody may have one.
    pub(crate) fn give_out_slots(
        &mut self,
        now: UnixMillis,
        subcluster: SubclusterId,
        actions: &mut Vec<Action>,
    ) {
        if self.is_draining || self.pauses.holds(subcluster) {
            return;
        }
        loop {
            let free = self.partition.free_slots(subcluster);
            let Some(pick) = self.queues.next(now, subcluster, free) else {
                return;
            };
            self.start(now, subcluster, pick, actions);
        }
    }

    /// Starts as many tasks of a job as its turn is for: one, or a whole gang.
    fn start(
        &mut self,
        now: UnixMillis,
        subcluster: SubclusterId,
        pick: Pick,
        actions: &mut Vec<Action>,
    ) {
        let live = self
            .jobs
            .get_mut(&pick.job)
            .expect("who stands in a queue is a known job");
        let (user, timeout_ms) = (live.job.user, live.job.timeout_ms);
        let is_of_gang = live.job.is_gang;
        self.served_last = subcluster;
        for _ in 0..pick.tasks {
            let (id, history) = live
                .next_attempt()
                .expect("who stands in a queue has as many tasks as it stands there with");
            let slot = self.partition.grant(now, subcluster, id);
            let grant = Grant { slot, subcluster };
            live.start(Attempt::new(id, grant, history));
            let holder = Holder {
                user,
                attempt: id,
                is_of_gang,
            };
            self.queues.started(now, subcluster, holder, timeout_ms);
            actions.push(Action::Start {
                attempt: id,
                slot,
                subcluster,
            });
        }
        self.settle(now, pick.job, actions);
    }

    /// Ends attempts for users who have less than a fair share, where that is allowed.
    pub(crate) fn preempt(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        if self.is_draining {
            return self.preemptions.calm_all();
        }
        for subcluster in self.preemptions.allowed() {
            let is_full = self.partition.free_slots(subcluster) == 0;
            let could_help = is_full && self.queues.jobs(subcluster) > 0;
            if !could_help || self.pauses.holds(subcluster) {
                self.preemptions.calm(subcluster);
            } else if self.preemptions.may_happen(now, subcluster) {
                self.preemptions.happened(now, subcluster);
                self.preempt_in(now, subcluster, actions);
            }
        }
    }

    fn preempt_in(&mut self, now: UnixMillis, subcluster: SubclusterId, actions: &mut Vec<Action>) {
        let first = self.queues.next_user(now, subcluster);
        let victim = first.and_then(|user| self.queues.victim(subcluster, user));
        if let Some(victim) = victim
            && let Some(live) = self.jobs.get_mut(&victim.job)
            && let Some(attempt) = live.attempt_mut(victim)
        {
            attempt.stop(StopReason::Preempt, actions);
        }
    }

    /// Something that the user gave back may let the user's tasks start elsewhere too, if a quota held them.
    pub(crate) fn look_again_for(&mut self, user: UserId, subcluster: SubclusterId) {
        self.changed.insert(subcluster);
        self.changed.extend(self.queues.waits_in(user));
    }

    pub(crate) fn look_again_at(&mut self, subcluster: SubclusterId) {
        self.changed.insert(subcluster);
    }

    pub(crate) fn look_again_at_all(&mut self) {
        let all = self.partition.open_subclusters().map(|(id, _)| id);
        self.changed.extend(all);
    }
}
