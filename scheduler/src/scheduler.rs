//! The whole: what the scheduler holds, and how one event goes through it. Each kind of event has its reaction in
//! `reactions/`; after every reaction the free slots are given out, and the next instant to wake up at is asked for.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::backoff::Backoffs;
use crate::live_job::LiveJob;
use crate::pool::Pool;
use crate::queue::Turn;
use crate::subcluster::SubclusterConfig;
use crate::tally::Tallies;
use crate::{Action, Event, JobId, SubclusterId, UnixMillis};

/// What an operator says once, when the server starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The sub-clusters, in declared order.
    pub subclusters: Vec<SubclusterConfig>,
    /// Tasks that one user may have queued, running ones included, so that starting some does not make room for more.
    pub queued_tasks_max: u64,
    /// Tasks that one job may have.
    pub tasks_per_job_max: u32,
}

/// Decides which attempt of which task runs in which slot.
#[derive(Debug)]
pub struct Scheduler {
    pub(crate) queued_tasks_max: u64,
    pub(crate) tasks_per_job_max: u32,
    pub(crate) pool: Pool,
    pub(crate) jobs: BTreeMap<JobId, LiveJob>,
    pub(crate) tallies: Tallies,
    pub(crate) backoffs: Backoffs,
    pub(crate) is_draining: bool,
}

impl Scheduler {
    /// A scheduler without any node.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            queued_tasks_max: config.queued_tasks_max,
            tasks_per_job_max: config.tasks_per_job_max,
            pool: Pool::new(config.subclusters),
            jobs: BTreeMap::new(),
            tallies: Tallies::default(),
            backoffs: Backoffs::default(),
            is_draining: false,
        }
    }

    /// Takes note of an event and adds what follows from it to `actions`, to be carried out in that order.
    ///
    /// An event that speaks of something unknown, or that came before, changes nothing: messages of workers and users
    /// may arrive late or twice. Only the facts that the owner of the scheduler makes itself ([`Event::Submitted`],
    /// [`Event::Resumed`], [`Event::Withdrawn`]) are taken at their word once a job has been forgotten.
    pub fn handle(&mut self, now: UnixMillis, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::NodeJoined { node, capacity } => self.pool.join(node, capacity),
            Event::Submitted(job) => self.submitted(job, actions),
            Event::Resumed(resumption) => self.resumed(now, resumption, actions),
            Event::Withdrawn(job) => self.withdrawn(job),
            Event::Started(attempt) => self.started(attempt),
            Event::Exited { attempt, outcome } => self.exited(now, attempt, outcome, actions),
            Event::Reclaimed(attempt) => self.reclaimed(now, attempt, actions),
            Event::CancelAsked { job, task: None } => self.cancel_job(job, actions),
            Event::CancelAsked {
                job,
                task: Some(task),
            } => self.cancel_task(job, task, actions),
            Event::DrainAsked => self.is_draining = true,
            Event::GraceEnded => self.grace_ended(actions),
            Event::TimePassed => self.time_passed(now, actions),
        }
        self.give_out_slots(actions);
        actions.extend(self.backoffs.ask().map(Action::WakeAt));
    }

    /// Whether no attempt holds a slot. Tasks may still wait, when no slot suits them or while the server drains.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pool.is_idle()
    }

    /// Starts tasks until no free slot is left or nobody wants one.
    fn give_out_slots(&mut self, actions: &mut Vec<Action>) {
        if self.is_draining {
            return;
        }
        while let Some(subcluster) = self.pool.first_that_can_start() {
            self.start_next(subcluster, actions);
        }
    }

    /// Starts the task whose turn it is.
    fn start_next(&mut self, subcluster: SubclusterId, actions: &mut Vec<Action>) {
        let job = self
            .pool
            .subcluster(subcluster)
            .queue
            .first()
            .expect("somebody is in the queue");
        let live = self
            .jobs
            .get_mut(&job)
            .expect("who stands in the queue is a known job");
        let (attempt, history) = live
            .next_attempt()
            .expect("who stands in the queue has a task");
        let slot = self.pool.grant(subcluster, attempt);
        live.start(attempt, history, slot);
        actions.push(Action::Start {
            attempt,
            slot,
            subcluster,
        });
        self.settle(job, actions);
    }

    /// Brings everything that is worked out from a job up to date. To be called after each change of the job.
    ///
    /// The job is announced as finished with the end of its last task, while slots may still have to be released: its
    /// end and that of its last task are then one record. It is forgotten when the last slot is free.
    pub(crate) fn settle(&mut self, id: JobId, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get_mut(&id) else {
            return;
        };
        if let Some(subcluster) = live.subcluster {
            let queue = &mut self.pool.subcluster_mut(subcluster).queue;
            queue.set(Turn::of(&live.job), live.ready());
        }
        let unsettled = live.unsettled();
        self.tallies.change(live.job.user, live.tallied, unsettled);
        live.tallied = unsettled;
        if unsettled == 0 && !live.is_announced {
            actions.push(Action::JobFinished(id));
        }
        live.is_announced = unsettled == 0;
        if live.is_gone() {
            self.jobs.remove(&id);
        }
    }
}
