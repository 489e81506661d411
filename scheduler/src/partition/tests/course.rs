//! A long course of everything at once, from a seed. After each step nothing is lost, nobody is in two places, and every
//! node is where the rules, asked from outside, would have it or where something named holds it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::world::{GIB, World, labels, node, shape, subcluster};
use crate::chance::Chance;
use crate::partition::{EntryVerdict, Health, Hold, MoveCause, NodeSpec, NodeState};
use crate::rule_set::SubclusterSpec;
use crate::rules::{Rule, RuleKind};
use crate::{AttemptId, NodeId, SlotId, SubclusterId};

const SEEDS: u64 = 40;
const STEPS: u32 = 400;
const HOSTS: u32 = 4;

struct Course {
    chance: Chance,
    world: World,
    seed: u64,
    held: BTreeMap<AttemptId, SlotId>,
    evicted: BTreeSet<AttemptId>,
    happened: BTreeMap<&'static str, u32>,
    /// Which sub-cluster an unassigned node was sent away from.
    sent_away_by: BTreeMap<NodeId, String>,
}

#[test]
fn s02_s03_x01_whatever_happens_nothing_is_lost_and_every_node_is_where_it_belongs() {
    let mut happened = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut course = Course::new(seed);
        for step in 0..STEPS {
            course.step();
            course.look(step);
        }
        course.come_to_rest();
        for (what, count) in course.happened {
            *happened.entry(what).or_insert(0) += count;
        }
    }
    for what in ["move", "evicted", "lost", "gone", "drained", "down", "held"] {
        let count = happened.get(what).copied().unwrap_or(0);
        assert!(count > 0, "never happened: {what}, only {happened:?}");
    }
}

