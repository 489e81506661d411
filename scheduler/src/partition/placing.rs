//! The one way in which a node changes its place. Membership, the counts of its sub-cluster, what its host has left and
//! how its account stands change together here, so that none can be forgotten.

use super::Partition;
use super::alarms::Alarm;
use super::changes::BY_MEMBERSHIP;
use super::moves::{MoveCause, NodeMove};
use super::node::{Offer, Place};
use crate::ledger::Standing;
use crate::{NodeId, SubclusterId, UnixMillis};

impl Partition {
    /// Puts a node where `next` says, which is given the place it had, and reports the move if it is one.
    pub(super) fn put(
        &mut self,
        now: UnixMillis,
        id: NodeId,
        cause: MoveCause,
        next: impl FnOnce(Place) -> Place,
    ) {
        let from = self.node(id).state();
        self.count_out(now, id);
        let node = self.node_mut(id);
        let before = core::mem::replace(&mut node.place, Place::Down);
        node.place = next(before);
        self.count_in(now, id);
        self.tell_holders(id);
        let to = self.node(id).state();
        if from != to {
            self.report.moves.push(NodeMove {
                node: id,
                from,
                to,
                cause,
            });
        }
    }

    /// Takes the node out of everything that depends on its place.
    fn count_out(&mut self, now: UnixMillis, id: NodeId) {
        let node = self.nodes.get(&id).expect("a node that moves is known");
        let host = self.hosts.get_mut(&node.host).expect("a node has a host");
        if !node.is_down() {
            host.release(node.spec.capacity);
        }
        let emptied = match node.seat() {
            Some(seat) => {
                let home = seat.subcluster;
                let subcluster = self
                    .subclusters
                    .get_mut(&home)
                    .expect("a sub-cluster with members is there");
                let was_full = subcluster.is_full();
                subcluster.remove(id, seat);
                if was_full && !subcluster.is_full() {
                    self.changes.for_unassigned.insert(home);
                }
                let emptied = subcluster.alike.remove(id);
                emptied.map(|group| Alarm::Exit(home, group))
            }
            None => self.lobby.remove(id).map(Alarm::Entry),
        };
        let home = node.seat().map(|seat| seat.subcluster);
        for alarm in emptied
            .into_iter()
            .chain([Alarm::Held(id), Alarm::Grace(id)])
        {
            self.alarms.set(alarm, None);
        }
        self.membership_changed(now, home);
    }

    /// Puts it into everything that depends on its place.
    fn count_in(&mut self, now: UnixMillis, id: NodeId) {
        let node = self.nodes.get_mut(&id).expect("a node that moves is known");
        let host = self.hosts.get_mut(&node.host).expect("a node has a host");
        if !node.is_down() {
            host.reserve(node.spec.capacity);
        }
        let standing = match &mut node.place {
            Place::In(seat) => {
                seat.offer = Offer::of(host);
                Standing::Open
            }
            Place::Draining(seat, _) => {
                seat.offer = Offer::Withheld;
                Standing::Draining
            }
            Place::Unassigned => Standing::Open,
            Place::Down => Standing::Down,
        };
        self.ledger.stand(id, standing);
        let Some(seat) = node.seat() else {
            return;
        };
        let home = seat.subcluster;
        self.subclusters
            .get_mut(&home)
            .expect("a node joins a sub-cluster that is there")
            .add(id, seat);
        self.membership_changed(now, Some(home));
    }

    /// Reports what becomes of the slots of a node that are held.
    pub(super) fn tell_holders(&mut self, id: NodeId) {
        if let Some(seat) = self.node(id).seat() {
            let offer = seat.offer;
            let holders = self.ledger.holders(id).into_iter();
            let offers = holders.map(|(_, attempt)| (attempt, offer));
            self.report.reoffered.extend(offers);
        }
    }

    fn membership_changed(&mut self, now: UnixMillis, home: Option<SubclusterId>) {
        let Some(home) = home else {
            return;
        };
        self.report.resized.insert(home);
        self.subcluster_changed(now, home, BY_MEMBERSHIP);
        self.changes.maybe_gone.insert(home);
    }
}
