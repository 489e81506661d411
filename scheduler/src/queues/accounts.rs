//! All accounts, and virtual time: what orders users of equal share.
//!
//! A slot that comes back adds cost × time held / weight to its user's virtual time, and each start adds a millisecond of
//! that at once, so that tasks that start in the same instant take turns. Whoever has used less goes first. A user that
//! comes back from doing nothing is set forward to the least virtual time of those that are busy: what was not used is
//! not hoarded, what was used beyond the others stays used.
//!
//! It must not know which jobs wait, nor in what order.

use alloc::collections::{BTreeMap, BTreeSet};
use core::mem;

use crate::queues::account::{Account, Held};
use crate::queues::share::{Pool, Standing};
use crate::{Resources, SubclusterId, Terms, UserId};

/// What a start adds to the virtual time at once, as time held.
const START_MS: u64 = 1;

/// The accounts of all users that were ever seen.
#[derive(Debug)]
pub(crate) struct Accounts {
    default_terms: Terms,
    pool: Pool,
    accounts: BTreeMap<UserId, Account>,
    /// Who has or wants something, by virtual time.
    busy: BTreeSet<(u128, UserId)>,
    /// The least virtual time of the busy, now or when somebody last was. It never falls.
    floor: u128,
}

impl Accounts {
    pub(crate) fn new(default_terms: Terms) -> Self {
        Self {
            default_terms,
            pool: Pool::default(),
            accounts: BTreeMap::new(),
            busy: BTreeSet::new(),
            floor: 0,
        }
    }

    pub(crate) const fn pool(&self) -> Pool {
        self.pool
    }

    pub(crate) fn set_pool(&mut self, total: Resources) {
        self.pool = Pool::new(total);
    }

    pub(crate) fn terms(&self, user: UserId) -> &Terms {
        self.get(user)
            .map_or(&self.default_terms, |account| &account.terms)
    }

    pub(crate) fn held(&self, user: UserId) -> Held {
        self.get(user)
            .map(|account| account.held)
            .unwrap_or_default()
    }

    pub(crate) fn standing(&self, user: UserId) -> Standing {
        match self.get(user) {
            Some(account) => account.standing(self.pool),
            None => Account::new(self.default_terms).standing(self.pool),
        }
    }

    pub(crate) fn room(&self, user: UserId, slot: Resources) -> u64 {
        match self.get(user) {
            Some(account) => account.room(slot),
            None => Account::new(self.default_terms).room(slot),
        }
    }

    /// Notes under which standing a sub-cluster has the user in its order. Answers what was noted before.
    pub(crate) fn file(
        &mut self,
        user: UserId,
        subcluster: SubclusterId,
        filed: Option<Standing>,
    ) -> Option<Standing> {
        let account = self.accounts.get_mut(&user);
        let place = account.and_then(|account| account.places.get_mut(&subcluster));
        let place = place.expect("who is filed in a sub-cluster waits there");
        mem::replace(&mut place.filed, filed)
    }

    pub(crate) fn get(&self, user: UserId) -> Option<&Account> {
        self.accounts.get(&user)
    }

    /// A slot was granted to the user.
    pub(crate) fn take(&mut self, user: UserId, slot: Resources) {
        let pool = self.pool;
        self.change(user, |account| {
            account.held.take(slot);
            let usage = pool.usage(slot, START_MS, account.terms.weight);
            account.virtual_time = account.virtual_time.saturating_add(usage);
        });
    }

    /// A slot that the user held for so long is back.
    pub(crate) fn give_back(&mut self, user: UserId, slot: Resources, held_ms: u64) {
        let pool = self.pool;
        self.change(user, |account| {
            account.held.give_back(slot);
            let usage = pool.usage(slot, held_ms, account.terms.weight);
            account.virtual_time = account.virtual_time.saturating_add(usage);
        });
    }

    /// Changes an account and keeps note of who is busy. Virtual time may only grow.
    pub(crate) fn change<T>(&mut self, user: UserId, change: impl FnOnce(&mut Account) -> T) -> T {
        let new = || Account::new(self.default_terms);
        let account = self.accounts.entry(user).or_insert_with(new);
        let (was_busy, before) = (account.is_busy(), account.virtual_time);
        if !was_busy {
            account.virtual_time = account.virtual_time.max(self.floor);
        }
        let answer = change(account);
        let (is_busy, after) = (account.is_busy(), account.virtual_time);
        if (was_busy, before) != (is_busy, after) {
            if was_busy {
                self.busy.remove(&(before, user));
            }
            if is_busy {
                self.busy.insert((after, user));
            }
            let least = self.busy.first().map_or(after, |&(least, _)| least);
            self.floor = self.floor.max(least);
        }
        answer
    }
}
