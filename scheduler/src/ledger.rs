//! The account of every grant: who holds how much of which node, and how every node stands. It decides nothing. It keeps
//! that on each node free + granted = capacity, that over all nodes free + granted + draining + down = total, that this
//! changes only in pairs, and that one slot has one holder. Whoever breaks that has a bug that would overcommit memory,
//! so the ledger stops the process.
//!
//! It must not know what a sub-cluster, a queue or a rule is.

use alloc::vec::Vec;

use crate::shelf::Shelf;
use crate::{AttemptId, NodeId, Resources, SlotId};

/// All accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    books: Shelf<NodeId, Book>,
    /// How many grants there are in all books.
    grants: u64,
    totals: Totals,
}

/// What is known of one node.
#[derive(Clone, Debug)]
struct Book {
    account: Account,
    /// By the index of the slot, as far as any was ever granted.
    grants: Vec<Option<Grant>>,
}

/// The account of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    capacity: Resources,
    free: Resources,
    standing: Standing,
}

/// What may be done with what nobody holds of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may be granted.
    Open,
    /// It waits until the rest comes back.
    Draining,
    /// It is not there, and nobody holds anything of the node.
    Down,
}

/// All accounts together. The sum of the first four is the fifth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) free: Resources,
    pub(crate) granted: Resources,
    pub(crate) draining: Resources,
    pub(crate) down: Resources,
    pub(crate) total: Resources,
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

    pub(crate) const fn free(&self) -> Resources {
        self.free
    }

    pub(crate) fn granted(&self) -> Resources {
        self.capacity
            .checked_sub(self.free)
            .expect("an account never has more free than it has")
    }
}

impl Ledger {
    /// Opens the account of a node that has none.
    pub(crate) fn open(&mut self, node: NodeId, capacity: Resources, standing: Standing) {
        let account = Account {
            capacity,
            free: capacity,
            standing,
        };
        let grants = Vec::new();
        let before = self.books.insert(node, Book { account, grants });
        assert!(before.is_none(), "node {} has an account already", node.0);
        add(&mut self.totals.total, capacity);
        add(self.totals.pot(standing), capacity);
    }

    /// Closes the account of a node of which nobody holds anything.
    pub(crate) fn close(&mut self, node: NodeId) {
        let Book { account, .. } = self
            .books
            .remove(&node)
            .expect("only an open account is closed");
        assert_eq!(
            account.free, account.capacity,
            "node {} is closed while somebody holds a slot of it",
            node.0
        );
        take(&mut self.totals.total, account.capacity);
        take(self.totals.pot(account.standing), account.capacity);
    }

    /// Moves what is free of a node from one pot to another.
    pub(crate) fn stand(&mut self, node: NodeId, standing: Standing) {
        let Book { account, .. } = self
            .books
            .get_mut(&node)
            .expect("who changes has an account");
        assert!(
            standing != Standing::Down || account.free == account.capacity,
            "node {} goes down while somebody holds a slot of it",
            node.0
        );
        take(self.totals.pot(account.standing), account.free);
        add(self.totals.pot(standing), account.free);
        account.standing = standing;
    }

    /// Gives `amount` of the slot's node to an attempt, until it is returned.
    pub(crate) fn grant(&mut self, slot: SlotId, holder: AttemptId, amount: Resources) {
        let Book { account, grants } = self
            .books
            .get_mut(&slot.node)
            .expect("a slot is cut from a known node");
        assert_eq!(
            account.standing,
            Standing::Open,
            "slot {slot} is granted while its node is not open"
        );
        account.free = account
            .free
            .checked_sub(amount)
            .expect("slots are cut from what their node has");
        take(&mut self.totals.free, amount);
        add(&mut self.totals.granted, amount);
        let place = place_of(slot);
        if place >= grants.len() {
            grants.resize(place + 1, None);
        }
        let before = grants[place].replace(Grant { holder, amount });
        self.grants += 1;
        assert!(
            before.is_none(),
            "slot {slot} is granted twice: to {before:?} and to {holder}"
        );
    }

    /// Takes back, whole, what the attempt was granted with the slot.
    pub(crate) fn give_back(&mut self, slot: SlotId, holder: AttemptId) {
        let Book { account, grants } = self
            .books
            .get_mut(&slot.node)
            .expect("a node with grants has an account");
        let grant = grants
            .get_mut(place_of(slot))
            .and_then(Option::take)
            .expect("only a granted slot is given back");
        self.grants -= 1;
        assert_eq!(
            grant.holder, holder,
            "slot {slot} is given back by somebody else"
        );
        add(&mut account.free, grant.amount);
        let pot = self.totals.pot(account.standing);
        add(pot, grant.amount);
        take(&mut self.totals.granted, grant.amount);
    }

    /// Who holds slots of a node, by slot.
    pub(crate) fn holders(&self, node: NodeId) -> Vec<(SlotId, AttemptId)> {
        let book = self.books.get(&node).into_iter();
        let grants = book.flat_map(|book| (0..).zip(&book.grants));
        grants
            .filter_map(|(index, grant)| Some((SlotId { node, index }, (*grant)?.holder)))
            .collect()
    }

    /// The account of a node.
    pub(crate) fn account(&self, node: NodeId) -> Option<Account> {
        self.books.get(&node).map(|book| book.account)
    }

    /// All accounts together.
    pub(crate) const fn totals(&self) -> Totals {
        self.totals
    }

    /// All accounts together, counted anew: what [`Self::totals`] must say.
    pub(crate) fn recount(&self) -> Totals {
        let mut totals = Totals::default();
        for Book { account, grants } in self.books.values() {
            add(&mut totals.total, account.capacity);
            add(totals.pot(account.standing), account.free);
            for grant in grants.iter().flatten() {
                add(&mut totals.granted, grant.amount);
            }
        }
        totals
    }

    /// Whether nobody holds anything.
    pub(crate) const fn is_balanced(&self) -> bool {
        self.grants == 0
    }
}

const fn place_of(slot: SlotId) -> usize {
    slot.index as usize
}

impl Totals {
    /// Where what is free of a node that stands so is counted.
    const fn pot(&mut self, standing: Standing) -> &mut Resources {
        match standing {
            Standing::Open => &mut self.free,
            Standing::Draining => &mut self.draining,
            Standing::Down => &mut self.down,
        }
    }

    /// The parts, which are the total.
    pub(crate) fn sum(&self) -> Option<Resources> {
        self.free
            .checked_add(self.granted)?
            .checked_add(self.draining)?
            .checked_add(self.down)
    }
}

fn add(pot: &mut Resources, amount: Resources) {
    *pot = pot
        .checked_add(amount)
        .expect("what all hosts have together is a number");
}

fn take(pot: &mut Resources, amount: Resources) {
    *pot = pot
        .checked_sub(amount)
        .expect("only what was put in is taken out");
}

#[cfg(test)]
mod tests;
