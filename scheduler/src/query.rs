//! Answers to questions, worked out from what the scheduler holds. Nothing here changes anything, and no decision asks
//! here: an answer may take as long as there are nodes, or jobs in a queue.

use alloc::vec::Vec;

use crate::attempt::{Attempt, AttemptState};
use crate::live_job::LiveJob;
use crate::queue::Turn;
use crate::scheduler::Scheduler;
use crate::subcluster::Subcluster;
use crate::view::{AttemptView, JobView, NodeView, PoolView, SubclusterView, Waiting};
use crate::{JobId, Resources, SubclusterId};

impl Scheduler {
    /// How a job stands; nothing when it is unknown, or settled and released.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<JobView> {
        self.jobs.get(&id).map(view_of_job)
    }

    /// The attempts of a job that hold a slot, by task.
    pub fn attempts(&self, id: JobId) -> impl Iterator<Item = AttemptView> {
        self.jobs
            .get(&id)
            .into_iter()
            .flat_map(LiveJob::attempts)
            .map(view_of_attempt)
    }

    /// Why tasks of a job wait; nothing when none does. When several reasons hold, the one that would hold longest.
    #[must_use]
    pub fn waiting(&self, id: JobId) -> Option<Waiting> {
        let live = self.jobs.get(&id)?;
        if live.ready() + live.not_yet_ready() == 0 {
            return None;
        }
        if self.is_draining {
            return Some(Waiting::Draining);
        }
        let Some(subcluster) = live.subcluster else {
            return Some(Waiting::NoSlotFits {
                asked: live.job.want,
                largest: self.largest_slot(),
            });
        };
        if live.ready() > 0 {
            Some(self.waiting_for_slot(live, subcluster))
        } else {
            live.pausing()
        }
    }

    /// What the pool looks like.
    #[must_use]
    pub fn pool(&self) -> PoolView {
        let nodes: Vec<NodeView> = self.view_of_nodes().collect();
        let subclusters = self.pool.subclusters();
        PoolView {
            subclusters: subclusters
                .map(|(id, one)| view_of_subcluster(id, one, &nodes))
                .collect(),
            nodes,
            jobs: self.jobs.len() as u64,
            draining: self.is_draining,
        }
    }

    fn waiting_for_slot(&self, live: &LiveJob, id: SubclusterId) -> Waiting {
        let subcluster = self.pool.subcluster(id);
        let slots = subcluster.slots().total;
        if slots == 0 {
            return Waiting::NoSlots { subcluster: id };
        }
        let ahead = subcluster.queue.ahead_of(Turn::of(&live.job));
        Waiting::PoolFull {
            subcluster: id,
            slots,
            jobs_ahead: ahead.jobs,
            tasks_ahead: ahead.tasks,
        }
    }

    fn view_of_nodes(&self) -> impl Iterator<Item = NodeView> {
        self.pool.nodes().map(|(node, account)| {
            let subcluster = self.pool.home_of(node);
            let slots = subcluster.and_then(|id| self.pool.subcluster(id).slots_of(node));
            NodeView {
                node,
                subcluster,
                capacity: account.capacity(),
                granted: account.granted(),
                slots: slots.unwrap_or_default(),
            }
        })
    }
}

fn view_of_job(live: &LiveJob) -> JobView {
    let mut view = JobView {
        subcluster: live.subcluster,
        queued: live.ready(),
        retrying: live.not_yet_ready(),
        ..JobView::default()
    };
    for attempt in live.attempts() {
        match attempt.state() {
            AttemptState::Starting => view.starting += 1,
            AttemptState::Running => view.running += 1,
            AttemptState::Stopping => view.stopping += 1,
            AttemptState::Finished => view.reclaiming += 1,
        }
    }
    view
}

fn view_of_attempt(attempt: &Attempt) -> AttemptView {
    AttemptView {
        attempt: attempt.id,
        state: attempt.state(),
        slot: attempt.slot,
    }
}

fn view_of_subcluster(id: SubclusterId, one: &Subcluster, nodes: &[NodeView]) -> SubclusterView {
    let members = || nodes.iter().filter(|node| node.subcluster == Some(id));
    SubclusterView {
        subcluster: id,
        name: one.name.clone(),
        slot: one.slot,
        nodes: members().count() as u64,
        capacity: members()
            .map(|node| node.capacity)
            .fold(Resources::default(), Resources::plus),
        granted: members()
            .map(|node| node.granted)
            .fold(Resources::default(), Resources::plus),
        slots: one.slots(),
        queued_jobs: one.queue.jobs(),
        queued_tasks: one.queue.tasks(),
    }
}
