//! Hosts come, change and are lost. A host says all of its nodes at once. They are taken in the order of their ids as
//! far as the host has room: what the list has beyond that stays down, and so does a new node until the nodes that go
//! have given back enough.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::Partition;
use super::host::{Contact, Host};
use super::moves::MoveCause;
use super::node::{Departure, Grace, Intent, Next, Node, NodeSpec, Offer, Place};
use crate::ledger::Standing;
use crate::rules::{Attribute, AttributeSet};
use crate::{AttemptId, NodeId, Resources, SlotId, UnixMillis};

impl Partition {
    /// Takes note of what a host has and of all its nodes. A node that is known with that capacity stays what it is; one
    /// with another capacity drains and comes again; one that is not listed retires.
    pub(crate) fn host_changed(
        &mut self,
        now: UnixMillis,
        name: &str,
        capacity: Resources,
        mut nodes: Vec<NodeSpec>,
    ) {
        nodes.sort_by_key(|node| node.id);
        let host = self.hosts.entry(String::from(name)).or_default();
        host.capacity = capacity;
        host.contact = Contact::Held;
        let listed: BTreeSet<NodeId> = nodes.iter().map(|node| node.id).collect();
        let unlisted: Vec<NodeId> = host.nodes.difference(&listed).copied().collect();
        for id in unlisted {
            self.node_mut(id).intent = Intent::Retires;
        }
        let mut room = capacity;
        for spec in nodes {
            self.list(now, name, spec, &mut room);
        }
        self.send_away_what_must_go(now, name);
        self.offer_again(now, name);
        self.changes.hosts.insert(String::from(name));
    }

    /// Takes note of one node that a host lists; `room` is what the nodes before it left of the host.
    fn list(&mut self, now: UnixMillis, host: &str, spec: NodeSpec, room: &mut Resources) {
        let (id, wanted) = (spec.id, spec.capacity);
        if self.nodes.contains_key(&id) {
            self.describe(id, spec);
        } else {
            self.ledger.open(id, wanted, Standing::Down);
            self.hosts
                .get_mut(host)
                .expect("it lists its nodes")
                .nodes
                .insert(id);
            self.nodes.insert(id, Node::new(now, host, spec));
        }
        let left = room.checked_sub(wanted);
        *room = left.unwrap_or(*room);
        let node = self.node_mut(id);
        assert_eq!(node.host, host, "node {} is listed by two hosts", id.0);
        node.intent = match left {
            None => Intent::Exceeds,
            Some(_) if node.is_down() => Intent::Waits(wanted),
            Some(_) if node.spec.capacity == wanted => Intent::Stays,
            Some(_) => Intent::Resizes(wanted),
        };
    }

    /// What a host says of a node it has said before. Its capacity is another matter.
    fn describe(&mut self, id: NodeId, spec: NodeSpec) {
        let node = self.node_mut(id);
        let mut changed = AttributeSet::EMPTY;
        if node.spec.priority != spec.priority {
            changed.insert(Attribute::NodePriority);
        }
        if node.spec.labels != spec.labels {
            changed.insert(Attribute::NodeLabel);
        }
        if node.spec.name != spec.name {
            changed.insert(Attribute::NodeId);
        }
        node.spec = NodeSpec {
            capacity: node.spec.capacity,
            ..spec
        };
        self.node_changed(id, changed);
    }

    fn send_away_what_must_go(&mut self, now: UnixMillis, host: &str) {
        for id in self.nodes_of(host) {
            let node = self.node(id);
            let cause = match node.intent {
                Intent::Stays | Intent::Waits(_) => continue,
                Intent::Resizes(_) | Intent::Exceeds => MoveCause::CapacityChanged,
                Intent::Retires => MoveCause::Retired,
            };
            if node.is_down() {
                if node.intent == Intent::Retires {
                    self.forget(id);
                }
                continue;
            }
            let home = node.seat().map(|seat| seat.subcluster);
            let grace_ms = home.and_then(|home| self.subclusters[&home].spec.grace_ms);
            let departure = Departure {
                cause,
                next: Next::Anywhere,
                grace: Grace::from(now, grace_ms),
            };
            self.depart(now, id, departure);
        }
    }

