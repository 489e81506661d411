//! F3, seen from above: while everybody who is busy waits for slots everywhere, from the first full round on, no two
//! differ in share over weight by more than one largest task.

use sublet_scheduler::{SubclusterId, UnixMillis, UserId};

use super::{Queue, Queues};
use crate::audit::nodes::Nodes;
use crate::audit::share::Share;
use crate::audit::users::Users;
use crate::audit::{Checked, ensure};

/// How often the distance was looked at.
#[derive(Debug, Default)]
pub(in crate::audit) struct Distance {
    pub(in crate::audit) checked: u64,
}

impl Distance {
    /// To be called after each event, when everything is at rest.
    pub(in crate::audit) fn check(
        &mut self,
        queues: &Queues,
        nodes: &Nodes,
        users: &Users,
    ) -> Checked {
        if users.busy().len() < 2 || !is_due(queues, nodes, users) {
            return Ok(());
        }
        self.checked += 1;
        let all = users.busy().map(|user| (users.share(user), user));
        let lowest = all.reduce(|least, next| {
            if least.0.is_above(next.0) {
                next
            } else {
                least
            }
        });
        let Some((least, below)) = lowest else {
            return Ok(());
        };
        let mut all = users.busy();
        let above = all.find(|&user| without_largest(user, nodes, users).is_above(least));
        ensure(above.is_none(), "F3", || {
            format!("{above:?} is more than one task above {below:?}: {users:?}")
        })
    }
}

/// The user's share without as much as the largest slot there is.
fn without_largest(user: UserId, nodes: &Nodes, users: &Users) -> Share {
    let slots = nodes.with_slots().map(|id| nodes.shape(id));
    let shares = slots.map(|slot| users.share_of(user, slot));
    let largest = shares.reduce(|most, next| if next.is_above(most) { next } else { most });
    let share = users.share(user);
    largest.map_or(share, |largest| share.less(largest))
}

/// Whether everybody who is busy waits in every sub-cluster and may have more, since before the oldest slot that is held
/// was given.
fn is_due(queues: &Queues, nodes: &Nodes, users: &Users) -> bool {
    let busy = users.busy().len();
    let all_wait = |id: SubclusterId| {
        let queue = queues.queues.get(&id);
        queue.is_some_and(|queue| queue.single.len() == busy && queue.gangs.is_empty())
            && !nodes.drains(id)
            && !queues.is_paused(id)
    };
    if !nodes.with_slots().all(all_wait) {
        return false;
    }
    let open = || {
        let with_slots = nodes.with_slots();
        with_slots.filter_map(|id| Some((id, queues.queues.get(&id)?)))
    };
    let Some(since) = open().flat_map(|(_, queue)| queue.marks()).max() else {
        return false;
    };
    open().all(|(id, queue)| {
        let shape = nodes.shape(id);
        nodes.holds(id).is_some_and(|holds| holds.are_after(since))
            && queue.single.keys().all(|&user| users.room(user, shape) > 0)
    })
}

impl Queue {
    /// Since when its users wait, its nodes are as they are, and no gang started.
    fn marks(&self) -> impl Iterator<Item = UnixMillis> {
        let singles = self.single.values().map(|singles| singles.since.at);
        singles.chain([self.disturbed.at]).chain(self.gang_served)
    }
}
