//! The same events give the same actions, wherever they are told, and a plan is what then happens.
//!
//! Worlds are random; a failure prints its seed.

use std::collections::BTreeMap;

use sublet_scheduler::*;

use crate::notation::Stage;

const WORLDS: u64 = 60;

/// Texts of rules, of which some chase nodes from one sub-cluster to another.
const RULES: [&str; 8] = [
    "rules a; b",
    "rules a max=2; b weight=3; c entry={node.load > 0.5}",
    "rules a entry={node.load < 0.5} exit={node.load > 0.8} grace=0; b exit={node.load < 0.3}",
    "rules a exit={node.running == 0 && node.dwell > 2s}; b accept={job.tasks < 3} preemption=on",
    "rules b slot=100:64; c slot=50:128 min=1",
    "rules a min=1 exit={sub.queued == 0 && sub.idle > 1s}; c entry={node.slots_free < 1 || node.healthy}",
    "rules a; b; route big {job.tasks > 2} -> b; class rest {true} -> a:2 b:1",
    "rules c accept={job.priority > 0} dwell=3000; a entry={!has(node.labels.disk)} exit={has(node.labels.disk)}",
];

/// A world that chance plays, with everything that it was told.
struct Played {
    stage: Stage,
    seed: u64,
    chance: u64,
    jobs: u32,
    live: Vec<AttemptId>,
    over: Vec<AttemptId>,
    log: Vec<(UnixMillis, Event)>,
    answers: Vec<Action>,
}

