//! How a node goes: at once when nobody holds a slot of it, else it drains first, and after its grace what still runs is
//! stopped. One that drains goes even if the reason is no more, so that nothing flaps; only an operator who takes a
//! drain back keeps it.

use super::Partition;
use super::alarms::Alarm;
use super::moves::MoveCause;
use super::node::{Departure, Grace, Intent, Next, Place, Seat};
use super::reorganised::Step;
use super::slots::Slots;
use crate::{NodeId, SubclusterId, UnixMillis};

impl Partition {
    /// Sends a node away from where it is.
    pub(super) fn depart(&mut self, now: UnixMillis, id: NodeId, departure: Departure) {
        let node = self.node_mut(id);
        match &mut node.place {
            Place::In(seat) if seat.slots.held() > 0 => self.start_draining(now, id, departure),
            Place::Draining(_, earlier) => {
                earlier.grace = earlier.grace.shorter(departure.grace);
                let grace = earlier.grace;
                self.watch_grace(id, grace);
            }
            Place::In(_) | Place::Unassigned => self.leave(now, id, departure),
            Place::Down => {}
        }
    }

    fn start_draining(&mut self, now: UnixMillis, id: NodeId, departure: Departure) {
        let (cause, grace) = (departure.cause.clone(), departure.grace);
        self.put(now, id, cause, |place| match place {
            Place::In(seat) => Place::Draining(seat, departure),
            Place::Draining(..) | Place::Unassigned | Place::Down => place,
        });
        self.watch_grace(id, grace);
    }

    /// Lets a node go on that drained and has become empty.
    pub(super) fn leave_if_empty(&mut self, now: UnixMillis, id: NodeId) {
        let Some(node) = self.nodes.get(&id) else {
            return;
        };
        if let Place::Draining(seat, departure) = &node.place
            && seat.slots.held() == 0
        {
            let departure = departure.clone();
            self.leave(now, id, departure);
        }
    }

    /// Puts a node without any held slot where its host, an operator and the departure let it be.
    fn leave(&mut self, now: UnixMillis, id: NodeId, departure: Departure) {
        let node = self.node(id);
        let home = node.seat().map(|seat| seat.subcluster);
        let is_kept_out = node.kept_out.is_some();
        match node.intent {
            Intent::Stays if is_kept_out => {
                self.put(now, id, departure.cause, |_| Place::Unassigned);
            }
            Intent::Stays => self.leave_by_rules(now, id, home, departure),
            Intent::Resizes(capacity) => {
                self.node_mut(id).intent = Intent::Waits(capacity);
                self.put(now, id, departure.cause, |_| Place::Down);
                self.host_settles_later(id);
            }
            Intent::Waits(_) | Intent::Exceeds => {
                self.put(now, id, departure.cause, |_| Place::Down);
                self.host_settles_later(id);
            }
            Intent::Retires => {
                self.put(now, id, MoveCause::Retired, |_| Place::Down);
                self.host_settles_later(id);
                self.forget(id);
            }
        }
        self.note_left(now, id, home);
    }

    /// As `leave`, when only the departure says where the node may go.
    fn leave_by_rules(
        &mut self,
        now: UnixMillis,
        id: NodeId,
        home: Option<SubclusterId>,
        departure: Departure,
    ) {
        if departure.next == Next::Recut && self.recut(now, id, departure.cause.clone()) {
            return;
        }
        self.put(now, id, departure.cause, |_| Place::Unassigned);
        self.changes.entry_due.insert(id);
        if let (Some(home), Next::Elsewhere) = (home, departure.next) {
            self.changes.just_left.insert(id, home);
        }
    }

    /// Cuts an empty member into slots of the shape its sub-cluster has now. Answers whether it stays a member.
    fn recut(&mut self, now: UnixMillis, id: NodeId, cause: MoveCause) -> bool {
        let node = self.node(id);
        let Some(seat) = node.seat() else {
            return false;
        };
        let subcluster = &self.subclusters[&seat.subcluster];
        let slots = Slots::cut(node.spec.capacity, subcluster.spec.slot);
        if !subcluster.is_declared() || slots.counts().total == 0 {
            return false;
        }
        self.put(now, id, cause, |place| match place {
            Place::In(seat) | Place::Draining(seat, _) => Place::In(Seat { slots, ..seat }),
            Place::Unassigned | Place::Down => place,
        });
        self.changes.exit_due.insert(id);
        true
    }

    fn note_left(&mut self, now: UnixMillis, id: NodeId, home: Option<SubclusterId>) {
        let Some(home) = home else {
            return;
        };
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if node.seat().is_none() {
            node.recent.note(now);
            self.report.step(Step::Left(id, home));
        }
    }

    fn watch_grace(&mut self, id: NodeId, grace: Grace) {
        if let Grace::Until(instant) = grace {
            self.alarms.set(Alarm::Grace(id), Some(instant));
        }
    }

    /// Names the attempts that still hold slots of a node whose grace is over, once.
    pub(super) fn end_grace(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if let Place::Draining(_, departure) = &mut node.place
            && departure.grace != Grace::Over
        {
            departure.grace = Grace::Over;
            departure.cause = MoveCause::GraceEnded;
            let holders = self.ledger.holders(id).into_iter();
            self.report
                .evicted
                .extend(holders.map(|(_, attempt)| (attempt, id)));
        }
    }
}

impl Grace {
    /// A grace from now on.
    pub(super) const fn from(now: UnixMillis, grace_ms: Option<u64>) -> Self {
        match grace_ms {
            Some(grace_ms) => Self::Until(now.plus(grace_ms)),
            None => Self::Unlimited,
        }
    }

    fn shorter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Over, _) | (_, Self::Over) => Self::Over,
            (Self::Until(one), Self::Until(two)) => Self::Until(one.min(two)),
            (Self::Until(one), Self::Unlimited) | (Self::Unlimited, Self::Until(one)) => {
                Self::Until(one)
            }
            (Self::Unlimited, Self::Unlimited) => Self::Unlimited,
        }
    }
}
