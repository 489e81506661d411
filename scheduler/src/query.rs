//! Answers to questions, worked out from what the scheduler holds. Nothing here changes anything, and no decision asks
//! here: an answer may take as long as there are nodes, or jobs in a queue.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use crate::attempt::{Attempt, AttemptState};
use crate::live_job::LiveJob;
use crate::partition::{NodeStanding, SubclusterStanding};
use crate::queues::{Hold, Wait};
use crate::scheduler::Scheduler;
use crate::view::{AttemptView, JobView, NodeView, PoolView, SubclusterView, UserView, Waiting};
use crate::{JobId, NodeExplanation, NodeId, SubclusterId, UnixMillis, UserId};

impl Scheduler {
    /// How a job stands; nothing when it is unknown, or settled and released.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<JobView> {
        self.jobs.get(&id).map(|live| view_of_job(live))
    }

    /// What a user holds.
    #[must_use]
    pub fn user(&self, id: UserId) -> UserView {
        let held = self.queues.held(id);
        UserView {
            slots: held.slots,
            amount: held.amount,
            unsettled: self.tallies.of(id),
        }
    }

    /// The attempts of a job that hold a slot, by task.
    pub fn attempts(&self, id: JobId) -> impl Iterator<Item = AttemptView> {
        self.jobs
            .get(&id)
            .into_iter()
            .flat_map(|live| live.attempts())
            .map(view_of_attempt)
    }

    /// Why tasks of a job wait; nothing when none does. When several reasons hold, the one that would hold longest.
    #[must_use]
    pub fn waiting(&self, now: UnixMillis, id: JobId) -> Option<Waiting> {
        let live = self.jobs.get(&id)?;
        if !live.waits() {
            return None;
        }
        if self.is_draining {
            return Some(Waiting::Draining);
        }
        if !live.waits_for().is_empty() {
            let jobs = live.waits_for().to_vec();
            return Some(Waiting::Dependency { jobs });
        }
        let Some(subcluster) = live.subcluster() else {
            return self.would_route(now, &live.job).err().map(Waiting::Nowhere);
        };
        if live.ready() > 0 {
            self.waiting_for_slot(now, live, subcluster)
        } else {
            live.pausing()
        }
    }

    /// What the pool looks like.
    #[must_use]
    pub fn pool(&self) -> PoolView {
        PoolView {
            subclusters: self
                .partition
                .subclusters()
                .map(|one| self.view_of_subcluster(&one))
                .collect(),
            nodes: self
                .partition
                .nodes()
                .map(|one| view_of_node(&one))
                .collect(),
            jobs: self.jobs.len() as u64,
            draining: self.is_draining,
        }
    }

    /// Why a node is where it is, and why it is nowhere else.
    #[must_use]
    pub fn explain_node(&self, now: UnixMillis, node: NodeId) -> Option<NodeExplanation> {
        self.partition.explain_node(now, node)
    }

    /// The name of a sub-cluster that is there, leaving ones included.
    #[must_use]
    pub fn subcluster_name(&self, id: SubclusterId) -> Option<&str> {
        self.partition.spec(id).map(|spec| spec.name.as_str())
    }

    /// The most slots that a sub-cluster could have with the nodes that are up, wherever those are now.
    #[must_use]
    pub fn slots_ever(&self, id: SubclusterId) -> u64 {
        self.partition.slots_ever(id)
    }

    /// The names of all sub-clusters that are there, leaving ones included.
    #[must_use]
    pub fn subcluster_names(&self) -> BTreeMap<SubclusterId, String> {
        let all = self.partition.subclusters();
        all.map(|one| (one.id, one.spec.name.clone())).collect()
    }

    /// The sub-cluster of that name that the rules have now.
    #[must_use]
    pub fn subcluster_named(&self, name: &str) -> Option<SubclusterId> {
        self.partition.open_subcluster_named(name)
    }

    /// Whether every account adds up: the pool is its sub-clusters, the nodes in none, those that drain and those that are
    /// down, per resource, every slot is held by whom the books say, and queues count on those that will be granted again.
    /// Looks at everything: for tests and simulations.
    ///
    /// # Errors
    /// What does not add up, in a sentence.
    pub fn conservation(&self) -> Result<(), String> {
        self.partition.conservation()?;
        for SubclusterStanding { id, .. } in self.partition.subclusters() {
            let (kept, counted) = (self.queues.to_come(id), self.partition.slots_to_come(id));
            if kept != counted {
                return Err(format!(
                    "{id:?} has {counted} slots that come back, its queue counts on {kept}"
                ));
            }
        }
        Ok(())
    }

    fn waiting_for_slot(
        &self,
        now: UnixMillis,
        live: &LiveJob,
        subcluster: SubclusterId,
    ) -> Option<Waiting> {
        if let Some(reason) = self.pauses.reason(subcluster) {
            let reason = reason.to_owned();
            return Some(Waiting::Paused { subcluster, reason });
        }
        let slots = self.partition.slots(subcluster);
        if slots.total == 0 {
            return Some(Waiting::NoSlots { subcluster });
        }
        let wait = self
            .queues
            .why_waiting(now, subcluster, live.job.id, slots.free)?;
        Some(waiting(subcluster, slots.total, wait))
    }

    fn view_of_subcluster(&self, one: &SubclusterStanding<'_>) -> SubclusterView {
        let id = one.id;
        SubclusterView {
            subcluster: id,
            spec: one.spec.clone(),
            is_leaving: !one.is_declared,
            paused: self.pauses.reason(id).map(ToOwned::to_owned),
            nodes: one.nodes,
            slots: one.slots,
            queued_jobs: self.queues.jobs(id),
            queued_tasks: self.queues.tasks(id),
            expected_wait_ms: one.expected_wait_ms,
            idle_since: one.idle_since,
        }
    }
}

fn view_of_node(one: &NodeStanding<'_>) -> NodeView {
    let spec = one.spec;
    NodeView {
        node: spec.id,
        name: spec.name.clone(),
        host: one.host.to_owned(),
        state: one.state,
        entered_at: one.entered_at,
        capacity: spec.capacity,
        granted: one.granted,
        slots: one.slots,
        priority: spec.priority,
        labels: spec.labels.clone(),
        load_millis: one.load_millis,
        is_healthy: one.is_healthy,
        kept_out: one.kept_out.map(ToOwned::to_owned),
    }
}

fn waiting(subcluster: SubclusterId, slots: u64, wait: Wait) -> Waiting {
    let starts_by = wait.starts_about;
    match wait.hold {
        Hold::Quota { which, held, limit } => Waiting::Quota { which, held, limit },
        Hold::Gang { wants, free } => Waiting::Gang {
            subcluster,
            wants,
            free,
            starts_by,
        },
        Hold::Reservation { holder, at } => Waiting::Reservation {
            subcluster,
            holder,
            at,
        },
        Hold::Behind { jobs, tasks, users } => Waiting::Behind {
            subcluster,
            slots,
            jobs,
            tasks,
            users,
            starts_by,
        },
    }
}

fn view_of_job(live: &LiveJob) -> JobView {
    let mut view = JobView {
        subcluster: live.subcluster(),
        routed_by: live.home.as_ref().map(|home| home.by.clone()),
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
        slot: attempt.grant.slot,
        subcluster: attempt.grant.subcluster,
    }
}
