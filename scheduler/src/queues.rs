//! Whose task is next in each sub-cluster.
//!
//! ```text
//!   between users    least dominant share / weight, over all sub-clusters; then least used so far; then by id
//!   within a user    aged jobs, oldest first; then higher priority; then older
//!   a gang           all of its slots or none; it holds nothing while it waits
//!   a child          passes the first gang: whoever waits for the child may have what the gang waits for
//!   who has children as a gang of one more for each generation, of which it takes but its own
//!   the first gang   that does not fit has the one reservation of its sub-cluster: others pass it only when they are over
//!                    before its time has come, or take slots that will be left over
//!   a quota          parks its user, who is woken by what comes back
//! ```
//!
//! Shares say who; there is no deficit to be saved up. Where shares are equal, virtual time takes the place of a usage that
//! decays: it needs no clock, and it bounds how often others come first.
//!
//! **Nobody waits for ever.** Among `n` busy users and `s` slots that nobody holds longer than `r`, a user who comes in or
//! back has a slot after at most `⌈n / s⌉ × r`, for each other user without a slot passes at most once; with equal weights,
//! one who was served all along has the next after at most `(3 × ⌈n / s⌉ + 1) × r`, for nobody is further ahead in virtual
//! time than two runs. Each gang among the others adds at most `r`. A job that is aged has only the older jobs of its user
//! before it, so it starts within `aging_max_ms` and one such turn for each of their tasks and for itself.
//!
//! It must not know nodes, rules, or the tasks of a job beyond how many wait. It has no clock: `now` is an argument, and it
//! must not fall.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod backlog;
pub(crate) mod busy;
pub(crate) mod local;
pub(crate) mod preemption;
pub(crate) mod question;
pub(crate) mod running;
pub(crate) mod share;
pub(crate) mod tree;

use alloc::vec::Vec;

use crate::shelf::Shelf;
use crate::{AttemptId, JobId, Resources, SubclusterId, Terms, UnixMillis, UserId};

use self::account::{Account, Place};
use self::accounts::Accounts;
use self::backlog::AgedSince;
use self::local::{LocalQueue, Waiting};

pub(crate) use self::account::Held;
pub use self::question::Bound;
pub(crate) use self::question::{Hold, Wait};

/// The timeout of who declares none.
pub(crate) const NO_TIMEOUT: u64 = u64::MAX;

const OPENED: &str = "the queue of a sub-cluster is opened with it";

/// The queues of all sub-clusters and the accounts of all users.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    aging_max_ms: u64,
    accounts: Accounts,
    queues: Shelf<SubclusterId, LocalQueue>,
    /// The jobs in them. Each waits in one.
    waiting: Shelf<JobId, Waiting>,
}

/// A job that waits for slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) job: JobId,
    pub(crate) user: UserId,
    pub(crate) priority: i32,
    /// When it came in.
    pub(crate) since: UnixMillis,
    /// Whether all of its tasks start together or none.
    pub(crate) gang: bool,
    /// Slots that have to be free beside those that it takes.
    pub(crate) spare: u64,
    /// How long each of its attempts holds up who has a reservation at most, or [`NO_TIMEOUT`].
    pub(crate) timeout_ms: u64,
}

/// What to start now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) job: JobId,
    /// 1, or the whole gang.
    pub(crate) tasks: u64,
}

/// An attempt with a slot, and on whose account it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) user: UserId,
    pub(crate) attempt: AttemptId,
    /// Whether it runs together with others, which are worth nothing without it.
    pub(crate) is_of_gang: bool,
}

/// What a question for the next job is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    now: UnixMillis,
    free: u64,
    aged: AgedSince,
}

impl Queues {
    /// No sub-cluster, nobody waiting. After `aging_max_ms` a job goes before every younger one of its user, whatever the
    /// priorities.
    pub(crate) fn new(default_terms: Terms, aging_max_ms: u64) -> Self {
        Self {
            aging_max_ms,
            accounts: Accounts::new(default_terms),
            queues: Shelf::default(),
            waiting: Shelf::default(),
        }
    }

    /// A sub-cluster with slots of that shape exists. What is held of slots of a former shape stays as it was granted.
    pub(crate) fn open(&mut self, subcluster: SubclusterId, slot: Resources) {
        let queue = self
            .queues
            .get_or_insert_with(subcluster, || LocalQueue::new(subcluster, slot));
        if queue.slot == slot {
            return;
        }
        queue.slot = slot;
        let users: Vec<UserId> = queue.users().collect();
        for user in users {
            self.place(subcluster, user);
        }
    }

    /// The sub-cluster is no more. Nobody waits or runs there.
    pub(crate) fn close(&mut self, subcluster: SubclusterId) {
        let before = self.queues.remove(&subcluster);
        let is_empty = before.is_none_or(|queue| queue.jobs() == 0 && queue.running.is_empty());
        assert!(
            is_empty,
            "sub-cluster {} is closed while it is in use",
            subcluster.0
        );
    }

    /// What shares are parts of.
    pub(crate) fn set_pool(&mut self, total: Resources) {
        self.accounts.set_pool(total);
    }

