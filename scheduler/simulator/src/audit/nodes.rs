//! Hosts, nodes and slots: where each node is, who holds which slot, and that the parts are the whole.

use std::collections::{BTreeMap, VecDeque};

use sublet_scheduler::{
    AttemptId, MoveCause, NodeId, NodeMove, NodeSpec, NodeState, PoolView, Preemption, Resources,
    SlotId, SubclusterId, UnixMillis,
};

use super::holds::{Holds, Term};
use super::sums::{Change, Sums};
use super::{Checked, ensure};

mod looking;
mod recount;

const MINUTE_MS: u64 = 60_000;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    hosts: BTreeMap<String, Host>,
    nodes: BTreeMap<NodeId, Node>,
    subclusters: BTreeMap<SubclusterId, Partition>,
    held: BTreeMap<SlotId, Grant>,
    sums: Sums,
}

#[derive(Debug, Default)]
struct Host {
    capacity: Resources,
    /// Nothing, while it is away.
    offered: Resources,
    granted: Resources,
    nodes: Vec<NodeId>,
}

/// One node. It is in one state by construction; what is checked is that each change begins where the last one ended.
#[derive(Debug)]
pub(super) struct Node {
    host: String,
    capacity: Resources,
    pub(super) state: NodeState,
    pub(super) granted: Resources,
    pub(super) held: u64,
    /// When rules sent it away, within the last minute.
    sent_away: VecDeque<UnixMillis>,
}

/// A sub-cluster: the shape of its slots, and those of the nodes that are in it and do not drain.
#[derive(Debug, Default)]
struct Partition {
    shape: Resources,
    slots: u64,
    held: u64,
    granted: Resources,
    capacity: Resources,
    holds: Holds,
    /// Nodes that leave and still have work.
    draining: u64,
    preemption: Preemption,
}

/// A slot in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) holder: AttemptId,
    pub(super) amount: Resources,
    pub(super) term: Term,
}

