//! The world around the scheduler: one deed after another, each told to the scheduler and judged by the model.

use std::collections::{BTreeMap, VecDeque};

use sublet_scheduler::rules::{Rule, RuleKind};
use sublet_scheduler::*;

use crate::faults::Fault;
use crate::model::{Checked, JobModel, Model, SLOT, Task, ensure};
use crate::random::Random;

type Deed = fn(&mut World) -> Checked;

/// What may happen next, and how often it does.
const DEEDS: &[(&str, u32, Deed)] = &[
    ("submit", 70, World::submit),
    ("start", 200, World::start),
    ("exit", 200, World::exit),
    ("reclaim", 200, World::reclaim),
    ("kill a worker", 10, World::kill_worker),
    ("cancel a job", 8, World::cancel_job),
    ("cancel a task", 25, World::cancel_task),
    ("retry by a user", 25, World::retry),
    ("repeat a message", 60, World::repeat),
    ("repeat a submission", 8, World::repeat_submission),
    ("pass time", 60, World::pass_time),
    ("withdraw", 10, World::withdraw),
    ("withdraw too late", 5, World::withdraw_too_late),
    ("join a node", 5, World::join_node),
    ("drain", 3, World::drain),
    ("restart", 8, World::restart),
];

pub(crate) const QUEUED_TASKS_MAX: u64 = 1_000_050;

pub(crate) struct World {
    pub(crate) random: Random,
    fault: Fault,
    pub(crate) now: UnixMillis,
    pub(crate) scheduler: Scheduler,
    pub(crate) model: Model,
    pub(crate) jobs: u64,
    /// What workers said, to be said again.
    pub(crate) said: VecDeque<Event>,
    log: VecDeque<String>,
    hash: u64,
    counts: BTreeMap<&'static str, u32>,
}

impl World {
    pub(crate) fn new(seed: u64, fault: Fault) -> Self {
        Self {
            random: Random::new(seed),
            fault,
            now: UnixMillis(1_000),
            scheduler: new_scheduler(),
            model: Model::default(),
            jobs: 0,
            said: VecDeque::new(),
            log: VecDeque::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            counts: DEEDS.iter().map(|(name, ..)| (*name, 0)).collect(),
        }
    }

    /// Lets so many things happen.
    pub(crate) fn play(&mut self, steps: u32) -> Checked {
        self.node(0, 3)?;
        let weights = DEEDS.iter().map(|(_, weight, _)| weight).sum();
        for _ in 0..steps {
            let mut chance = self.random.below(weights);
            let (_, _, deed) = DEEDS
                .iter()
                .find(|(_, weight, _)| {
                    let is_it = chance < *weight;
                    chance = chance.saturating_sub(*weight);
                    is_it
                })
                .expect("the chance is below the sum");
            deed(self)?;
        }
        Ok(())
    }

