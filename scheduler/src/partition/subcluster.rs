//! One sub-cluster: what the rules say of it, its members, and the counts over them. It decides nothing. It must not
//! know why a node is a member, nor who waits in its queue: of that it is told a number.

use alloc::collections::BTreeSet;
use core::cmp::{Ordering, Reverse};

use super::alike::Alike;
use super::node::{Offer, Seat};
use crate::rule_set::SubclusterSpec;
use crate::rules::{AttributeSet, Rule, SubclusterFacts};
use crate::{NodeId, SlotCounts, UnixMillis};

/// A sub-cluster.
#[derive(Clone, Debug)]
pub(super) struct Subcluster {
    pub(super) spec: SubclusterSpec,
    pub(super) life: Life,
    /// Nodes that are in it or drain from it.
    pub(super) members: BTreeSet<NodeId>,
    /// Members, by what its exit rule reads of them. Kept only while that rule reads what changes without the node.
    pub(super) alike: Alike,
    /// Members with a free slot that may be granted.
    with_room: BTreeSet<NodeId>,
    /// The most slots that it could have with the nodes that are up.
    pub(super) slots_ever: u64,
    /// Slots that may be granted.
    free: u64,
    held: u64,
    queued: u64,
    expected_wait_ms: u64,
    /// Since when nothing is queued and nothing runs.
    idle_since: Option<UnixMillis>,
    /// When its exit and its entry rule were last asked.
    asked_at: AskedAt,
}

/// When rules were last asked; before that, never.
#[derive(Clone, Copy, Debug, Default)]
struct AskedAt {
    exit: UnixMillis,
    entry: UnixMillis,
}

/// Whether the rules still name a sub-cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Declared,
    /// It is gone when its last node is.
    Removed,
}

/// Which rules of a sub-cluster a change of `sub.idle` may concern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct IdleChange {
    pub(super) for_exit: bool,
    pub(super) for_entry: bool,
}

impl Subcluster {
    pub(super) fn new(now: UnixMillis, spec: SubclusterSpec) -> Self {
        Self {
            spec,
            life: Life::Declared,
            members: BTreeSet::new(),
            alike: Alike::default(),
            with_room: BTreeSet::new(),
            slots_ever: 0,
            free: 0,
            held: 0,
            queued: 0,
            expected_wait_ms: 0,
            idle_since: Some(now),
            asked_at: AskedAt::default(),
        }
    }

    /// Counts a node among its members.
    pub(super) fn add(&mut self, node: NodeId, seat: &Seat) {
        self.members.insert(node);
        self.held += seat.slots.held();
        self.count_in(node, seat);
    }

    /// Counts a node out.
    pub(super) fn remove(&mut self, node: NodeId, seat: &Seat) {
        self.members.remove(&node);
        self.held -= seat.slots.held();
        self.count_out(node, seat);
    }

    /// Counts what a member offers. To be called with each change of its offer, after [`Self::count_out`].
    pub(super) fn count_in(&mut self, node: NodeId, seat: &Seat) {
        if seat.offer == Offer::Open && seat.slots.free() > 0 {
            self.with_room.insert(node);
            self.free += seat.slots.free();
        }
    }

    /// Counts what a member offers no more.
    pub(super) fn count_out(&mut self, node: NodeId, seat: &Seat) {
        if seat.offer == Offer::Open && seat.slots.free() > 0 {
            self.with_room.remove(&node);
            self.free -= seat.slots.free();
        }
    }

    /// The first member with a slot that may be granted, so that the later ones are the first to get empty.
    pub(super) fn first_with_room(&self) -> Option<NodeId> {
        self.with_room.first().copied()
    }

    /// Counts one slot of a member as taken.
    pub(super) fn take(&mut self, node: NodeId, seat: &Seat) {
        self.held += 1;
        self.free -= 1;
        if seat.slots.free() == 0 {
            self.with_room.remove(&node);
        }
    }

