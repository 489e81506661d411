//! The pool in the API's words.

use std::collections::BTreeMap;

use sublet_api::{Amount, Asked, Node, Pool, Slots, Subcluster};
use sublet_scheduler::{
    Burst, Isolation, NodeId, NodeState, NodeView, PoolView, Preemption, Resources, SlotCounts,
    SubclusterView, UnixMillis,
};
use sublet_store::{DrainedNode, Membership, PausedSubcluster, Wishes};

use super::place::{Names, state};
use super::timestamp;

/// What the records add to what the scheduler knows of the pool.
#[derive(Debug, Default)]
pub(crate) struct PoolRecords {
    pub(crate) wishes: Wishes,
    pub(crate) memberships: BTreeMap<NodeId, Membership>,
    /// The names of users.
    pub(crate) users: BTreeMap<u64, String>,
}

pub(crate) fn pool(view: &PoolView, records: &PoolRecords, now: UnixMillis) -> Pool {
    let count = |is: fn(NodeState) -> bool| {
        let nodes = view.nodes.iter().filter(|node| is(node.state));
        nodes.count() as u64
    };
    let hosts: std::collections::BTreeSet<&str> =
        view.nodes.iter().map(|node| node.host.as_str()).collect();
    let up = || {
        view.nodes
            .iter()
            .filter(|node| node.state != NodeState::Down)
    };
    let slots = view.subclusters.iter().map(|one| one.slots);
    Pool {
        draining: view.draining,
        hosts: hosts.len() as u64,
        cpu_millis: up().map(|node| node.capacity.cpu_millis).sum(),
        memory_bytes: up().map(|node| node.capacity.memory_bytes).sum(),
        nodes_unassigned: count(|state| state == NodeState::Unassigned),
        nodes_draining: count(|state| matches!(state, NodeState::Draining(_))),
        nodes_down: count(|state| state == NodeState::Down),
        slots: slots.fold(Slots::default(), |sum, one| Slots {
            total: sum.total + one.total,
            free: sum.free + one.free,
        }),
        running: view.subclusters.iter().map(|one| one.slots.in_use()).sum(),
        subclusters: subclusters(view, records, now),
        nodes: nodes(view, records),
    }
}

fn subclusters(view: &PoolView, records: &PoolRecords, now: UnixMillis) -> Vec<Subcluster> {
    let one = |one| subcluster(one, records, now);
    view.subclusters.iter().map(one).collect()
}

fn nodes(view: &PoolView, records: &PoolRecords) -> Vec<Node> {
    let names = names(view);
    let one = |one| node(one, records, &names);
    view.nodes.iter().map(one).collect()
}

/// The names of sub-clusters by their numbers.
pub(crate) fn names(view: &PoolView) -> Names {
    let named = |one: &SubclusterView| (one.subcluster, one.spec.name.clone());
    view.subclusters.iter().map(named).collect()
}

fn subcluster(one: &SubclusterView, records: &PoolRecords, now: UnixMillis) -> Subcluster {
    let spec = &one.spec;
    let text = |rule: &Option<sublet_scheduler::rules::Rule>| {
        rule.as_ref().map(|rule| rule.text().to_owned())
    };
    let paused = records
        .wishes
        .paused
        .iter()
        .find(|wish| wish.name == spec.name);
    Subcluster {
        name: spec.name.clone(),
        slot_cpu_millis: spec.slot.cpu_millis,
        slot_memory_bytes: spec.slot.memory_bytes,
        entry: text(&spec.entry),
        exit: text(&spec.exit),
        accept: text(&spec.accept),
        nodes_min: spec.nodes_min,
        nodes_max: Some(spec.nodes_max).filter(|max| *max < NODES_UNBOUNDED),
        weight: spec.weight,
        priority: spec.priority,
        grace_ms: spec.grace_ms,
        dwell_ms: spec.dwell_min_ms,
        isolation: isolation(spec.isolation).to_owned(),
        burst: spec.burst == Burst::Allowed,
        preempt: spec.preemption == Preemption::On,
        paused: one
            .paused
            .as_ref()
            .and(paused)
            .map(|wish| pause(wish, records)),
        nodes: one.nodes,
        slots: slots(one.slots),
        queued: one.queued_tasks,
        running: one.slots.in_use(),
        expected_wait_ms: Some(one.expected_wait_ms).filter(|wait| *wait < u64::MAX),
        idle_ms: one.idle_since.map(|since| now.0.saturating_sub(since.0)),
    }
}

/// From so many nodes on, the number is what the rules say when they say nothing.
const NODES_UNBOUNDED: u32 = 65_536;

const fn isolation(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::User => "user",
        Isolation::Process => "process",
    }
}

fn node(one: &NodeView, records: &PoolRecords, names: &Names) -> Node {
    let (word, home) = state(one.state);
    let membership = records.memberships.get(&one.node);
    let drained = records
        .wishes
        .drained
        .iter()
        .find(|wish| wish.node == one.name);
    Node {
        id: one.node.0,
        name: one.name.clone(),
        host: one.host.clone(),
        state: word.to_owned(),
        subcluster: home.and_then(|home| names.get(&home).cloned()),
        since: membership.map(|row| timestamp(row.since)),
        cause: membership.map(|row| row.cause.clone()),
        cpu_millis: one.capacity.cpu_millis,
        memory_bytes: one.capacity.memory_bytes,
        granted: amount(one.granted),
        labels: one.labels.clone(),
        priority: one.priority,
        load_millis: one.load_millis,
        healthy: one.is_healthy,
        slots: slots(one.slots),
        running: one.slots.in_use(),
        drain: one
            .kept_out
            .as_ref()
            .and(drained)
            .map(|wish| drain(wish, records)),
    }
}

fn pause(wish: &PausedSubcluster, records: &PoolRecords) -> Asked {
    Asked {
        since: timestamp(wish.since),
        by: records.name(wish.by.0),
        reason: wish.reason.clone(),
    }
}

fn drain(wish: &DrainedNode, records: &PoolRecords) -> Asked {
    Asked {
        since: timestamp(wish.since),
        by: records.name(wish.by.0),
        reason: wish.reason.clone(),
    }
}

impl PoolRecords {
    fn name(&self, user: u64) -> String {
        self.users.get(&user).cloned().unwrap_or_default()
    }
}

const fn amount(resources: Resources) -> Amount {
    Amount {
        cpu_millis: resources.cpu_millis,
        memory_bytes: resources.memory_bytes,
    }
}

const fn slots(counts: SlotCounts) -> Slots {
    Slots {
        total: counts.total,
        free: counts.free,
    }
}