impl Played {
    fn new(seed: u64, steps: u32) -> Self {
        let mut played = Self {
            stage: Stage::new(),
            seed,
            chance: seed,
            jobs: 0,
            live: vec![],
            over: vec![],
            log: vec![],
            answers: vec![],
        };
        for host in 0..3 {
            played.host(host);
        }
        for _ in 0..steps {
            played.step();
        }
        played
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn step(&mut self) {
        match self.below(16) {
            0 => self.rules_changed(),
            1 => {
                let host = self.below(3);
                self.host(host);
            }
            2 => {
                let host = format!("h{}", self.below(3));
                self.tell(Event::HostLost { host });
            }
            3 | 4 => self.see(),
            5 => self.drain_or_resume(),
            6..=9 => self.submit(),
            10..=12 => self.exit(),
            13 | 14 => self.reclaim(),
            _ => {
                self.stage.now = self.stage.now.plus(1 + self.below(3_000));
                self.tell(Event::TimePassed);
            }
        }
        self.stage.now = self.stage.now.plus(self.below(20));
    }

    fn some_rules(&mut self) -> RuleSet {
        let text = RULES[usize::try_from(self.below(8)).expect("it is small")];
        let version = 2 + self.log.len() as u64;
        crate::pool::rules(version, text.trim_start_matches("rules"))
    }

    /// The plan says beforehand what the change does.
    fn rules_changed(&mut self) {
        let rules = self.some_rules();
        let plan = self.stage.scheduler.plan(self.stage.now, rules.clone());
        let before = self.answers.len();
        self.tell(Event::RulesChanged(rules));
        let moves: Vec<&NodeMove> = self.answers[before..]
            .iter()
            .filter_map(|action| match action {
                Action::NodeMoved(moved) => Some(moved),
                _ => None,
            })
            .collect();
        assert_eq!(
            plan.moves.iter().collect::<Vec<_>>(),
            moves,
            "seed {}",
            self.seed
        );
        for id in plan.homeless {
            let waits = self.stage.scheduler.waiting(self.stage.now, id);
            assert!(
                matches!(waits, Some(Waiting::Nowhere(_))),
                "seed {}: {id:?} {waits:?}",
                self.seed
            );
        }
    }

    fn host(&mut self, host: u64) {
        let first = u32::try_from(host).expect("it is small") * 4;
        let listed = 1 + u32::try_from(self.below(4)).expect("it is small");
        let of_slots = |slots: u64| Resources {
            cpu_millis: 50 * slots,
            memory_bytes: (64 << 20) * slots,
        };
        let mut nodes = vec![];
        for id in first..first + listed {
            nodes.push(NodeSpec {
                id: NodeId(id),
                name: format!("n{id}"),
                capacity: of_slots(1 + self.below(4)),
                priority: 0,
                labels: BTreeMap::new(),
            });
        }
        let capacity = of_slots(2 + self.below(12));
        self.tell(Event::HostChanged {
            host: format!("h{host}"),
            capacity,
            nodes,
        });
    }

    fn node(&mut self) -> NodeId {
        NodeId(u32::try_from(self.below(12)).expect("it is small"))
    }

    fn see(&mut self) {
        let (node, load_millis) = (self.node(), self.below(10) * 100);
        let is_healthy = self.below(6) > 0;
        self.tell(Event::NodeFacts {
            node,
            load_millis,
            is_healthy,
        });
    }

    fn drain_or_resume(&mut self) {
        let node = self.node();
        let event = if self.below(2) == 0 {
            Event::NodeResumed { node }
        } else {
            Event::NodeDrainAsked {
                node,
                reason: "disk".to_owned(),
                grace_ms: Some(self.below(2) * 500),
            }
        };
        self.tell(event);
    }

    fn submit(&mut self) {
        self.jobs += 1;
        let (tasks, user) = (1 + self.below(4), self.below(3));
        let words = [
            format!("j{}*{tasks}", self.jobs),
            format!("user={user}"),
            format!("priority={}", self.below(2)),
        ];
        let mut job = self.stage.job_of(&words.each_ref().map(String::as_str));
        job.is_gang = self.below(4) == 0;
        if self.stage.scheduler.admit(self.stage.now, &job).is_ok() {
            self.tell(Event::Submitted(job));
        }
    }

    fn exit(&mut self) {
        if self.live.is_empty() {
            return;
        }
        let place = usize::try_from(self.below(self.live.len() as u64)).expect("it is small");
        let attempt = self.live.swap_remove(place);
        self.over.push(attempt);
        let outcome = [
            Outcome::Succeeded,
            Outcome::Lost(LossReason::Worker),
            Outcome::Cancelled(CancelReason::Drained),
        ][usize::try_from(self.below(3)).expect("it is small")];
        self.tell(Event::Exited { attempt, outcome });
    }

    fn reclaim(&mut self) {
        if let Some(attempt) = self.over.pop() {
            self.tell(Event::Reclaimed(attempt));
        }
    }

    fn tell(&mut self, event: Event) {
        let before = self.answers.len();
        self.log.push((self.stage.now, event.clone()));
        self.stage
            .scheduler
            .handle(self.stage.now, event, &mut self.answers);
        for action in &self.answers[before..] {
            if let Action::Start {
                attempt,
                slot,
                subcluster,
            } = action
            {
                self.live.push(*attempt);
                let pool = self.stage.scheduler.pool();
                let is_there = pool.nodes.iter().any(|one| one.node == slot.node);
                assert!(
                    is_there
                        && pool
                            .subclusters
                            .iter()
                            .any(|one| one.subcluster == *subcluster)
                );
            }
        }
        let kept = self.stage.scheduler.conservation();
        assert_eq!(kept, Ok(()), "seed {}: {:?}", self.seed, self.log.last());
        self.nothing_is_left_that_fits();
    }

    /// F1, where nobody is held back by a quota: with a free slot there is no queue, but for gangs and who waits for them.
    fn nothing_is_left_that_fits(&self) {
        let scheduler = &self.stage.scheduler;
        for one in scheduler.pool().subclusters {
            if one.slots.free == 0 || one.queued_jobs == 0 {
                continue;
            }
            for job in self.stage.jobs.values() {
                let view = scheduler.job(job.id);
                let waits_here = view
                    .is_some_and(|view| view.subcluster == Some(one.subcluster) && view.queued > 0);
                if waits_here {
                    let why = scheduler.waiting(self.stage.now, job.id);
                    let is_held = matches!(
                        why,
                        Some(Waiting::Gang { .. } | Waiting::Reservation { .. })
                    );
                    assert!(is_held, "seed {}: {:?} {why:?}", self.seed, job.id);
                }
            }
        }
    }
}

#[test]
fn i20_m01_a_recorded_log_told_to_another_scheduler_gives_the_same_actions() {
    for seed in 0..WORLDS {
        let played = Played::new(seed, 150);
        let mut other = Stage::new().scheduler;
        let mut answers = vec![];
        for (now, event) in played.log {
            other.handle(now, event, &mut answers);
        }
        assert!(answers == played.answers, "seed {seed}");
        let starts = answers
            .iter()
            .filter(|one| matches!(one, Action::Start { .. }));
        assert!(starts.count() > 0, "seed {seed}: nothing started");
    }
}

#[test]
fn i19_f01_x01_a_plan_is_what_then_happens_and_nothing_is_lost_in_random_worlds() {
    for seed in WORLDS..4 * WORLDS {
        Played::new(seed, 200);
    }
}
