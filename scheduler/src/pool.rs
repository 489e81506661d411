//! The capacity of all hosts: which node is in which sub-cluster, and the taking and giving back of slots, always
//! together with the account of what they hold. It must not know jobs beyond the name of the attempt that holds a slot.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::ledger::{Account, Ledger, Standing};
use crate::subcluster::{Subcluster, SubclusterConfig};
use crate::{AttemptId, NodeId, Resources, SlotId, SubclusterId};

/// All nodes and what they are cut into.
#[derive(Debug)]
pub(crate) struct Pool {
    ledger: Ledger,
    /// Where each node is; at most one sub-cluster, by construction.
    membership: BTreeMap<NodeId, Option<SubclusterId>>,
    subclusters: BTreeMap<SubclusterId, Subcluster>,
}

impl Pool {
    pub(crate) fn new(configs: Vec<SubclusterConfig>) -> Self {
        let subclusters = configs.into_iter().map(Subcluster::new);
        Self {
            ledger: Ledger::default(),
            membership: BTreeMap::new(),
            subclusters: (0..).map(SubclusterId).zip(subclusters).collect(),
        }
    }

    /// Takes a node in. One that is here already stays as it is.
    pub(crate) fn join(&mut self, node: NodeId, capacity: Resources) {
        if self.membership.contains_key(&node) {
            return;
        }
        self.ledger.open(node, capacity, Standing::Open);
        let home = self.home_of_new_node();
        self.membership.insert(node, home);
        if let Some(home) = home {
            self.subcluster_mut(home).add(node, capacity);
        }
    }

    /// The sub-cluster that a new node enters. Entry rules will decide it; until then the first takes them all.
    fn home_of_new_node(&self) -> Option<SubclusterId> {
        self.subclusters.first_key_value().map(|(&id, _)| id)
    }

    /// The first sub-cluster with somebody in its queue and a free slot for them.
    pub(crate) fn first_that_can_start(&self) -> Option<SubclusterId> {
        self.subclusters()
            .find(|(_, one)| one.can_start())
            .map(|(id, _)| id)
    }

    /// Grants a free slot of the sub-cluster, which has one, to an attempt.
    pub(crate) fn grant(&mut self, subcluster: SubclusterId, holder: AttemptId) -> SlotId {
        let subcluster = self.subcluster_mut(subcluster);
        let slot = subcluster.take_slot();
        let amount = subcluster.slot;
        self.ledger.grant(slot, holder, amount);
        slot
    }

    /// Takes back what an attempt was granted.
    pub(crate) fn give_back(&mut self, slot: SlotId, holder: AttemptId) {
        self.ledger.give_back(slot, holder);
        let home = self
            .home_of(slot.node)
            .expect("a node stays where it is until it is empty");
        self.subcluster_mut(home).put_slot(slot);
    }

    pub(crate) fn home_of(&self, node: NodeId) -> Option<SubclusterId> {
        self.membership.get(&node).copied().flatten()
    }

    pub(crate) fn subcluster(&self, id: SubclusterId) -> &Subcluster {
        self.subclusters
            .get(&id)
            .expect("the name of a sub-cluster is only made with it")
    }

    pub(crate) fn subcluster_mut(&mut self, id: SubclusterId) -> &mut Subcluster {
        self.subclusters
            .get_mut(&id)
            .expect("the name of a sub-cluster is only made with it")
    }

    /// In declared order.
    pub(crate) fn subclusters(&self) -> impl Iterator<Item = (SubclusterId, &Subcluster)> {
        self.subclusters
            .iter()
            .map(|(&id, subcluster)| (id, subcluster))
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (NodeId, Account)> {
        self.membership.keys().map(|&node| {
            (
                node,
                self.ledger
                    .account(node)
                    .expect("a node in the pool has an account"),
            )
        })
    }

    /// Whether nobody holds a slot.
    pub(crate) fn is_idle(&self) -> bool {
        self.ledger.is_balanced()
    }
}