    /// Counts one slot of a member as given back.
    pub(super) fn put(&mut self, node: NodeId, seat: &Seat) {
        self.held -= 1;
        if seat.offer == Offer::Open {
            self.free += 1;
            self.with_room.insert(node);
        }
    }

    /// Takes note of its queue.
    pub(super) const fn load(&mut self, queued: u64, expected_wait_ms: u64) -> (u64, u64) {
        let before = (self.queued, self.expected_wait_ms);
        (self.queued, self.expected_wait_ms) = (queued, expected_wait_ms);
        before
    }

    /// Brings the beginning of its idleness up to date, and answers for which of its rules `sub.idle` may be another
    /// answer now. A beginning never is one: it is 0 before and after, and whoever was asked has an alarm that is early
    /// enough. An end is none if nobody was asked since the beginning: what they answered, they answered at 0.
    pub(super) fn settle_idle(&mut self, now: UnixMillis) -> IdleChange {
        let is_idle = self.queued == 0 && self.held == 0;
        let Some(since) = self.idle_since else {
            self.idle_since = is_idle.then_some(now);
            return IdleChange::default();
        };
        if is_idle {
            return IdleChange::default();
        }
        self.idle_since = None;
        IdleChange {
            for_exit: self.asked_at.exit > since,
            for_entry: self.asked_at.entry > since,
        }
    }

    pub(super) const fn note_exit_asked(&mut self, now: UnixMillis) {
        self.asked_at.exit = now;
    }

    pub(super) const fn note_entry_asked(&mut self, now: UnixMillis) {
        self.asked_at.entry = now;
    }

    pub(super) fn is_declared(&self) -> bool {
        self.life == Life::Declared
    }

    /// How many nodes belong to it. One that drains still does.
    pub(super) fn nodes(&self) -> u64 {
        self.members.len() as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.nodes() >= u64::from(self.spec.nodes_max)
    }

    /// Slots that are held or may be granted.
    pub(super) const fn slots(&self) -> SlotCounts {
        SlotCounts {
            total: self.free + self.held,
            free: self.free,
        }
    }

    pub(super) const fn with_room(&self) -> &BTreeSet<NodeId> {
        &self.with_room
    }

    pub(super) fn exit_reads(&self) -> AttributeSet {
        reads(self.spec.exit.as_ref())
    }

    pub(super) fn entry_reads(&self) -> AttributeSet {
        reads(self.spec.entry.as_ref())
    }

    /// What rules may know of it.
    pub(super) fn facts(&self) -> SubclusterFacts<'_> {
        SubclusterFacts {
            name: &self.spec.name,
            priority: self.spec.priority,
            weight: self.spec.weight,
            nodes_min: self.spec.nodes_min,
            nodes_max: self.spec.nodes_max,
            nodes: self.nodes(),
            slots: self.slots().total,
            slots_free: self.slots().free,
            queued: self.queued,
            running: self.held,
            expected_wait_ms: self.expected_wait_ms,
            idle_since: self.idle_since,
        }
    }

    /// The same, as if it were idle from now on unless it is: with it an alarm is never too late.
    pub(super) fn facts_for_alarm(&self, now: UnixMillis) -> SubclusterFacts<'_> {
        SubclusterFacts {
            idle_since: self.idle_since.or(Some(now)),
            ..self.facts()
        }
    }

    /// Who of two gets a node that both would take; the one that is less. The highest priority, then who has fewer nodes
    /// than it asks for, then who has the fewest for its weight, then the name.
    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        let declared = |one: &Self| {
            let is_short = one.nodes() < u64::from(one.spec.nodes_min);
            (Reverse(one.spec.priority), Reverse(is_short))
        };
        let crossed = |one: &Self, by: &Self| u128::from(one.nodes()) * u128::from(by.spec.weight);
        declared(self)
            .cmp(&declared(other))
            .then(crossed(self, other).cmp(&crossed(other, self)))
            .then_with(|| self.spec.name.cmp(&other.spec.name))
    }
}

fn reads(rule: Option<&Rule>) -> AttributeSet {
    rule.map_or(AttributeSet::EMPTY, Rule::reads)
}
