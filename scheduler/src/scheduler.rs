//! The whole: what the scheduler holds, and how one event goes through it. Each kind of event has its reaction in
//! `reactions/`; after every reaction the nodes are reorganised and the free slots given out, until both are at rest.

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use crate::alarms::Alarms;
use crate::changed::Changed;
use crate::dependents::Dependents;
use crate::live_job::LiveJob;
use crate::pace::Paces;
use crate::partition::Partition;
use crate::pauses::Pauses;
use crate::preemption::Preemptions;
use crate::queues::Queues;
use crate::routing::Router;
use crate::shelf::Shelf;
use crate::tally::Tallies;
use crate::users::Users;
use crate::{Action, Event, JobId, RuleSet, SubclusterId, Terms, UnixMillis};

/// What an operator says once, when the server starts. Everything else comes as events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Tasks of all users together that may be queued or running.
    pub queued_tasks_max: u64,
    /// Tasks that one job may have.
    pub tasks_per_job_max: u32,
    /// After waiting so long a job goes before every younger one of its user, whatever their priorities.
    pub aging_ms: u64,
    /// What holds for a user of whom nothing else is said.
    pub terms: Terms,
}

/// Decides which attempt of which task runs in which slot, and which node is in which sub-cluster.
#[derive(Clone, Debug)]
pub struct Scheduler {
    pub(crate) config: Config,
    pub(crate) rules: RuleSet,
    pub(crate) router: Router,
    pub(crate) partition: Partition,
    pub(crate) pauses: Pauses,
    pub(crate) queues: Queues,
    pub(crate) users: Users,
    pub(crate) tallies: Tallies,
    pub(crate) paces: Paces,
    pub(crate) jobs: Shelf<JobId, Box<LiveJob>>,
    /// Jobs that no sub-cluster takes, for now.
    pub(crate) homeless: BTreeSet<JobId>,
    pub(crate) dependents: Dependents,
    /// Jobs that are over, and whether all of their tasks succeeded, until those that waited for them are told.
    pub(crate) over: VecDeque<(JobId, bool)>,
    pub(crate) preemptions: Preemptions,
    pub(crate) alarms: Alarms,
    /// Sub-clusters whose queue or whose free slots changed since they were last looked at.
    pub(crate) changed: Changed,
    /// Where a task was started last: the others come first next time.
    pub(crate) served_last: SubclusterId,
    pub(crate) is_draining: bool,
}

