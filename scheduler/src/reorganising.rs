//! What the flow of nodes means for jobs: slots come and go with them, also those that are held, and who is still on a
//! node when its grace is over is told to stop.

use alloc::vec::Vec;

use crate::partition::{Offer, Reorganised};
use crate::scheduler::Scheduler;
use crate::{Action, AttemptId, JobId, NodeMove, NodeState, StopReason, SubclusterId, UnixMillis};

impl Scheduler {
    /// Lets nodes leave and join as the rules say, and takes down where they went.
    pub(crate) fn reorganise(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        if self.partition.is_at_rest(now) {
            return;
        }
        let mut outcome = Reorganised::default();
        self.partition.reorganise(now, &mut outcome);
        let came_up = |moved: &NodeMove| moved.from == NodeState::Down;
        let has_news = outcome.moves.iter().any(came_up);
        self.changed.extend(outcome.resized);
        actions.extend(outcome.moves.into_iter().map(Action::NodeMoved));
        if has_news {
            self.find_homes(now, actions);
        }
        for (id, offer) in outcome.reoffered {
            self.tell_of_offer(id, offer);
        }
        for (id, _) in outcome.evicted {
            let live = self.jobs.get_mut(&id.job);
            if let Some(attempt) = live.and_then(|live| live.attempt_mut(id)) {
                attempt.stop(StopReason::Drain, actions);
            }
        }
        for subcluster in outcome.gone {
            self.queues.close(subcluster);
            self.paces.forget(subcluster);
            self.pauses.end(subcluster);
            self.preemptions.forget(subcluster);
            self.changed.remove(subcluster);
            actions.push(Action::SubclusterGone(subcluster));
        }
    }

    /// Tells the queue whether it may count on the slot of an attempt. Of nodes it knows nothing.
    fn tell_of_offer(&mut self, id: AttemptId, offer: Offer) {
        let live = self.jobs.get_mut(&id.job);
        let Some(attempt) = live.and_then(|live| live.attempt_mut(id)) else {
            return;
        };
        let subcluster = attempt.grant.subcluster;
        match offer {
            Offer::Open => self.queues.count_in(subcluster, id),
            Offer::Withheld => self.queues.count_out(subcluster, id),
        }
    }

    /// Jobs without a home may have one now: a node that came up has the slots, or a rule reads other terms of a user.
    pub(crate) fn find_homes(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        let homeless: Vec<JobId> = self.homeless.iter().copied().collect();
        for id in homeless {
            self.find_home(now, id, actions);
        }
    }

    /// Tells the partition how long the queue of a sub-cluster is: rules read it.
    pub(crate) fn tell_of_queue(&mut self, now: UnixMillis, subcluster: SubclusterId) {
        let queued = self.queues.tasks(subcluster);
        let slots = self.partition.slots(subcluster);
        let wait_ms = self
            .paces
            .expected_wait_ms(subcluster, queued, slots.total, slots.free);
        self.partition
            .subcluster_load(now, subcluster, queued, wait_ms);
    }
}