    /// No more faults: everything that runs ends, everything that ended is released, and time goes on.
    pub(crate) fn come_to_rest(&mut self) -> Checked {
        if self.model.draining {
            self.restart()?;
        }
        let huge = self
            .model
            .jobs
            .values()
            .filter(|model| model.fresh_count() > 1_000);
        for job in huge.map(|model| model.job.id).collect::<Vec<_>>() {
            self.tell(&Event::CancelAsked { job, task: None })?;
        }
        for _ in 0..100_000 {
            if let Some(id) = self.over().first() {
                self.tell(&Event::Reclaimed(*id))?;
            } else if let Some((id, _)) = self.live().first() {
                let outcome = self.outcome();
                self.tell(&Event::Exited {
                    attempt: *id,
                    outcome,
                })?;
            } else if let Some(alarm) = self.model.alarm {
                self.now = self.now.max(alarm);
                self.tell(&Event::TimePassed)?;
            } else {
                break;
            }
        }
        let left = || format!("{:?}, {:?}", self.model.jobs, self.scheduler.pool());
        ensure(
            self.model.jobs.is_empty() && self.scheduler.is_idle(),
            "liveness",
            left,
        )
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) const fn counts(&self) -> &BTreeMap<&'static str, u32> {
        &self.counts
    }

    pub(crate) fn last_events(&self) -> String {
        self.log.iter().map(|line| format!("{line}\n")).collect()
    }

    pub(crate) fn tell(&mut self, event: &Event) -> Checked {
        let mut actions = Vec::new();
        if !self.fault.loses(event, &self.model) {
            self.scheduler.handle(self.now, event.clone(), &mut actions);
        }
        self.fault.spoil(&mut actions, &self.model);
        let line = format!("{} {event:?} -> {actions:?}", self.now.0);
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.log.push_back(line);
        if self.log.len() > 12 {
            self.log.pop_front();
        }
        self.model.judge(self.now, event, &actions)?;
        self.model.compare(&self.scheduler)
    }

    /// Something a worker says, which may be said again later.
    pub(crate) fn say(&mut self, event: Event) -> Checked {
        self.tell(&event)?;
        self.said.push_back(event);
        if self.said.len() > 200 {
            self.said.pop_front();
        }
        Ok(())
    }

    pub(crate) fn count(&mut self, deed: &'static str) {
        *self.counts.get_mut(deed).expect("it is one of the deeds") += 1;
    }

    pub(crate) fn node(&mut self, node: u32, slots: u32) -> Checked {
        let capacity = Resources {
            cpu_millis: SLOT.cpu_millis * u64::from(slots) + 20,
            memory_bytes: SLOT.memory_bytes * u64::from(slots) + 20,
        };
        self.host(node, capacity)
    }

    /// Each host has one node.
    pub(crate) fn host(&mut self, node: u32, capacity: Resources) -> Checked {
        let spec = NodeSpec {
            id: NodeId(node),
            name: format!("n{node}"),
            capacity,
            priority: 0,
            labels: BTreeMap::new(),
        };
        self.tell(&Event::HostChanged {
            host: format!("h{node}"),
            capacity,
            nodes: vec![spec],
        })
    }

    pub(crate) fn new_job(&mut self) -> Job {
        self.jobs += 1;
        let first = self.random.below(3);
        let further = match self.random.below(24) {
            0 => 999_999,
            1..=6 => 0,
            _ => self.random.below(20),
        };
        Job {
            id: JobId(self.jobs),
            user: UserId(u64::from(self.random.below(3))),
            tasks: first..=first + further,
            want: SLOT,
            timeout_ms: 30_000,
            is_gang: false,
            generations: 0,
            is_child: false,
            submitted_at: self.now,
            subcluster: None,
            after: vec![],
            said: Said::default(),
            priority: [0, 0, 0, 1, -1][self.random.below(5) as usize],
            restart: match self.random.below(4) {
                0 => Restart::Never,
                1 => Restart::OnLoss,
                _ => Restart::OnFailure {
                    retries: self.random.below(4),
                    backoff_ms: [0, 1, 40, 200_000][self.random.below(4) as usize],
                },
            },
        }
    }

    pub(crate) fn outcome(&mut self) -> Outcome {
        match self.random.below(11) {
            0 => Outcome::Failed(1),
            1 => Outcome::Trapped(TrapKind::Unreachable),
            2 => Outcome::LimitExceeded(Limit::Memory),
            3 => Outcome::Lost(LossReason::Setup),
            4 => Outcome::Cancelled(CancelReason::Asked),
            5 => Outcome::Cancelled(CancelReason::Shutdown),
            _ => Outcome::Succeeded,
        }
    }

    pub(crate) fn of_user(&self, user: UserId) -> impl Iterator<Item = &JobModel> {
        self.model
            .jobs
            .values()
            .filter(move |model| model.job.user == user)
    }

    pub(crate) fn any_job(&mut self) -> Option<JobId> {
        let jobs: Vec<JobId> = self.model.jobs.keys().copied().collect();
        self.random.pick(&jobs)
    }

    pub(crate) fn live(&self) -> Vec<(AttemptId, UserId)> {
        let live = |task: &Task| match *task {
            Task::Live { number, .. } => Some(number),
            Task::Waiting { .. } | Task::Over { .. } => None,
        };
        self.attempts(live)
    }

    pub(crate) fn over(&self) -> Vec<AttemptId> {
        let over = |task: &Task| match *task {
            Task::Over { number, .. } => Some(number),
            Task::Waiting { .. } | Task::Live { .. } => None,
        };
        self.attempts(over).into_iter().map(|(id, _)| id).collect()
    }

    pub(crate) fn attempts(&self, number: fn(&Task) -> Option<u32>) -> Vec<(AttemptId, UserId)> {
        let jobs = self.model.jobs.values();
        jobs.flat_map(|model| {
            model
                .active
                .iter()
                .map(move |(task, state)| (model, *task, state))
        })
        .filter_map(|(model, task, state)| {
            let (job, number) = (model.job.id, number(state)?);
            Some((AttemptId { job, task, number }, model.job.user))
        })
        .collect()
    }
}

pub(crate) fn new_scheduler() -> Scheduler {
    let quota = Quota {
        queued: QUEUED_TASKS_MAX,
        ..Quota::UNLIMITED
    };
    let mut scheduler = Scheduler::new(Config {
        queued_tasks_max: u64::MAX,
        tasks_per_job_max: 1_000_000,
        aging_ms: u64::MAX,
        terms: Terms { weight: 1, quota },
    });
    let everyone = Rule::parse(RuleKind::Entry, "true").expect("it is a rule");
    let rules = RuleSet {
        version: 1,
        subclusters: vec![SubclusterSpec {
            entry: Some(everyone),
            ..SubclusterSpec::new("default", SLOT)
        }],
        ..RuleSet::default()
    };
    scheduler.handle(UnixMillis(0), Event::RulesChanged(rules), &mut vec![]);
    scheduler
}
