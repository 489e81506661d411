//! All accounts, and virtual time: what orders users of equal share.
//!
//! A slot that comes back adds cost × time held / weight to its user's virtual time, and each start adds a millisecond of
//! that at once, so that tasks that start in the same instant take turns. Whoever has used less goes first. A user that
//! comes back from doing nothing is set forward to the least virtual time of those that are busy: what was not used is
//! not hoarded, what was used beyond the others stays used.
//!
//! It must not know which jobs wait, nor in what order.

use crate::queues::account::{Account, Held, Place, Places};
use crate::queues::busy::Busy;
use crate::queues::share::{Pool, Standing};
use crate::queues::tree::Tree;
use crate::shelf::Shelf;
use crate::{Resources, SubclusterId, Terms, UserId};

/// What a start adds to the virtual time at once, as time held.
const START_MS: u64 = 1;

/// The accounts of all users that were ever seen.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    default_terms: Terms,
    pool: Pool,
    accounts: Shelf<UserId, Account>,
    /// The users who ask for slots, first the one whose turn it is, with where they ask. One order serves all sub-clusters.
    order: Tree<(Standing, UserId), Places>,
    /// Who has or wants something, by virtual time.
    busy: Busy,
}

impl Accounts {
    pub(crate) fn new(default_terms: Terms) -> Self {
        Self {
            default_terms,
            pool: Pool::default(),
            accounts: Shelf::default(),
            order: Tree::default(),
            busy: Busy::default(),
        }
    }

    pub(crate) const fn pool(&self) -> Pool {
        self.pool
    }

    /// Shares of the old pool cannot be compared with those of the new one, so everyone is put in order again.
    pub(crate) fn set_pool(&mut self, total: Resources) {
        self.pool = Pool::new(total);
        self.order = Tree::default();
        let asking = self.accounts.iter();
        for (user, account) in asking.filter(|(_, account)| !account.asks().is_empty()) {
            let place = (account.standing(self.pool), user);
            self.order.insert(place, account.asks());
        }
    }

    /// The first user who asks in a sub-cluster, of those after one or of all.
    pub(crate) fn first_asking(
        &self,
        subcluster: SubclusterId,
        after: Option<&(Standing, UserId)>,
    ) -> Option<(Standing, UserId)> {
        let here = Places::of(subcluster);
        self.order.first_after(after, |places| places.meet(here))
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

    /// Whether what the user has waiting in a sub-cluster is nothing new to the account.
    pub(crate) fn asks_alike(
        &self,
        user: UserId,
        subcluster: SubclusterId,
        place: Option<Place>,
    ) -> bool {
        let known = self.get(user).zip(place);
        known.is_some_and(|(account, place)| account.asks_with(subcluster, place))
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
            account.wake();
            let usage = pool.usage(slot, held_ms, account.terms.weight);
            account.virtual_time = account.virtual_time.saturating_add(usage);
        });
    }

    /// Changes an account, and with it the order of users and who is busy. Virtual time may only grow.
    pub(crate) fn change(&mut self, user: UserId, change: impl FnOnce(&mut Account)) {
        let was_busy = self.get(user).is_some_and(Account::is_busy);
        let floor = if was_busy {
            0
        } else {
            self.busy.floor(&mut self.accounts)
        };
        let new = || Account::new(self.default_terms);
        let account = self.accounts.get_or_insert_with(user, new);
        account.virtual_time = account.virtual_time.max(floor);
        let (standing, asked) = (account.standing(self.pool), account.asks());
        change(account);
        let (standing_now, asks) = (account.standing(self.pool), account.asks());
        if (standing, asked) != (standing_now, asks) {
            if !asked.is_empty() {
                self.order.remove(&(standing, user));
            }
            if !asks.is_empty() {
                self.order.insert((standing_now, user), asks);
            }
        }
        match (was_busy, account.is_busy()) {
            (false, true) => self.busy.enter(user, account),
            (true, false) => self.busy.leave(account),
            (true, true) | (false, false) => {}
        }
    }
}