impl Scheduler {
    /// A scheduler without any rule, host or user.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            rules: RuleSet::default(),
            router: Router::default(),
            partition: Partition::new(),
            pauses: Pauses::default(),
            queues: Queues::new(config.terms, config.aging_ms),
            users: Users::default(),
            tallies: Tallies::default(),
            paces: Paces::default(),
            jobs: Shelf::default(),
            homeless: BTreeSet::new(),
            dependents: Dependents::default(),
            over: VecDeque::new(),
            preemptions: Preemptions::default(),
            alarms: Alarms::default(),
            changed: Changed::default(),
            served_last: SubclusterId(0),
            is_draining: false,
        }
    }

    /// Takes note of an event and adds what follows from it to `actions`, to be carried out in that order.
    ///
    /// An event that speaks of something unknown, or that came before, changes nothing: messages of workers and users
    /// may arrive late or twice. Only the facts that the owner of the scheduler makes itself ([`Event::Submitted`],
    /// [`Event::Resumed`], [`Event::Withdrawn`]) are taken at their word once a job has been forgotten.
    pub fn handle(&mut self, now: UnixMillis, event: Event, actions: &mut Vec<Action>) {
        self.react(now, event, actions);
        self.tell_dependents(now, actions);
        self.come_to_rest(now, actions);
        self.preempt(now, actions);
        self.ask_for_wake_up(actions);
    }

    /// The rules that hold.
    #[must_use]
    pub const fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Whether no attempt holds a slot. Tasks may still wait, when no slot suits them or while the server drains.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.partition.is_idle()
    }

    fn react(&mut self, now: UnixMillis, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::RulesChanged(rules) => self.rules_changed(now, rules, actions),
            Event::HostChanged {
                host,
                capacity,
                nodes,
            } => self.host_changed(now, &host, capacity, nodes),
            Event::HostLost { host } => self.host_lost(now, &host, actions),
            Event::NodeFacts {
                node,
                load_millis,
                is_healthy,
            } => self.node_facts(node, load_millis, is_healthy),
            Event::NodeLabelled { node, labels } => self.partition.label(node, labels),
            Event::NodeDrainAsked {
                node,
                reason,
                grace_ms,
            } => self.partition.drain_node(now, node, reason, grace_ms),
            Event::NodeResumed { node } => self.partition.resume_node(now, node),
            Event::SubclusterPaused { subcluster, reason } => self.pause(subcluster, reason),
            Event::SubclusterResumed { subcluster } => self.unpause(subcluster),
            Event::UserTerms {
                user,
                name,
                role,
                terms,
            } => {
                self.user_terms(user, name, role, terms);
                self.find_homes(now, actions);
            }
            Event::Submitted(job) => self.submitted(now, job, actions),
            Event::Resumed(resumption) => self.resumed(now, resumption, actions),
            Event::Withdrawn(job) => self.withdrawn(now, job, actions),
            Event::Started(attempt) => self.started(attempt),
            Event::Exited { attempt, outcome } => self.exited(now, attempt, outcome, actions),
            Event::Reclaimed(attempt) => self.reclaimed(now, attempt, actions),
            Event::CancelAsked { job, task: None } => self.cancel_job(now, job, actions),
            Event::CancelAsked {
                job,
                task: Some(task),
            } => self.cancel_task(now, job, task, actions),
            Event::DependencyBroken(job) => self.give_up(now, job, actions),
            Event::Barred(job) => self.bar(now, job, actions),
            Event::DrainAsked => self.is_draining = true,
            Event::GraceEnded => self.grace_ended(actions),
            Event::TimePassed => self.time_passed(now, actions),
        }
    }

    /// A slot that came back may let its node leave, and a node that came may have slots to give: both again, until
    /// neither changes anything. It ends because each node has a bound on its moves and each start takes a task.
    fn come_to_rest(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        loop {
            let changed = self.changed.take();
            for &subcluster in &changed {
                self.tell_of_queue(now, subcluster);
            }
            self.reorganise(now, actions);
            // What a user at the quota gives back is for the next sub-cluster in turn, not always for the first.
            let last = self.served_last;
            let (first, others) = changed.split_at(changed.partition_point(|&id| id <= last));
            for &subcluster in others.iter().chain(first) {
                self.give_out_slots(now, subcluster, actions);
            }
            self.changed.bring_back(changed);
            if self.changed.is_empty() {
                return;
            }
        }
    }

    /// Asks to be woken at the earliest instant that anything waits for.
    fn ask_for_wake_up(&mut self, actions: &mut Vec<Action>) {
        let others = [self.partition.next_wake(), self.preemptions.next_wake()];
        let earliest = others.into_iter().flatten().min();
        actions.extend(self.alarms.ask(earliest).map(Action::WakeAt));
    }

    /// Brings everything that is worked out from a job up to date. To be called after each change of the job.
    ///
    /// The job is announced as finished with the end of its last task, while slots may still have to be released: its
    /// end and that of its last task are then one record. It is forgotten when the last slot is free.
    pub(crate) fn settle(&mut self, now: UnixMillis, id: JobId, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get_mut(&id) else {
            return;
        };
        stand_in_queue(live, &mut self.queues, &mut self.changed);
        let unsettled = live.unsettled();
        let before = core::mem::replace(&mut live.tallied, unsettled);
        let is_over = unsettled == 0 && !live.is_announced;
        live.is_announced = unsettled == 0;
        let (user, all_succeeded, is_gone) = (live.job.user, live.all_succeeded, live.is_gone());
        self.tallies.change(user, before, unsettled);
        if unsettled < before {
            self.paces.settled(now, before - unsettled);
        }
        if is_over {
            actions.push(Action::JobFinished(id));
            self.over.push_back((id, all_succeeded));
        }
        if is_gone {
            self.jobs.remove(&id);
            self.homeless.remove(&id);
        }
    }

    /// Has the job stand in the queue of its sub-cluster with as many tasks as are ready.
    pub(crate) fn queue_up(&mut self, id: JobId) {
        if let Some(live) = self.jobs.get(&id) {
            stand_in_queue(live, &mut self.queues, &mut self.changed);
        }
    }
}

fn stand_in_queue(live: &LiveJob, queues: &mut Queues, changed: &mut Changed) {
    if let Some(subcluster) = live.subcluster() {
        queues.set(subcluster, &live.entry(), live.ready());
        changed.insert(subcluster);
    }
}