impl Nodes {
    pub(super) fn learn(&mut self, pool: &PoolView) {
        for view in &pool.subclusters {
            let known = self.subclusters.entry(view.subcluster).or_default();
            known.shape = view.spec.slot;
            known.preemption = view.spec.preemption;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().map(|(&id, node)| (id, node))
    }

    /// Notes what a host offers. Its new nodes are down until a move says otherwise.
    pub(super) fn host_changed(&mut self, host: &str, capacity: Resources, specs: &[NodeSpec]) {
        let known = self.hosts.entry(host.to_owned()).or_default();
        (known.capacity, known.offered) = (capacity, capacity);
        known.nodes = specs.iter().map(|spec| spec.id).collect();
        for spec in specs {
            self.nodes.entry(spec.id).or_insert_with(|| {
                self.sums.pool = self.sums.pool.plus(spec.capacity);
                self.sums.down = self.sums.down.plus(spec.capacity);
                Node {
                    host: host.to_owned(),
                    capacity: spec.capacity,
                    state: NodeState::Down,
                    granted: Resources::default(),
                    held: 0,
                    sent_away: VecDeque::new(),
                }
            });
        }
    }

    /// The slots that were held on a host, all given back.
    pub(super) fn host_lost(&mut self, now: UnixMillis, host: &str) -> Vec<Grant> {
        let known = self.hosts.get_mut(host);
        let nodes = known.map(|host| {
            host.offered = Resources::default();
            host.nodes.clone()
        });
        let mut lost = Vec::new();
        for node in nodes.into_iter().flatten() {
            let slots: Vec<SlotId> = self.held_of(node).map(|(slot, _)| slot).collect();
            lost.extend(
                slots
                    .into_iter()
                    .filter_map(|slot| self.give_back(now, slot)),
            );
        }
        lost
    }

    /// Notes a move, which begins where the node is (S2), does not take a busy node away (S5) and is not one too many (F6).
    pub(super) fn moved(&mut self, now: UnixMillis, moved: &NodeMove, moves_max: usize) -> Checked {
        let id = moved.node;
        let Some(node) = self.nodes.get_mut(&id) else {
            return ensure(false, "S2", || {
                format!("{id:?} is not registered: {moved:?}")
            });
        };
        ensure(node.state == moved.from, "S2", || {
            format!(
                "{id:?} is {:?}, and moves from {:?}",
                node.state, moved.from
            )
        })?;
        let stays = home_of(moved.from).is_some() && home_of(moved.from) == home_of(moved.to);
        ensure(stays || node.held == 0, "S5", || {
            format!("{id:?} moves with {} slots held: {moved:?}", node.held)
        })?;
        if matches!(moved.cause, MoveCause::Rule { .. })
            && matches!(moved.to, NodeState::Unassigned)
        {
            node.note_sent_away(now);
            ensure(node.sent_away.len() <= moves_max, "F6", || {
                format!("{id:?} left {} times in a minute", node.sent_away.len())
            })?;
        }
        node.state = moved.to;
        let (capacity, granted, held) = (node.capacity, node.granted, node.held);
        let terms: Vec<_> = self
            .held_of(id)
            .map(|(slot, grant)| (slot, grant.term))
            .collect();
        for (state, change) in [(moved.from, Change::Leave), (moved.to, Change::Join)] {
            let part = self.sums.part(state);
            *part = change.apply(*part, capacity);
            if let NodeState::In(subcluster) = state {
                let home = self.subclusters.entry(subcluster).or_default();
                let slots = capacity.slots_of(home.shape);
                home.slots = change.count(home.slots, slots);
                home.held = change.count(home.held, held);
                home.granted = change.apply(home.granted, granted);
                home.capacity = change.apply(home.capacity, capacity);
                for &(slot, term) in &terms {
                    match change {
                        Change::Join => home.holds.begin(slot, term),
                        Change::Leave => home.holds.end(now, slot, term),
                    }
                }
            }
            if let NodeState::Draining(subcluster) = state {
                let home = self.subclusters.entry(subcluster).or_default();
                home.draining = change.count(home.draining, 1);
            }
        }
        Ok(())
    }

    /// Notes a grant, and answers how much it is: within node, host and sub-cluster (S1), inside the sub-cluster (S5),
    /// of a slot that nobody holds (S4).
    pub(super) fn grant(
        &mut self,
        slot: SlotId,
        subcluster: SubclusterId,
        holder: AttemptId,
        term: Term,
    ) -> Result<Resources, super::Violation> {
        let Some(node) = self.nodes.get_mut(&slot.node) else {
            return Err(super::Violation {
                invariant: "S5",
                message: format!("{slot} is on no node"),
            });
        };
        ensure(node.state == NodeState::In(subcluster), "S5", || {
            format!(
                "{holder} starts in {subcluster:?} on {slot}, which is {:?}",
                node.state
            )
        })?;
        let home = self.subclusters.entry(subcluster).or_default();
        let amount = home.shape;
        ensure(
            u64::from(slot.index) < node.capacity.slots_of(amount),
            "S1",
            || format!("{slot} is not covered by its node: {node:?}"),
        )?;
        let grant = Grant {
            holder,
            amount,
            term,
        };
        let before = self.held.insert(slot, grant);
        ensure(before.is_none(), "S4", || {
            format!("{slot} goes to {holder} and is held by {before:?}")
        })?;
        let host = self.hosts.entry(node.host.clone()).or_default();
        node.held += 1;
        home.held += 1;
        home.holds.begin(slot, term);
        for (granted, capacity) in [
            (&mut node.granted, node.capacity),
            (&mut host.granted, host.capacity),
            (&mut home.granted, home.capacity),
        ] {
            *granted = granted.plus(amount);
            ensure(capacity.covers(*granted), "S1", || {
                format!("{granted} of {capacity} granted with {slot} to {holder}")
            })?;
        }
        Ok(amount)
    }

    /// Notes a return, and answers what came back.
    pub(super) fn give_back(&mut self, now: UnixMillis, slot: SlotId) -> Option<Grant> {
        let grant = self.held.remove(&slot)?;
        let node = self.nodes.get_mut(&slot.node)?;
        let less = |from: Resources| {
            from.checked_sub(grant.amount)
                .expect("what comes back was granted")
        };
        node.held -= 1;
        node.granted = less(node.granted);
        let host = self.hosts.entry(node.host.clone()).or_default();
        host.granted = less(host.granted);
        if let NodeState::In(subcluster) = node.state {
            let home = self.subclusters.entry(subcluster).or_default();
            home.held -= 1;
            home.granted = less(home.granted);
            home.holds.end(now, slot, grant.term);
        }
        Some(grant)
    }

    /// X1: the pool is its sub-clusters, what is unassigned, what drains and what is down.
    pub(super) fn check_sums(&self) -> Checked {
        self.sums.check()
    }
}

impl Node {
    pub(super) const fn capacity(&self) -> Resources {
        self.capacity
    }

    fn note_sent_away(&mut self, now: UnixMillis) {
        while let Some(first) = self.sent_away.front()
            && first.plus(MINUTE_MS) <= now
        {
            self.sent_away.pop_front();
        }
        self.sent_away.push_back(now);
    }
}

/// The sub-cluster that the slots of a node belong to.
pub(super) const fn home_of(state: NodeState) -> Option<SubclusterId> {
    match state {
        NodeState::In(subcluster) | NodeState::Draining(subcluster) => Some(subcluster),
        NodeState::Unassigned | NodeState::Down => None,
    }
}
