//! What users hold, over all sub-clusters, against what they may hold.

use std::collections::BTreeMap;

use sublet_scheduler::{Quota, Resources, Terms, UserId};

use super::{Checked, ensure};

/// All users.
#[derive(Debug, Default)]
pub(super) struct Users(BTreeMap<UserId, Account>);

#[derive(Debug)]
struct Account {
    quota: Quota,
    slots: u64,
    held: Resources,
}

impl Users {
    pub(super) fn set_terms(&mut self, user: UserId, terms: &Terms) {
        self.account(user).quota = terms.quota;
    }

    /// Takes note of a grant, which must be within the quota (S10).
    pub(super) fn grant(&mut self, user: UserId, amount: Resources) -> Checked {
        let account = self.account(user);
        ensure(account.has_room(amount), "S10", || {
            format!("{user:?} is granted {amount} beyond the quota: {account:?}")
        })?;
        account.slots += 1;
        account.held = account.held.plus(amount);
        Ok(())
    }

    pub(super) fn give_back(&mut self, user: UserId, amount: Resources) {
        let account = self.account(user);
        account.slots -= 1;
        account.held = account
            .held
            .checked_sub(amount)
            .expect("what comes back was granted");
    }

    /// Whether one more grant is within the quota.
    pub(super) fn has_room(&self, user: UserId, amount: Resources) -> bool {
        self.0
            .get(&user)
            .is_none_or(|account| account.has_room(amount))
    }

    fn account(&mut self, user: UserId) -> &mut Account {
        self.0.entry(user).or_insert_with(|| Account {
            quota: Quota::UNLIMITED,
            slots: 0,
            held: Resources::default(),
        })
    }
}

impl Account {
    const fn has_room(&self, amount: Resources) -> bool {
        let (quota, then) = (&self.quota, self.held.plus(amount));
        self.slots < quota.slots
            && then.cpu_millis <= quota.cpu_millis
            && then.memory_bytes <= quota.memory_bytes
    }
}
