//! Who waits in one sub-cluster, and whose turn it is there.
//!
//! The order between users is kept lazily: a user is filed under a standing that was true once and is never above the true
//! one. Whoever comes first is looked at, and moved back when the standing has risen meanwhile, until the first is where
//! it belongs. So a start costs nothing in the sub-clusters that nobody asks.
//!
//! It must not know nodes, nor what a job does. Slots are a number that comes with the question.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Reverse;

use crate::queues::accounts::Accounts;
use crate::queues::backlog::{Age, AgedSince, Backlog, Candidate, Fit, Turn};
use crate::queues::running::Running;
use crate::queues::share::Standing;
use crate::queues::{Entry, Moment};
use crate::{JobId, Resources, SubclusterId, UserId};

/// The queue of one sub-cluster.
#[derive(Debug)]
pub(crate) struct LocalQueue {
    pub(crate) id: SubclusterId,
    pub(crate) slot: Resources,
    pub(crate) running: Running,
    waiting: BTreeMap<JobId, Waiting>,
    backlogs: BTreeMap<UserId, Backlog>,
    /// The users with a job that their quota has room for, as they were filed.
    order: BTreeSet<(Standing, UserId)>,
    tasks: u64,
    /// The gang that did not fit when it was first in order: nobody may delay it any more.
    reserved_for: Option<JobId>,
}

/// A job in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) entry: Entry,
    pub(crate) ready: u64,
}

impl Waiting {
    /// The slots it needs at once.
    pub(crate) const fn size(&self) -> u64 {
        if self.entry.gang { self.ready } else { 1 }
    }

    pub(crate) const fn turn(&self) -> Turn {
        Turn {
            priority: Reverse(self.entry.priority),
            age: Age {
                since: self.entry.since,
                job: self.entry.job,
            },
        }
    }

    /// Whether nothing changed but how many tasks wait behind the next.
    fn stands_like(&self, other: &Self) -> bool {
        self.entry == other.entry && self.size() == other.size()
    }
}

impl LocalQueue {
    pub(crate) fn new(id: SubclusterId, slot: Resources) -> Self {
        Self {
            id,
            slot,
            running: Running::default(),
            waiting: BTreeMap::new(),
            backlogs: BTreeMap::new(),
            order: BTreeSet::new(),
            tasks: 0,
            reserved_for: None,
        }
    }

    /// Takes note of how many tasks of a job wait. Answers the users whose backlog is another one now.
    pub(crate) fn set(&mut self, entry: &Entry, ready: u64) -> [Option<UserId>; 2] {
        let now = Waiting {
            entry: *entry,
            ready,
        };
        let before = self.waiting.get(&entry.job).copied();
        self.tasks = self.tasks - before.map_or(0, |before| before.ready) + ready;
        if ready > 0 {
            self.waiting.insert(entry.job, now);
        } else {
            self.waiting.remove(&entry.job);
            self.reserved_for.take_if(|job| *job == entry.job);
        }
        let after = Some(now).filter(|_| ready > 0);
        if let (Some(before), Some(after)) = (before, after)
            && before.stands_like(&after)
        {
            return [None, None];
        }
        let left = before.map(|before| self.take_from_backlog(&before));
        let came = after.map(|after| self.put_into_backlog(&after));
        [left.filter(|_| left != came), came]
    }

    fn put_into_backlog(&mut self, job: &Waiting) -> UserId {
        let user = job.entry.user;
        let backlog = self.backlogs.entry(user).or_default();
        backlog.insert(job.turn(), job.size(), job.entry.timeout_ms);
        user
    }

    fn take_from_backlog(&mut self, job: &Waiting) -> UserId {
        let user = job.entry.user;
        let backlog = self.backlogs.get_mut(&user);
        let backlog = backlog.expect("a user of whom a job waits has a backlog");
        backlog.remove(job.turn(), job.size());
        if backlog.least_size().is_none() {
            self.backlogs.remove(&user);
        }
        user
    }

