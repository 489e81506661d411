//! Whose attempt should make room for a user who has less: the one with the least lost work, of the user who is most above
//! the share. Who gives a slot must afterwards still have no less than who took it; each exchange then brings the shares
//! closer, no exchange can be the reverse of an earlier one, and preemption comes to an end.
//!
//! It only names the attempt. Whether and how often to preempt is not decided here.

use alloc::collections::BTreeMap;

use crate::queues::Queues;
use crate::queues::accounts::Accounts;
use crate::queues::local::LocalQueue;
use crate::queues::share::WeightedShare;
use crate::{AttemptId, Resources, SubclusterId, UnixMillis, UserId};

impl Queues {
    /// The attempt in the sub-cluster that should end so that the user can have its slot. Looks at all that run there.
    pub(crate) fn victim(&self, subcluster: SubclusterId, for_user: UserId) -> Option<AttemptId> {
        let queue = self.queues.get(&subcluster)?;
        let accounts = &self.accounts;
        if accounts.room(for_user, queue.slot) == 0 {
            return None;
        }
        let asker = share_with(accounts, for_user, Resources::checked_add, queue.slot)?;
        let others = youngest_by_user(queue).into_iter();
        let above = others.filter(|&(user, _)| {
            let rest = share_with(accounts, user, Resources::checked_sub, queue.slot);
            user != for_user && rest.is_some_and(|rest| rest >= asker)
        });
        let most = above.max_by_key(|&(user, _)| (accounts.standing(user), user));
        most.map(|(_, (_, attempt))| attempt)
    }
}

/// The youngest attempt of each user that holds a slot there which will be granted again: another one would end for
/// nobody. One of a gang is none: the others would have run for nothing.
fn youngest_by_user(queue: &LocalQueue) -> BTreeMap<UserId, (UnixMillis, AttemptId)> {
    let mut youngest = BTreeMap::new();
    let alone = queue
        .running
        .grants_to_come()
        .filter(|(_, grant)| !grant.is_of_gang);
    for (attempt, grant) in alone {
        let place = youngest.entry(grant.user).or_insert((grant.since, attempt));
        *place = (*place).max((grant.since, attempt));
    }
    youngest
}

/// The share that the user would have after the exchange.
fn share_with(
    accounts: &Accounts,
    user: UserId,
    exchange: impl Fn(Resources, Resources) -> Option<Resources>,
    slot: Resources,
) -> Option<WeightedShare> {
    let held = exchange(accounts.held(user).amount, slot)?;
    let weight = accounts.terms(user).weight;
    Some(accounts.pool().share(held, weight))
}
