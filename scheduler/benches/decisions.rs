//! What a decision costs, and how that grows: with the queue, with users, with sub-clusters, with nodes.
//!
//! ```sh
//! cargo bench -p sublet-scheduler --bench decisions
//! ```
//!
//! A decision is an attempt that starts: one ends, its slot is released, its node's rules are asked, and the next task of
//! whoever is next gets the slot. Each row is the median of several runs, one after the other in the same world, which stays
//! as full as it is: to fill it with a million jobs takes longer than all runs. Growth is against the first row of its table.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use sublet_scheduler::rules::{Facts, NodeFacts, Rule, RuleKind, SubclusterFacts};
use sublet_scheduler::*;

const MIB: u64 = 1 << 20;
const SLOT: Resources = Resources {
    cpu_millis: 50,
    memory_bytes: 64 * MIB,
};
const SLOTS_PER_NODE: u64 = 10;
const RUNS: usize = 5;

/// A pool and those who use it.
#[derive(Clone, Copy)]
struct Shape {
    queued: u64,
    users: u64,
    subclusters: u64,
    nodes: u32,
}

fn main() {
    let small = Shape {
        queued: 1_000,
        users: 10,
        subclusters: 3,
        nodes: 10,
    };
    let large = |queued| Shape {
        queued,
        users: 1_000,
        subclusters: 100,
        nodes: 10_000,
    };
    rows(&[small, large(1_000), large(100_000), large(1_000_000)]);
    println!("\nThe same 800 slots and 100,000 jobs, cut into more and more sub-clusters:\n");
    let whole = Shape {
        queued: 100_000,
        users: 100,
        subclusters: 1,
        nodes: 80,
    };
    rows(&[1, 2, 4, 8].map(|subclusters| Shape {
        subclusters,
        ..whole
    }));
    println!(
        "\nOne evaluation of a rule of five terms: {:.0} ns",
        evaluation_ns()
    );
}

fn rows(shapes: &[Shape]) {
    println!(
        "| queued jobs | users | sub-clusters | nodes | decisions per second | against the first |"
    );
    println!("|---|---|---|---|---|---|");
    let mut first = None;
    for &shape in shapes {
        let mut world = World::new(shape);
        let mut rates: Vec<f64> = (0..RUNS).map(|_| world.decide()).collect();
        rates.sort_by(f64::total_cmp);
        let rate = rates[RUNS / 2];
        let first = *first.get_or_insert(rate);
        let Shape {
            queued,
            users,
            subclusters,
            nodes,
        } = shape;
        println!(
            "| {queued} | {users} | {subclusters} | {nodes} | {rate:.0} ({:.0} to {:.0}) | {:.2} |",
            rates[0],
            rates[RUNS - 1],
            rate / first
        );
    }
}

/// A scheduler with full slots and a queue behind them.
struct World {
    scheduler: Scheduler,
    now: UnixMillis,
    running: Vec<AttemptId>,
    actions: Vec<Action>,
    chance: u64,
    shape: Shape,
    /// The names of the sub-clusters, which users know before they submit.
    names: Vec<String>,
    next_job: u64,
    decisions: u64,
}

impl World {
    fn new(shape: Shape) -> Self {
        let config = Config {
            queued_tasks_max: u64::MAX,
            tasks_per_job_max: 1,
            aging_ms: 3_600_000,
            terms: Terms::default(),
        };
        let mut world = Self {
            scheduler: Scheduler::new(config),
            now: UnixMillis(1),
            running: Vec::new(),
            actions: Vec::new(),
            chance: 42,
            shape,
            names: (0..shape.subclusters).map(name).collect(),
            next_job: 0,
            decisions: 0,
        };
        world.tell(Event::RulesChanged(rules(shape)));
        world.tell(host(shape));
        let slots = u64::from(shape.nodes) * SLOTS_PER_NODE;
        for _ in 0..slots.min(10_000) + shape.queued {
            world.submit();
        }
        world
    }

    /// Lets attempts end, one after the other, each in favour of the next. Answers how many per second.
    fn decide(&mut self) -> f64 {
        const DECISIONS: u32 = 100_000;
        let begun = Instant::now();
        for _ in 0..DECISIONS {
            self.decisions += 1;
            self.now = UnixMillis(1 + self.decisions / 100);
            let at = self.below(self.running.len());
            let attempt = self.running.swap_remove(at);
            self.tell(Event::Exited {
                attempt,
                outcome: Outcome::Succeeded,
            });
            self.tell(Event::Reclaimed(attempt));
            self.submit();
        }
        f64::from(DECISIONS) / begun.elapsed().as_secs_f64()
    }