    /// The fewest slots that any job of the user needs at once; nothing, when none waits.
    pub(crate) fn least_size(&self, user: UserId) -> Option<u64> {
        self.backlogs.get(&user)?.least_size()
    }

    /// Takes a user out of the order who was filed so.
    pub(crate) fn unfile(&mut self, user: UserId, filed: Option<Standing>) {
        if let Some(filed) = filed {
            self.order.remove(&(filed, user));
        }
    }

    /// Puts a user where the true standing belongs, or parks the user when the quota has no room for any job.
    pub(crate) fn refile(&mut self, accounts: &mut Accounts, user: UserId) {
        let fits = self.least_size(user) <= Some(accounts.room(user, self.slot));
        let standing = Some(accounts.standing(user)).filter(|_| fits);
        let before = accounts.file(user, self.id, standing);
        self.unfile(user, before);
        self.order.extend(standing.map(|standing| (standing, user)));
    }

    /// Takes everyone out of the order, to be filed again.
    pub(crate) fn unfile_all(&mut self) {
        self.order.clear();
    }

    /// The job whose turn it is.
    pub(crate) fn next(&mut self, accounts: &mut Accounts, moment: Moment) -> Option<Candidate> {
        if moment.free == 0 {
            return None;
        }
        self.bring_first_up_to_date(accounts);
        let reserved = self.reserved(accounts, moment.free);
        self.reserved_for = reserved.map(|gang| gang.job);
        let head = reserved.or_else(|| {
            let possible = Fit::any(moment.free + self.running.len());
            self.best(accounts, moment.aged, possible)
        })?;
        if head.size <= moment.free {
            return Some(head);
        }
        self.reserved_for = Some(head.job);
        let promise = self.running.promise(moment.now, moment.free, head.size)?;
        let fit = promise.fit(moment.now, moment.free);
        self.best(accounts, moment.aged, fit)
    }

    fn bring_first_up_to_date(&mut self, accounts: &mut Accounts) {
        while let Some(&(filed, user)) = self.order.first() {
            let fits = self.least_size(user) <= Some(accounts.room(user, self.slot));
            if fits && filed == accounts.standing(user) {
                return;
            }
            self.refile(accounts, user);
        }
    }

    /// The gang that has the reservation, as long as its quota and the number of slots that there are allow it to start at
    /// all. Otherwise it would hold up the others for nothing.
    pub(crate) fn reserved(&self, accounts: &Accounts, free: u64) -> Option<Candidate> {
        let gang = self.waiting.get(&self.reserved_for?)?;
        let (size, slots) = (gang.size(), free + self.running.len());
        let can_start = size <= slots && size <= accounts.room(gang.entry.user, self.slot);
        can_start.then_some(Candidate {
            job: gang.entry.job,
            size,
        })
    }

    /// The first job that may start, of the first user who has one. Users are filed at their true standing or before it,
    /// so whoever is filed behind the best so far cannot be better.
    fn best(&self, accounts: &Accounts, aged: AgedSince, fit: Fit) -> Option<Candidate> {
        let mut best: Option<((Standing, UserId), Candidate)> = None;
        for &(filed, user) in &self.order {
            if best.is_some_and(|(place, _)| place < (filed, user)) {
                break;
            }
            let place = (accounts.standing(user), user);
            let fit = fit.at_most(accounts.room(user, self.slot));
            let first = self.backlogs.get(&user)?.first(aged, fit);
            if let Some(first) = first
                && best.is_none_or(|(least, _)| place < least)
            {
                best = Some((place, first));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    pub(crate) fn job(&self, job: JobId) -> Option<&Waiting> {
        self.waiting.get(&job)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values()
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = UserId> {
        self.backlogs.keys().copied()
    }

    pub(crate) fn jobs(&self) -> u64 {
        self.waiting.len() as u64
    }

    pub(crate) const fn tasks(&self) -> u64 {
        self.tasks
    }
}