    pub(crate) fn set_terms(&mut self, user: UserId, terms: Terms) {
        self.accounts.change(user, |account| {
            account.terms = terms;
            account.wake();
        });
    }

    pub(crate) fn terms(&self, user: UserId) -> &Terms {
        self.accounts.terms(user)
    }

    /// So many tasks of the job wait for a slot there. With none, it is not in the queue.
    pub(crate) fn set(&mut self, subcluster: SubclusterId, entry: &Entry, ready: u64) {
        let queue = self.queues.get_mut(&subcluster).expect(OPENED);
        let users = queue.set(&mut self.waiting, entry, ready);
        for user in users.into_iter().flatten() {
            self.place(subcluster, user);
        }
    }

    /// Whose turn it is with so many free slots; nothing when nobody fits or may. The answer stays the same until
    /// something changes or time passes.
    pub(crate) fn next(
        &mut self,
        now: UnixMillis,
        subcluster: SubclusterId,
        free: u64,
    ) -> Option<Pick> {
        let aged = AgedSince(now.0.checked_sub(self.aging_max_ms).map(UnixMillis));
        let queue = self.queues.get_mut(&subcluster)?;
        let next = queue.next(
            &mut self.accounts,
            &self.waiting,
            Moment { now, free, aged },
        )?;
        let job = self.waiting.get(&next.job)?;
        Some(Pick {
            job: next.job,
            tasks: job.together(),
        })
    }

    /// A slot was granted to an attempt that will take at most so long.
    pub(crate) fn started(
        &mut self,
        now: UnixMillis,
        subcluster: SubclusterId,
        holder: Holder,
        timeout_ms: u64,
    ) {
        let queue = self.queue_mut(subcluster);
        let slot = queue.slot;
        queue.running.start(now, holder, slot, timeout_ms);
        self.accounts.take(holder.user, slot);
    }

    /// The slot of an attempt is back. Answers for how many milliseconds it was held.
    pub(crate) fn ended(
        &mut self,
        now: UnixMillis,
        subcluster: SubclusterId,
        attempt: AttemptId,
    ) -> u64 {
        let queue = self.queue_mut(subcluster);
        let grant = queue.running.end(attempt);
        let held_ms = now.0.saturating_sub(grant.since.0);
        self.accounts.give_back(grant.user, grant.amount, held_ms);
        held_ms
    }

    /// The slot of an attempt will not be granted again when it is back.
    pub(crate) fn count_out(&mut self, subcluster: SubclusterId, attempt: AttemptId) {
        self.queue_mut(subcluster).running.count_out(attempt);
    }

    /// The slot of an attempt will be granted again after all.
    pub(crate) fn count_in(&mut self, subcluster: SubclusterId, attempt: AttemptId) {
        self.queue_mut(subcluster).running.count_in(attempt);
    }

    pub(crate) fn held(&self, user: UserId) -> Held {
        self.accounts.held(user)
    }

    /// The user's dominant share, in thousandths of the pool.
    pub(crate) fn share_millis(&self, user: UserId) -> u64 {
        let held = self.accounts.held(user).amount;
        self.accounts.pool().share_millis(held)
    }

    /// Jobs in the queue of a sub-cluster.
    pub(crate) fn jobs(&self, subcluster: SubclusterId) -> u64 {
        self.queues.get(&subcluster).map_or(0, LocalQueue::jobs)
    }

    /// Slots of a sub-cluster that are held and will be granted again.
    pub(crate) fn to_come(&self, subcluster: SubclusterId) -> u64 {
        let queue = self.queues.get(&subcluster);
        queue.map_or(0, |queue| queue.running.to_come())
    }

    /// Tasks that wait for a slot of a sub-cluster.
    pub(crate) fn tasks(&self, subcluster: SubclusterId) -> u64 {
        self.queues.get(&subcluster).map_or(0, LocalQueue::tasks)
    }

    /// The sub-clusters in which jobs of the user wait.
    pub(crate) fn waits_in(&self, user: UserId) -> impl Iterator<Item = SubclusterId> {
        let account = self.accounts.get(user);
        account.into_iter().flat_map(Account::waits_in)
    }

    /// Who would have a slot of a sub-cluster, if one came free.
    pub(crate) fn next_user(
        &mut self,
        now: UnixMillis,
        subcluster: SubclusterId,
    ) -> Option<UserId> {
        let pick = self.next(now, subcluster, 1)?;
        let waiting = self.waiting.get(&pick.job)?;
        Some(waiting.entry.user)
    }

    /// The backlog of the user in a sub-cluster is another one: it appeared, went, or has other sizes.
    fn place(&mut self, subcluster: SubclusterId, user: UserId) {
        let queue = self.queue_mut(subcluster);
        let slot = queue.slot;
        let place = queue
            .least_size(user)
            .map(|least_size| Place { slot, least_size });
        if !self.accounts.asks_alike(user, subcluster, place) {
            self.accounts
                .change(user, |account| account.wait_in(subcluster, place));
        }
    }

    fn queue_mut(&mut self, subcluster: SubclusterId) -> &mut LocalQueue {
        self.queues.get_mut(&subcluster).expect(OPENED)
    }
}

#[cfg(test)]
mod tests;