    fn submit(&mut self) {
        self.next_job += 1;
        let user = self.next_job % self.shape.users;
        let home = usize::try_from(self.next_job % self.shape.subclusters).unwrap_or(0);
        self.tell(Event::Submitted(Job {
            id: JobId(self.next_job),
            user: UserId(user),
            tasks: 0..=0,
            want: SLOT,
            timeout_ms: 30_000,
            is_gang: false,
            generations: 0,
            is_child: false,
            priority: 0,
            restart: Restart::OnLoss,
            submitted_at: self.now,
            subcluster: Some(self.names[home].clone()),
            after: Vec::new(),
            said: Said::default(),
        }));
    }

    fn tell(&mut self, event: Event) {
        self.scheduler.handle(self.now, event, &mut self.actions);
        for action in self.actions.drain(..) {
            if let Action::Start { attempt, .. } = action {
                self.running.push(attempt);
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.chance >> 33).unwrap_or(0) % bound
    }
}

/// Equal sub-clusters, each with rules that read the load and the age of idleness, as an operator's would.
fn rules(shape: Shape) -> RuleSet {
    let share = u64::from(shape.nodes).div_ceil(shape.subclusters);
    let subclusters = (0..shape.subclusters).map(|index| SubclusterSpec {
        entry: Some(rule(RuleKind::Entry, "node.healthy && node.load < 0.8")),
        exit: Some(rule(RuleKind::Exit, "!node.healthy || node.load > 0.95")),
        nodes_max: u32::try_from(share).unwrap_or(u32::MAX),
        ..SubclusterSpec::new(&name(index), SLOT)
    });
    RuleSet {
        version: 1,
        subclusters: subclusters.collect(),
        ..RuleSet::default()
    }
}

fn host(shape: Shape) -> Event {
    let capacity = Resources {
        cpu_millis: SLOT.cpu_millis * SLOTS_PER_NODE,
        memory_bytes: SLOT.memory_bytes * SLOTS_PER_NODE,
    };
    let nodes = (0..shape.nodes).map(|id| NodeSpec {
        id: NodeId(id),
        name: format!("node-{id}"),
        capacity,
        priority: 0,
        labels: BTreeMap::new(),
    });
    Event::HostChanged {
        host: "host".to_owned(),
        capacity: Resources {
            cpu_millis: capacity.cpu_millis * u64::from(shape.nodes),
            memory_bytes: capacity.memory_bytes * u64::from(shape.nodes),
        },
        nodes: nodes.collect(),
    }
}

fn name(index: u64) -> String {
    format!("part-{index}")
}

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{error}"))
}

/// Nanoseconds of one evaluation, facts at hand.
fn evaluation_ns() -> f64 {
    const EVALUATIONS: u32 = 5_000_000;
    let rule = rule(
        RuleKind::Entry,
        "node.memory <= 4GiB && node.healthy && node.load < 0.8 && sub.idle < 8m && !has(node.labels.size)",
    );
    let labels = BTreeMap::new();
    let node = NodeFacts {
        id: "node-1",
        host: "host",
        cpu_millis: 500,
        memory_bytes: 2048 * MIB,
        priority: 0,
        labels: &labels,
        load_millis: 300,
        cpu_free_millis: 500,
        memory_free_bytes: 2048 * MIB,
        slots: 10,
        slots_free: 10,
        running: 0,
        healthy: true,
        draining: false,
        idle_since: None,
        joined_at: UnixMillis(0),
        entered_at: None,
    };
    let subcluster = SubclusterFacts {
        name: "short",
        priority: 0,
        weight: 1,
        nodes_min: 0,
        nodes_max: 10,
        nodes: 1,
        slots: 10,
        slots_free: 10,
        queued: 0,
        running: 0,
        expected_wait_ms: 0,
        idle_since: Some(UnixMillis(0)),
    };
    let facts = Facts {
        now: UnixMillis(60_000),
        node: Some(&node),
        subcluster: Some(&subcluster),
        job: None,
        user: None,
    };
    let begun = Instant::now();
    for _ in 0..EVALUATIONS {
        black_box(rule.holds(black_box(&facts)));
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(EVALUATIONS)
}
