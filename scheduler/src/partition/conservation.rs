//! That nothing is lost and nothing is there twice, counted anew from the nodes up. It is asked by tests and by the
//! simulator after each event; no decision asks here.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

use super::Partition;
use super::host::{Contact, Host};
use super::node::{Node, Offer, Place, Seat};
use super::subcluster::Subcluster;
use crate::{NodeId, Resources, SubclusterId};

impl Partition {
    /// What does not add up, if anything.
    ///
    /// # Errors
    /// The first account that is wrong, with both numbers.
    pub(crate) fn conservation(&self) -> Result<(), String> {
        self.check_totals()?;
        for (id, node) in self.nodes.iter() {
            self.check_node(id, node)?;
        }
        for (id, subcluster) in self.subclusters.iter() {
            self.check_subcluster(id, subcluster)?;
        }
        for (name, host) in &self.hosts {
            self.check_host(name, host)?;
        }
        Ok(())
    }

    /// S3 and X1: the parts are the total, and the nodes in sub-clusters, unassigned, draining and down are the pool.
    fn check_totals(&self) -> Result<(), String> {
        let (kept, counted) = (self.ledger.totals(), self.ledger.recount());
        ensure(kept == counted, || {
            format!("the ledger keeps {kept:?} and has {counted:?}")
        })?;
        ensure(kept.sum() == Some(kept.total), || {
            format!("{kept:?} do not add up")
        })?;
        let (mut pool, mut down) = (Resources::default(), Resources::default());
        let (mut draining, mut usable) = (pool, pool);
        for node in self.nodes.values() {
            let part = match &node.place {
                Place::In(_) | Place::Unassigned => &mut usable,
                Place::Draining(..) => &mut draining,
                Place::Down => &mut down,
            };
            *part = part.plus(node.spec.capacity);
            pool = pool.plus(node.spec.capacity);
        }
        ensure(pool == kept.total && down == kept.down, || {
            format!("nodes have {pool:?}, {down:?} of it down; the ledger {kept:?}")
        })?;
        let held_in_both = kept.free.plus(kept.granted).plus(kept.draining);
        ensure(usable.plus(draining) == held_in_both, || {
            format!("{usable:?} and {draining:?} are not {held_in_both:?}")
        })
    }

    /// S1 and S2 for one node: what is held of it is within what it has, and it is where it says.
    fn check_node(&self, id: NodeId, node: &Node) -> Result<(), String> {
        let account = self.ledger.account(id);
        let account = account.ok_or_else(|| format!("node {} has no account", id.0))?;
        ensure(account.capacity() == node.spec.capacity, || {
            format!("node {} has two capacities", id.0)
        })?;
        let held = self.ledger.holders(id).len() as u64;
        ensure(held == node.running(), || {
            format!(
                "node {} has {held} holders, counts {}",
                id.0,
                node.running()
            )
        })?;
        ensure(node.idle_since.is_none() == (held > 0), || {
            format!(
                "node {} with {held} holders is idle since {:?}",
                id.0, node.idle_since
            )
        })?;
        let host = self.hosts.get(&node.host);
        ensure(host.is_some_and(|host| host.nodes.contains(&id)), || {
            format!("node {} is not known to its host", id.0)
        })?;
        let claims = self
            .subclusters
            .iter()
            .filter(|(_, one)| one.members.contains(&id));
        let claims: BTreeSet<SubclusterId> = claims.map(|(home, _)| home).collect();
        let home = node.seat().map(|seat| seat.subcluster);
        ensure(claims == home.into_iter().collect(), || {
            format!("node {} is in {home:?}, claimed by {claims:?}", id.0)
        })
    }

    /// The counts of a sub-cluster are those of its members, and only what is open is offered.
    fn check_subcluster(&self, id: SubclusterId, subcluster: &Subcluster) -> Result<(), String> {
        let (mut free, mut held, mut with_room) = (0, 0, BTreeSet::new());
        for (node, seat) in self.seats_of(id) {
            held += seat.slots.held();
            if seat.offer == Offer::Open && seat.slots.free() > 0 {
                free += seat.slots.free();
                with_room.insert(node);
            }
        }
        let counts = subcluster.slots();
        ensure((counts.free, counts.in_use()) == (free, held), || {
            format!("{id:?} counts {counts:?}, has {free} free and {held} held")
        })?;
        ensure(*subcluster.with_room() == with_room, || {
            format!(
                "{id:?} offers slots of {:?}, has {with_room:?}",
                subcluster.with_room()
            )
        })
    }

    /// The slots of a sub-cluster that are held and will be granted again, counted anew.
    pub(crate) fn slots_to_come(&self, id: SubclusterId) -> u64 {
        let seats = self.seats_of(id).map(|(_, seat)| seat);
        let open = seats.filter(|seat| seat.offer == Offer::Open);
        open.map(|seat| seat.slots.held()).sum()
    }

    fn seats_of(&self, id: SubclusterId) -> impl Iterator<Item = (NodeId, &Seat)> {
        let seats = self
            .nodes
            .iter()
            .filter_map(|(id, node)| Some((id, node.seat()?)));
        seats.filter(move |(_, seat)| seat.subcluster == id)
    }

    /// S1 for one host: what is reserved is counted right, and with more than it has nothing of it is offered.
    fn check_host(&self, name: &str, host: &Host) -> Result<(), String> {
        let mut reserved = Resources::default();
        for id in &host.nodes {
            let node = self.nodes.get(id);
            let node = node.ok_or_else(|| format!("{name} has node {}, which is gone", id.0))?;
            if !node.is_down() {
                reserved = reserved.plus(node.spec.capacity);
            }
            if let Place::In(seat) = &node.place {
                ensure(seat.offer == Offer::of(host), || {
                    format!("node {} offers against what {name} has", id.0)
                })?;
            }
        }
        ensure(reserved == host.reserved, || {
            format!(
                "{name} reserves {:?}, its nodes have {reserved:?}",
                host.reserved
            )
        })?;
        ensure(
            host.contact == Contact::Held || reserved == Resources::default(),
            || format!("{name} is lost and has nodes that are up"),
        )
    }
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}
