//! One node: what its host says of it, what is seen of it, and its place. It decides nothing; it answers with facts.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::moves::{MoveCause, RecentMoves};
use super::slots::Slots;
use crate::rules::NodeFacts;
use crate::{NodeId, Resources, SlotCounts, SubclusterId, UnixMillis};

/// What a host says of one of its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// Its name among all nodes of all hosts, never used for another.
    pub id: NodeId,
    /// Its name, as people and rules see it.
    pub name: String,
    /// What can be cut into slots.
    pub capacity: Resources,
    /// The operator's number for it.
    pub priority: i32,
    /// The operator's words for it.
    pub labels: BTreeMap<String, String>,
}

/// Where a node is: exactly one of these at any instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeState {
    /// A member, and its free slots may be granted.
    In(SubclusterId),
    /// A member until it is empty; it takes nothing new.
    Draining(SubclusterId),
    /// In no sub-cluster.
    Unassigned,
    /// Not there: its host is lost or has no room for it yet.
    Down,
}

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) spec: NodeSpec,
    pub(super) host: String,
    pub(super) load_millis: u64,
    pub(super) health: Health,
    pub(super) joined_at: UnixMillis,
    /// Since when nobody holds a slot of it.
    pub(super) idle_since: Option<UnixMillis>,
    pub(super) place: Place,
    pub(super) intent: Intent,
    /// An operator's reason to keep it out of every sub-cluster.
    pub(super) kept_out: Option<String>,
    pub(super) recent: RecentMoves,
}

/// Whether a node works, as its host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Well,
    Ill,
}

/// Where a node is, with what belongs to being there.
#[derive(Clone, Debug)]
pub(super) enum Place {
    In(Seat),
    Draining(Seat, Departure),
    Unassigned,
    Down,
}

/// The membership of a node.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) subcluster: SubclusterId,
    pub(super) entered_at: UnixMillis,
    pub(super) slots: Slots,
    pub(super) offer: Offer,
}

/// Whether the free slots of a node count among those that may be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Open,
    /// It drains, or its host has promised more than it has.
    Withheld,
}

/// How a node goes.
#[derive(Clone, Debug)]
pub(super) struct Departure {
    pub(super) cause: MoveCause,
    pub(super) next: Next,
    /// When what still runs is stopped.
    pub(super) grace: Grace,
}

/// Where a node that drains may go, as far as its host and an operator let it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// To another sub-cluster than the one it leaves.
    Elsewhere,
    /// To any.
    Anywhere,
    /// Nowhere: it is cut into slots of another shape.
    Recut,
}

/// What becomes of work that a leaving node still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grace {
    /// It ends by itself.
    Unlimited,
    /// It is stopped at this instant.
    Until(UnixMillis),
    /// It was told to stop.
    Over,
}

/// What the host's latest list makes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// It is to be there as it is.
    Stays,
    /// It is to be there with another capacity.
    Resizes(Resources),
    /// It is down, and comes with this capacity when its host has room.
    Waits(Resources),
    /// The list has more than the host. It goes, and stays down until the list or the host is another.
    Exceeds,
    /// It is not to be there any more.
    Retires,
}

impl Node {
    /// A node that waits for room on its host.
    pub(super) fn new(now: UnixMillis, host: &str, spec: NodeSpec) -> Self {
        Self {
            host: String::from(host),
            load_millis: 0,
            health: Health::Well,
            joined_at: now,
            idle_since: Some(now),
            place: Place::Down,
            intent: Intent::Waits(spec.capacity),
            kept_out: None,
            recent: RecentMoves::default(),
            spec,
        }
    }

    pub(super) const fn state(&self) -> NodeState {
        match &self.place {
            Place::In(seat) => NodeState::In(seat.subcluster),
            Place::Draining(seat, _) => NodeState::Draining(seat.subcluster),
            Place::Unassigned => NodeState::Unassigned,
            Place::Down => NodeState::Down,
        }
    }

    /// Its membership, if it has one.
    pub(super) const fn seat(&self) -> Option<&Seat> {
        match &self.place {
            Place::In(seat) | Place::Draining(seat, _) => Some(seat),
            Place::Unassigned | Place::Down => None,
        }
    }

    pub(super) const fn seat_mut(&mut self) -> Option<&mut Seat> {
        match &mut self.place {
            Place::In(seat) | Place::Draining(seat, _) => Some(seat),
            Place::Unassigned | Place::Down => None,
        }
    }

    /// How many attempts hold a slot of it.
    pub(super) fn running(&self) -> u64 {
        self.seat().map_or(0, |seat| seat.slots.held())
    }

    pub(super) const fn is_down(&self) -> bool {
        matches!(self.place, Place::Down)
    }

    /// Whether entry rules may be asked about it.
    pub(super) const fn may_enter(&self) -> bool {
        matches!(self.place, Place::Unassigned) && self.kept_out.is_none()
    }

    pub(super) fn slot_counts(&self) -> SlotCounts {
        self.seat()
            .map_or_else(SlotCounts::default, |seat| seat.slots.counts())
    }

    /// What rules may know of it; `free` is what nobody holds.
    pub(super) fn facts(&self, free: Resources) -> NodeFacts<'_> {
        let slots = self.slot_counts();
        NodeFacts {
            id: &self.spec.name,
            host: &self.host,
            cpu_millis: self.spec.capacity.cpu_millis,
            memory_bytes: self.spec.capacity.memory_bytes,
            priority: self.spec.priority,
            labels: &self.spec.labels,
            load_millis: self.load_millis,
            cpu_free_millis: free.cpu_millis,
            memory_free_bytes: free.memory_bytes,
            slots: slots.total,
            slots_free: slots.free,
            running: slots.in_use(),
            healthy: self.health == Health::Well,
            draining: self.kept_out.is_some() || matches!(self.place, Place::Draining(..)),
            idle_since: self.idle_since,
            joined_at: self.joined_at,
            entered_at: self.seat().map(|seat| seat.entered_at),
        }
    }
}
