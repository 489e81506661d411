//! The account of every grant: who holds how much of which node. It decides nothing. It keeps that on each node
//! free + granted = capacity, that this changes only in pairs of grant and return, and that one slot has one holder.
//! Whoever breaks that has a bug that would overcommit memory, so the ledger stops the process.
//!
//! It must not know what a sub-cluster, a queue or a rule is.

use alloc::collections::BTreeMap;

use crate::{AttemptId, NodeId, Resources, SlotId};

/// All accounts.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: BTreeMap<NodeId, Account>,
    grants: BTreeMap<SlotId, Grant>,
}

/// The account of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    capacity: Resources,
    free: Resources,
}

/// One slot in somebody's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grant {
    holder: AttemptId,
    amount: Resources,
}

impl Account {
    pub(crate) const fn capacity(&self) -> Resources {
        self.capacity
    }

    pub(crate) fn granted(&self) -> Resources {
        self.capacity
            .checked_sub(self.free)
            .expect("an account never has more free than it has")
    }
}

impl Ledger {
    /// Opens the account of a node that has never been seen.
    pub(crate) fn open(&mut self, node: NodeId, capacity: Resources) {
        let before = self.accounts.insert(
            node,
            Account {
                capacity,
                free: capacity,
            },
        );
        assert!(before.is_none(), "node {} has an account already", node.0);
    }

    /// Gives `amount` of the slot's node to an attempt, until it is returned.
    pub(crate) fn grant(&mut self, slot: SlotId, holder: AttemptId, amount: Resources) {
        let account = self
            .accounts
            .get_mut(&slot.node)
            .expect("a slot is cut from a known node");
        account.free = account
            .free
            .checked_sub(amount)
            .expect("slots are cut from what their node has");
        let before = self.grants.insert(slot, Grant { holder, amount });
        assert!(
            before.is_none(),
            "slot {slot} is granted twice: to {before:?} and to {holder}"
        );
    }

    /// Takes back, whole, what the attempt was granted with the slot.
    pub(crate) fn give_back(&mut self, slot: SlotId, holder: AttemptId) {
        let grant = self
            .grants
            .remove(&slot)
            .expect("only a granted slot is given back");
        assert_eq!(
            grant.holder, holder,
            "slot {slot} is given back by somebody else"
        );
        let account = self
            .accounts
            .get_mut(&slot.node)
            .expect("a node with grants has an account");
        account.free = account
            .free
            .checked_add(grant.amount)
            .expect("it fitted before the grant");
    }

    /// The account of a node.
    pub(crate) fn account(&self, node: NodeId) -> Option<Account> {
        self.accounts.get(&node).copied()
    }

    /// Whether nobody holds anything.
    pub(crate) fn is_balanced(&self) -> bool {
        self.grants.is_empty()
    }
}

#[cfg(test)]
mod tests;
