//! What users hold, over all sub-clusters, against what they may hold; and what of the pool each has had so far.
//!
//! What was had is kept as virtual time, for the bound on waiting is counted in it: a slot that comes back adds its part
//! of the pool × the time that it was held / the weight, and each start a millisecond of that. Who comes back from doing
//! nothing has had as much as the one who has had least of those who do something: that is the [floor](Mark::floor).

use std::collections::{BTreeMap, BTreeSet};

use sublet_scheduler::{Quota, Resources, Terms, UnixMillis, UserId};

use super::share::{Share, part_of};
use super::{Checked, ensure};

/// All users.
#[derive(Debug, Default)]
pub(super) struct Users {
    accounts: BTreeMap<UserId, Account>,
    /// What shares are parts of: all that hosts offer.
    pool: Resources,
    /// Who holds or wants something, by what was had.
    busy: BTreeSet<(u128, UserId)>,
    floor: u128,
}

/// An instant, and the least that anybody who was busy then had had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) at: UnixMillis,
    pub(super) floor: u128,
}

#[derive(Debug)]
struct Account {
    quota: Quota,
    weight: u32,
    slots: u64,
    held: Resources,
    /// Jobs of which something waits for a slot.
    waiting: u64,
    had: u128,
    /// Since when nothing is held.
    empty_since: Mark,
}

impl Users {
    pub(super) fn set_terms(&mut self, user: UserId, terms: &Terms) {
        let account = self.account(user);
        (account.quota, account.weight) = (terms.quota, terms.weight.max(1));
    }

    pub(super) const fn set_pool(&mut self, pool: Resources) {
        self.pool = pool;
    }

    /// Takes note of a grant, which must be within the quota (S10).
    pub(super) fn grant(&mut self, user: UserId, amount: Resources) -> Checked {
        let account = self.account(user);
        ensure(account.room(amount) > 0, "S10", || {
            format!("{user:?} is granted {amount} beyond the quota: {account:?}")
        })?;
        let part = part_of(self.pool, amount);
        self.change(user, |account| {
            account.slots += 1;
            account.held = account.held.plus(amount);
            account.use_up(part);
        });
        Ok(())
    }

    /// What was held for so long is back.
    pub(super) fn give_back(
        &mut self,
        now: UnixMillis,
        user: UserId,
        amount: Resources,
        held_ms: u64,
    ) {
        let used = part_of(self.pool, amount) * u128::from(held_ms);
        self.change(user, |account| {
            account.slots -= 1;
            account.held = account
                .held
                .checked_sub(amount)
                .expect("what comes back was granted");
            account.use_up(used);
        });
        let mark = self.mark(now);
        let account = self.account(user);
        if account.slots == 0 {
            account.empty_since = mark;
        }
    }

    /// Nobody holds or wants anything, and nobody had anything yet.
    pub(super) fn restart(&mut self) {
        (self.pool, self.floor) = (Resources::default(), 0);
        self.busy.clear();
        for account in self.accounts.values_mut() {
            (account.slots, account.held) = (0, Resources::default());
            (account.waiting, account.had) = (0, 0);
            account.empty_since = Mark::default();
        }
    }

    /// One more job of the user waits for a slot.
    pub(super) fn begin_waiting(&mut self, user: UserId) {
        self.change(user, |account| account.waiting += 1);
    }

    /// One job of the user less does.
    pub(super) fn end_waiting(&mut self, user: UserId) {
        self.change(user, |account| account.waiting -= 1);
    }

    /// How many further grants of that amount are within the quota.
    pub(super) fn room(&self, user: UserId, amount: Resources) -> u64 {
        let account = self.accounts.get(&user);
        account.map_or(u64::MAX, |account| account.room(amount))
    }

    /// What the user holds of the pool, over the weight.
    pub(super) fn share(&self, user: UserId) -> Share {
        let account = self.accounts.get(&user);
        let (held, weight) =
            account.map_or_else(|| (Resources::default(), 1), |one| (one.held, one.weight));
        Share::of(self.pool, held, weight)
    }

    /// The share of somebody of the user's weight who holds just that.
    pub(super) fn share_of(&self, user: UserId, held: Resources) -> Share {
        Share::of(self.pool, held, self.weight(user))
    }

    pub(super) fn weight(&self, user: UserId) -> u32 {
        self.accounts.get(&user).map_or(1, |account| account.weight)
    }

    /// Since when the user holds nothing; nothing, while something is held.
    pub(super) fn empty_since(&self, user: UserId) -> Option<Mark> {
        match self.accounts.get(&user) {
            Some(account) => Some(account.empty_since).filter(|_| account.slots == 0),
            None => Some(Mark::default()),
        }
    }

    /// What the user has had beyond the floor of that mark, in milliseconds of a slot of that shape, had it been somebody
    /// of weight 1.
    pub(super) fn lead_ms(&self, user: UserId, mark: Mark, shape: Resources) -> u128 {
        let had = self.accounts.get(&user).map_or(0, |account| account.had);
        had.saturating_sub(mark.floor)
            .div_ceil(part_of(self.pool, shape).max(1))
    }

    /// Who holds or wants something.
    pub(super) fn busy(&self) -> impl ExactSizeIterator<Item = UserId> {
        self.busy.iter().map(|&(_, user)| user)
    }

    pub(super) const fn mark(&self, at: UnixMillis) -> Mark {
        let floor = self.floor;
        Mark { at, floor }
    }

    fn account(&mut self, user: UserId) -> &mut Account {
        self.accounts.entry(user).or_insert_with(|| Account {
            quota: Quota::UNLIMITED,
            weight: 1,
            slots: 0,
            held: Resources::default(),
            waiting: 0,
            had: 0,
            empty_since: Mark::default(),
        })
    }

    /// Changes an account, and keeps who is busy and the floor.
    fn change(&mut self, user: UserId, change: impl FnOnce(&mut Account)) {
        let floor = self.floor;
        let account = self.account(user);
        let before = account.had;
        if !account.is_busy() {
            account.had = account.had.max(floor);
        }
        change(account);
        let (had, is_busy) = (account.had, account.is_busy());
        self.busy.remove(&(before, user));
        if is_busy {
            self.busy.insert((had, user));
        }
        let least = self.busy.first().map_or(had, |&(least, _)| least);
        self.floor = floor.max(least);
    }
}

impl Mark {
    /// The later one. The floor never falls, so that it has the higher one.
    pub(super) fn latest(marks: [Self; 3]) -> Self {
        marks.into_iter().max().unwrap_or_default()
    }
}

impl Account {
    const fn is_busy(&self) -> bool {
        self.slots > 0 || self.waiting > 0
    }

    fn use_up(&mut self, used: u128) {
        let used = used / u128::from(self.weight);
        self.had = self.had.saturating_add(used.max(1));
    }

    fn room(&self, amount: Resources) -> u64 {
        let (quota, held) = (&self.quota, self.held);
        let of = |limit: u64, taken: u64, each: u64| {
            let left = limit.saturating_sub(taken);
            left.checked_div(each).unwrap_or(u64::MAX)
        };
        of(quota.slots, self.slots, 1)
            .min(of(quota.cpu_millis, held.cpu_millis, amount.cpu_millis))
            .min(of(
                quota.memory_bytes,
                held.memory_bytes,
                amount.memory_bytes,
            ))
    }
}