    /// Takes the nodes of a lost host down at once. What attempts held of them is given back here; the attempts are
    /// answered, and nobody gives back for them again.
    pub(crate) fn host_lost(&mut self, now: UnixMillis, name: &str) -> Vec<(SlotId, AttemptId)> {
        let Some(host) = self.hosts.get_mut(name) else {
            return Vec::new();
        };
        host.contact = Contact::Lost;
        let mut lost = Vec::new();
        for id in self.nodes_of(name) {
            lost.extend(self.node_lost(now, id));
        }
        self.count_fleet();
        lost
    }

    fn node_lost(&mut self, now: UnixMillis, id: NodeId) -> Vec<(SlotId, AttemptId)> {
        let held = self.ledger.holders(id);
        for &(slot, holder) in &held {
            self.give_back(now, slot, holder);
        }
        let node = self.node_mut(id);
        node.intent = match node.intent {
            Intent::Stays => Intent::Waits(node.spec.capacity),
            Intent::Resizes(capacity) => Intent::Waits(capacity),
            Intent::Waits(_) | Intent::Exceeds | Intent::Retires => node.intent,
        };
        let is_retired = node.intent == Intent::Retires;
        self.put(now, id, MoveCause::HostLost, |_| Place::Down);
        if is_retired {
            self.forget(id);
        }
        held
    }

    /// Asks for what follows from room on the node's host, at the next run of the flow.
    pub(super) fn host_settles_later(&mut self, id: NodeId) {
        let host = self.node(id).host.clone();
        self.changes.hosts.insert(host);
    }

    /// Brings up the nodes for which the host has room now.
    pub(super) fn settle_host(&mut self, now: UnixMillis, name: &str) {
        for id in self.nodes_of(name) {
            let host = &self.hosts[name];
            if let Intent::Waits(capacity) = self.node(id).intent
                && host.contact == Contact::Held
                && host.has_room_for(capacity)
            {
                self.bring_up(now, id, capacity);
            }
        }
        self.offer_again(now, name);
        self.count_fleet();
        if self
            .hosts
            .get(name)
            .is_some_and(|host| host.nodes.is_empty())
        {
            self.hosts.remove(name);
        }
    }

    fn bring_up(&mut self, now: UnixMillis, id: NodeId, capacity: Resources) {
        let node = self.node_mut(id);
        node.intent = Intent::Stays;
        node.joined_at = now;
        node.idle_since = Some(now);
        if node.spec.capacity != capacity {
            node.spec.capacity = capacity;
            self.ledger.close(id);
            self.ledger.open(id, capacity, Standing::Down);
        }
        self.put(now, id, MoveCause::Joined, |_| Place::Unassigned);
        self.changes.entry_due.insert(id);
    }

    /// Offers the free slots of a host's members, or withholds them while they have more than the host.
    fn offer_again(&mut self, now: UnixMillis, name: &str) {
        let Some(host) = self.hosts.get(name) else {
            return;
        };
        let offer = Offer::of(host);
        for id in self.nodes_of(name) {
            let node = self.nodes.get_mut(&id).expect("a host knows its nodes");
            let Place::In(seat) = &mut node.place else {
                continue;
            };
            if seat.offer == offer {
                continue;
            }
            let home = seat.subcluster;
            let subcluster = self
                .subclusters
                .get_mut(&home)
                .expect("a sub-cluster with members is there");
            subcluster.count_out(id, seat);
            seat.offer = offer;
            subcluster.count_in(id, seat);
            self.tell_holders(id);
            self.report.resized.insert(home);
            self.subcluster_changed(now, home, super::changes::BY_MEMBERSHIP);
        }
    }

    /// Drops what is known of a node that retired.
    pub(super) fn forget(&mut self, id: NodeId) {
        let node = self
            .nodes
            .remove(&id)
            .expect("only a known node is dropped");
        self.ledger.close(id);
        if let Some(host) = self.hosts.get_mut(&node.host) {
            host.nodes.remove(&id);
        }
    }

    fn nodes_of(&self, host: &str) -> Vec<NodeId> {
        let host = self.hosts.get(host).into_iter();
        host.flat_map(|host| host.nodes.iter().copied()).collect()
    }
}

impl Offer {
    /// What a member of a host may offer.
    pub(super) const fn of(host: &Host) -> Self {
        if host.is_overcommitted() {
            Self::Withheld
        } else {
            Self::Open
        }
    }
}