impl Course {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let mut world = World::new(random_rules(&mut chance));
        world.moves_per_minute_max = 1 + chance.small(20);
        Self {
            chance,
            world,
            seed,
            held: BTreeMap::new(),
            evicted: BTreeSet::new(),
            happened: BTreeMap::new(),
            sent_away_by: BTreeMap::new(),
        }
    }

    fn step(&mut self) {
        let wait = *self.chance.one_of(&[0, 1, 50, 3000, 70_000]);
        self.world.wait(wait);
        for _ in 0..=self.chance.below(3) {
            match self.chance.below(14) {
                0..=2 => self.see_a_node(),
                3..=5 => self.grant_one(),
                6..=8 => self.give_one_back(),
                9 => self.label_or_drain(),
                10 => self.queue_something(),
                11 => self.list_nodes(),
                12 if self.chance.one_in(3) => self.lose_a_host(),
                13 if self.chance.one_in(4) => self.change_rules(),
                _ => {}
            }
            let sound = self.world.partition.conservation();
            assert_eq!(sound, Ok(()), "seed {}", self.seed);
        }
        self.run();
    }

    fn run(&mut self) {
        let came = self.world.run();
        self.count("move", came.moves.len());
        self.count("gone", came.gone.len());
        self.count("evicted", came.evicted.len());
        for (attempt, node) in came.evicted {
            let slot = self.held.get(&attempt);
            assert_eq!(slot.map(|slot| slot.node), Some(node), "seed {}", self.seed);
            assert!(self.evicted.insert(attempt), "seed {}: twice", self.seed);
        }
        for one in &came.moves {
            assert_ne!(one.from, one.to, "seed {}", self.seed);
            let sender = match (one.from, &one.cause) {
                (_, MoveCause::Rule { subcluster, .. }) => Some(subcluster.clone()),
                (NodeState::Draining(home), MoveCause::GraceEnded) => self.name(home),
                _ => None,
            };
            self.sent_away_by.remove(&one.node);
            if let (NodeState::Unassigned, Some(sender)) = (one.to, sender) {
                self.sent_away_by.insert(one.node, sender);
            }
        }
    }

    fn name(&self, id: SubclusterId) -> Option<String> {
        let standing = self.world.partition.subcluster(id)?;
        Some(standing.spec.name.clone())
    }

    fn count(&mut self, what: &'static str, count: usize) {
        *self.happened.entry(what).or_default() += u32::try_from(count).expect("it is small");
    }

    fn any_node(&mut self) -> NodeId {
        NodeId(self.chance.small(HOSTS * 8))
    }

    fn see_a_node(&mut self) {
        let id = self.any_node();
        let load = *self.chance.one_of(&[0, 300, 600, 900]);
        let health = *self
            .chance
            .one_of(&[Health::Well, Health::Well, Health::Ill]);
        self.world.partition.node_facts(id, load, health);
    }

    fn with_room(&self) -> Vec<String> {
        let all = self.world.partition.subclusters();
        let with_room = all.filter(|one| one.slots.free > 0);
        with_room.map(|one| one.spec.name.clone()).collect()
    }

    fn grant_one(&mut self) {
        let with_room = self.with_room();
        if with_room.is_empty() {
            return;
        }
        let name = self.chance.one_of(&with_room).clone();
        let home = self.world.id(&name);
        let (slot, holder) = self.world.grant(&name);
        let state = self.world.partition.state_of(slot.node);
        assert_eq!(state, Some(NodeState::In(home)), "seed {}", self.seed);
        self.held.insert(holder, slot);
    }

    fn give_one_back(&mut self) {
        let held: Vec<AttemptId> = self.held.keys().copied().collect();
        if held.is_empty() {
            return;
        }
        let holder = *self.chance.one_of(&held);
        let slot = self.held.remove(&holder).expect("it is one of them");
        self.world.give_back((slot, holder));
    }

    fn label_or_drain(&mut self) {
        let (id, now) = (self.any_node(), self.world.now);
        let partition = &mut self.world.partition;
        match self.chance.below(4) {
            0 => partition.label(id, labels(&[("size", "large")])),
            1 => partition.label(id, BTreeMap::new()),
            2 => {
                let grace = *self.chance.one_of(&[None, Some(0), Some(2000)]);
                partition.drain_node(now, id, "disk".into(), grace);
                self.count("drained", 1);
            }
            _ => partition.resume_node(now, id),
        }
    }

    fn queue_something(&mut self) {
        let all = self.world.partition.subclusters();
        let ids: Vec<_> = all.map(|one| one.id).collect();
        let id = *self.chance.one_of(&ids);
        let (now, queued) = (self.world.now, *self.chance.one_of(&[0, 0, 3, 20]));
        self.world
            .partition
            .subcluster_load(now, id, queued, queued * 100);
    }

    fn list_nodes(&mut self) {
        let host = self.chance.small(HOSTS);
        let ids = host * 8..host * 8 + 8;
        let mut nodes = Vec::new();
        for id in ids {
            if !self.chance.one_in(4) {
                let slots = 1 + u64::from(self.chance.one_in(5)) * self.chance.below(4);
                nodes.push(NodeSpec {
                    capacity: shape(1000 * slots, slots * GIB),
                    ..node(id)
                });
            }
        }
        self.chance.shuffle(&mut nodes);
        let room = 2 + self.chance.below(12);
        let now = self.world.now;
        let capacity = shape(1000 * room, room * GIB);
        let name = format!("host-{host}");
        self.world
            .partition
            .host_changed(now, &name, capacity, nodes);
    }

    fn lose_a_host(&mut self) {
        let name = format!("host-{}", self.chance.small(HOSTS));
        let lost = self.world.partition.host_lost(self.world.now, &name);
        self.count("lost", lost.len());
        for (slot, attempt) in lost {
            assert_eq!(self.held.remove(&attempt), Some(slot), "seed {}", self.seed);
        }
    }

    fn change_rules(&mut self) {
        let rules = random_rules(&mut self.chance);
        self.world.declare(rules);
    }

    /// Asks from outside whether every node is where it belongs.
    fn look(&mut self, step: u32) {
        let at = format!("seed {} step {step}", self.seed);
        let ids: Vec<NodeId> = self
            .world
            .partition
            .nodes()
            .map(|one| one.spec.id)
            .collect();
        for id in ids {
            let why = self.world.partition.explain_node(self.world.now, id);
            let why = why.expect("it is known");
            let must_go = why.exit.as_ref().is_some_and(|exit| exit.holds);
            match why.state {
                NodeState::In(_) if must_go => {
                    let entered_now = self.entered_now(id);
                    assert!(
                        entered_now || !why.held_by.is_empty(),
                        "{at}: {id:?} {why:?}"
                    );
                    assert!(self.world.partition.next_wake().is_some(), "{at}");
                    self.count("held", 1);
                }
                NodeState::Draining(_) => {
                    let runs = |hold: &Hold| matches!(hold, Hold::Running { attempts, .. } if *attempts > 0);
                    assert!(why.held_by.iter().any(runs), "{at}: {id:?} {why:?}");
                }
                NodeState::Down => self.count("down", 1),
                NodeState::In(_) | NodeState::Unassigned => {}
            }
            if why.state == NodeState::Unassigned && why.held_by.is_empty() {
                self.check_nobody_takes(id, &at);
            }
        }
    }

    fn entered_now(&self, id: NodeId) -> bool {
        let standing = self.world.partition.node_standing(id);
        standing.and_then(|one| one.entered_at) == Some(self.world.now)
    }

    /// Nobody's entry rule holds for an unassigned node. It may hold for the one it was sent away from: what made it leave
    /// may have passed while it drained, or with its leaving, and it is not asked back for that.
    fn check_nobody_takes(&self, id: NodeId, at: &str) {
        let why = self.world.partition.explain_node(self.world.now, id);
        let entries = why.expect("it is known").entries.into_iter();
        let takers = entries
            .filter(|one| matches!(&one.verdict, EntryVerdict::Asked(verdict) if verdict.holds));
        let takers: Vec<String> = takers.map(|one| one.subcluster).collect();
        let sent_away_by = self.sent_away_by.get(&id);
        assert!(
            takers.iter().all(|one| Some(one) == sent_away_by),
            "{at}: {id:?} would be taken by {takers:?}"
        );
    }

    /// Everything is given back: nothing is held, nothing drains, and time goes on from one wake-up to the next. Rules that
    /// read the number of nodes may chase nodes around for ever, so the wake-ups need not end.
    fn come_to_rest(&mut self) {
        for (holder, slot) in core::mem::take(&mut self.held) {
            self.world.give_back((slot, holder));
            self.run();
        }
        assert!(self.world.partition.is_idle(), "seed {}", self.seed);
        for _ in 0..50 {
            let Some(at) = self.world.partition.next_wake() else {
                break;
            };
            assert!(
                at > self.world.now,
                "seed {}: a wake-up in the past",
                self.seed
            );
            self.world.now = at;
            self.run();
        }
        let totals = self.world.partition.ledger.totals();
        let nothing = crate::Resources::default();
        assert_eq!(
            (totals.granted, totals.draining),
            (nothing, nothing),
            "seed {}",
            self.seed
        );
    }
}

