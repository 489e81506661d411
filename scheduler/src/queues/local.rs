//! Who waits in one sub-cluster, and whose turn it is there.
//!
//! It must not know nodes, nor what a job does. Slots are a number that comes with the question.

use core::cmp::Reverse;

use crate::queues::accounts::Accounts;
use crate::queues::backlog::{Age, AgedSince, Backlog, Candidate, Fit, Turn};
use crate::queues::running::Running;
use crate::queues::{Entry, Moment};
use crate::shelf::Shelf;
use crate::{JobId, Resources, SubclusterId, UserId};

/// The queue of one sub-cluster.
#[derive(Clone, Debug)]
pub(crate) struct LocalQueue {
    pub(crate) id: SubclusterId,
    pub(crate) slot: Resources,
    pub(crate) running: Running,
    backlogs: Shelf<UserId, Backlog>,
    jobs: u64,
    tasks: u64,
    /// The gang that did not fit when it was first in order: nobody may delay it any more.
    reserved_for: Option<JobId>,
}

/// A job in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) subcluster: SubclusterId,
    pub(crate) entry: Entry,
    pub(crate) ready: u64,
}

impl Waiting {
    /// The slots that have to be free for it.
    pub(crate) const fn size(&self) -> u64 {
        self.together() + self.entry.spare
    }

    /// The tasks that start then.
    pub(crate) const fn together(&self) -> u64 {
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
            backlogs: Shelf::default(),
            jobs: 0,
            tasks: 0,
            reserved_for: None,
        }
    }

    /// Takes note of how many tasks of a job wait. Answers the users whose backlog is another one now.
    ///
    /// # Panics
    /// If the job waits in another queue.
    pub(crate) fn set(
        &mut self,
        waiting: &mut Shelf<JobId, Waiting>,
        entry: &Entry,
        ready: u64,
    ) -> [Option<UserId>; 2] {
        let now = Waiting {
            subcluster: self.id,
            entry: *entry,
            ready,
        };
        let before = self.job(waiting, entry.job).copied();
        let after = Some(now).filter(|_| ready > 0);
        if before == after {
            return [None, None];
        }
        self.tasks = self.tasks - before.map_or(0, |before| before.ready) + ready;
        if ready > 0 {
            let former = waiting.insert(entry.job, now);
            assert!(
                former.is_none_or(|former| former.subcluster == self.id),
                "job {} waits in two queues",
                entry.job.0
            );
        } else {
            waiting.remove(&entry.job);
            self.reserved_for.take_if(|job| *job == entry.job);
        }
        self.jobs = self.jobs - u64::from(before.is_some()) + u64::from(after.is_some());
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
        let backlog = self.backlogs.get_or_insert_with(user, Backlog::default);
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

    /// The job whose turn it is.
    pub(crate) fn next(
        &mut self,
        accounts: &mut Accounts,
        waiting: &Shelf<JobId, Waiting>,
        moment: Moment,
    ) -> Option<Candidate> {
        if moment.free == 0 {
            return None;
        }
        let reserved = self.reserved(accounts, waiting, moment.free);
        self.reserved_for = reserved.map(|gang| gang.job);
        let head = reserved.or_else(|| {
            let possible = Fit::any(moment.free + self.running.to_come());
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

    /// The gang that has the reservation, as long as its quota and the slots that are free or to come allow it to start at
    /// all. Otherwise it would hold up the others for nothing.
    pub(crate) fn reserved(
        &self,
        accounts: &Accounts,
        waiting: &Shelf<JobId, Waiting>,
        free: u64,
    ) -> Option<Candidate> {
        let gang = self.job(waiting, self.reserved_for?)?;
        let (size, slots) = (gang.size(), free + self.running.to_come());
        let can_start = size <= slots && size <= accounts.room(gang.entry.user, self.slot);
        can_start.then_some(Candidate {
            job: gang.entry.job,
            size,
        })
    }

    /// The first job that may start, of the first user who has one. Who has none for want of quota is parked.
    fn best(&self, accounts: &mut Accounts, aged: AgedSince, fit: Fit) -> Option<Candidate> {
        let mut last = None;
        while let Some((standing, user)) = accounts.first_asking(self.id, last.as_ref()) {
            last = Some((standing, user));
            let Some(backlog) = self.backlogs.get(&user) else {
                continue;
            };
            let room = accounts.room(user, self.slot);
            if backlog.least_size() > Some(room) {
                accounts.change(user, |account| account.park(self.id));
            } else if let Some(first) = backlog.first(aged, fit.at_most(room)) {
                return Some(first);
            }
        }
        None
    }

    /// A job that waits here.
    pub(crate) fn job<'a>(
        &self,
        waiting: &'a Shelf<JobId, Waiting>,
        job: JobId,
    ) -> Option<&'a Waiting> {
        waiting.get(&job).filter(|one| one.subcluster == self.id)
    }

    /// The jobs of a user that wait here.
    pub(crate) fn jobs_of(&self, user: UserId) -> impl Iterator<Item = JobId> {
        let backlog = self.backlogs.get(&user);
        backlog.into_iter().flat_map(Backlog::jobs)
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = UserId> {
        self.backlogs.keys()
    }

    pub(crate) const fn jobs(&self) -> u64 {
        self.jobs
    }

    pub(crate) const fn tasks(&self) -> u64 {
        self.tasks
    }
}
