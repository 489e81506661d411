//! A partition with hosts in a few words, and a look at everything that must hold after each run of the flow.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::partition::{NodeMove, NodeSpec, NodeState, Partition, Reorganised, Step};
use crate::rule_set::{Burst, Isolation, Preemption, RuleSet, SubclusterSpec};
use crate::rules::{Rule, RuleKind};
use crate::{AttemptId, JobId, NodeId, Resources, SlotId, SubclusterId, UnixMillis};

pub(super) const GIB: u64 = 1 << 30;
/// Two of these make the node that tests have when they say nothing else.
pub(super) const SLOT: Resources = shape(1000, GIB);

pub(super) const fn shape(cpu_millis: u64, memory_bytes: u64) -> Resources {
    Resources {
        cpu_millis,
        memory_bytes,
    }
}

/// A sub-cluster that lets everybody go at once and may have every node.
pub(super) fn subcluster(name: &str, entry: &str, exit: &str) -> SubclusterSpec {
    SubclusterSpec {
        name: name.into(),
        slot: SLOT,
        entry: rule(RuleKind::Entry, entry),
        exit: rule(RuleKind::Exit, exit),
        accept: None,
        nodes_min: 0,
        nodes_max: 65_536,
        weight: 1,
        priority: 0,
        grace_ms: None,
        dwell_min_ms: 0,
        isolation: Isolation::default(),
        burst: Burst::default(),
        preemption: Preemption::default(),
    }
}

/// A text as a rule; no text is no rule.
fn rule(kind: RuleKind, text: &str) -> Option<Rule> {
    let parse = |text| Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Some(text).filter(|text| !text.is_empty()).map(parse)
}

pub(super) fn node(id: u32) -> NodeSpec {
    NodeSpec {
        id: NodeId(id),
        name: alloc::format!("node-{id}"),
        capacity: shape(2000, 2 * GIB),
        priority: 0,
        labels: BTreeMap::new(),
    }
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs.iter().map(|&(key, value)| (key.into(), value.into()));
    owned.collect()
}

pub(super) struct World {
    pub(super) partition: Partition,
    pub(super) now: UnixMillis,
    version: u64,
    pub(super) moves_per_minute_max: u32,
    attempts: u32,
}

impl World {
    pub(super) fn new(subclusters: Vec<SubclusterSpec>) -> Self {
        let mut world = Self {
            partition: Partition::new(),
            now: UnixMillis(1_000_000),
            version: 0,
            moves_per_minute_max: 600,
            attempts: 0,
        };
        world.declare(subclusters);
        world
    }

    /// One host that has exactly these nodes.
    pub(super) fn with_nodes(subclusters: Vec<SubclusterSpec>, nodes: Vec<NodeSpec>) -> Self {
        let mut world = Self::new(subclusters);
        world.host("host", nodes);
        world.run();
        world
    }

    /// The next version of the rules.
    pub(super) fn declare(&mut self, subclusters: Vec<SubclusterSpec>) {
        self.version += 1;
        let rules = RuleSet {
            version: self.version,
            subclusters,
            routes: Vec::new(),
            classes: Vec::new(),
            moves_per_minute_max: self.moves_per_minute_max,
        };
        self.partition.rules_changed(self.now, &rules);
    }

    /// A host that has what its nodes have.
    pub(super) fn host(&mut self, name: &str, nodes: Vec<NodeSpec>) {
        let sum = nodes.iter().map(|node| node.capacity);
        let capacity = sum.fold(Resources::default(), Resources::plus);
        self.partition.host_changed(self.now, name, capacity, nodes);
    }

    pub(super) fn id(&self, name: &str) -> SubclusterId {
        self.partition
            .open_subcluster_named(name)
            .unwrap_or_else(|| panic!("{name} is not declared"))
    }

    pub(super) fn grant(&mut self, name: &str) -> (SlotId, AttemptId) {
        self.attempts += 1;
        let holder = AttemptId {
            job: JobId(0),
            task: self.attempts,
            number: 1,
        };
        let id = self.id(name);
        (self.partition.grant(self.now, id, holder), holder)
    }

    pub(super) fn give_back(&mut self, (slot, holder): (SlotId, AttemptId)) {
        self.partition.give_back(self.now, slot, holder);
    }

    pub(super) fn load(&mut self, id: u32, load_millis: u64) {
        let health = crate::partition::Health::Well;
        self.partition.node_facts(NodeId(id), load_millis, health);
    }

    pub(super) fn queue(&mut self, name: &str, queued: u64) {
        let id = self.id(name);
        self.partition.subcluster_load(self.now, id, queued, 0);
    }

    pub(super) fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
    }

    /// Runs the flow, and looks at what must hold after it.
    pub(super) fn run(&mut self) -> Reorganised {
        let mut came = Reorganised::traced();
        self.partition.reorganise(self.now, &mut came);
        self.partition
            .conservation()
            .unwrap_or_else(|wrong| panic!("{wrong}"));
        came
    }

    /// The name of the sub-cluster that a node is in, or what it is instead.
    pub(super) fn place(&self, id: u32) -> String {
        match self.partition.state_of(NodeId(id)) {
            Some(NodeState::In(home)) => self.name(home),
            Some(NodeState::Draining(home)) => alloc::format!("draining {}", self.name(home)),
            Some(NodeState::Unassigned) => "unassigned".into(),
            Some(NodeState::Down) => "down".into(),
            None => "gone".into(),
        }
    }

    pub(super) fn places(&self) -> Vec<String> {
        let ids: Vec<u32> = self.partition.nodes().map(|one| one.spec.id.0).collect();
        ids.into_iter().map(|id| self.place(id)).collect()
    }

    fn name(&self, id: SubclusterId) -> String {
        let standing = self.partition.subcluster(id);
        standing.expect("a member has a home").spec.name.clone()
    }
}

/// What a run did, in its order.
pub(super) fn trace(came: &Reorganised) -> &[Step] {
    came.trace.as_deref().expect("it was asked for")
}

pub(super) fn states(moves: &[NodeMove]) -> Vec<(NodeState, NodeState)> {
    moves.iter().map(|one| (one.from, one.to)).collect()
}