/// Sub-clusters whose entry and exit rule never hold together, as the review of a rule set demands.
fn random_rules(chance: &mut Chance) -> Vec<SubclusterSpec> {
    let count = 1 + chance.small(4);
    let mut specs = Vec::new();
    for index in 0..count {
        let likes = random_likes(chance);
        let name = format!("s{index}");
        specs.push(SubclusterSpec {
            slot: shape(500, GIB / (1 + chance.below(3))),
            nodes_max: 1 + chance.small(12),
            nodes_min: chance.small(3),
            weight: 1 + chance.small(3),
            priority: i32::from(chance.one_in(3)),
            grace_ms: *chance.one_of(&[None, Some(0), Some(1000)]),
            dwell_min_ms: *chance.one_of(&[0, 0, 2000]),
            ..subcluster(&name, &likes, &format!("!({likes})"))
        });
    }
    specs
}

/// Two things that a sub-cluster may like of a node, together or either, as far as a rule may ask for that.
fn random_likes(chance: &mut Chance) -> String {
    const LIKES: &[&str] = &[
        "node.load < 0.5",
        "node.load >= 0.5",
        "node.healthy",
        "has(node.labels.size)",
        "node.running == 0",
        "node.idle < 1m",
        "sub.queued > 0",
        "sub.idle < 2m",
        "node.age > 30s",
        "sub.slots_free < 4",
        "node.memory > 1GiB",
        "sub.nodes < 6",
    ];
    loop {
        let (one, two) = (*chance.one_of(LIKES), *chance.one_of(LIKES));
        let join = *chance.one_of(&["&&", "||"]);
        let likes = format!("{one} {join} {two}");
        let is_sound = Rule::parse(RuleKind::Entry, &likes).is_ok()
            && Rule::parse(RuleKind::Exit, &format!("!({likes})")).is_ok();
        if is_sound {
            return likes;
        }
    }
}
