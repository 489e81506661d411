//! A world of queues in which tests play the rest of the scheduler: it has slots, starts what is picked, and knows by
//! itself who waits and who runs, as plain lists.

use std::collections::BTreeMap;
use std::vec::Vec;

use super::reference::Usage;
use crate::queues::{Entry, Holder, Pick, Queues};
use crate::{AttemptId, JobId, Quota, Resources, SubclusterId, Terms, UnixMillis, UserId};

/// The shape of most slots.
pub(crate) const SLOT: Resources = Resources {
    cpu_millis: 100,
    memory_bytes: 1 << 20,
};
/// The sub-cluster of tests that need one only.
pub(crate) const HERE: SubclusterId = SubclusterId(0);
pub(crate) const HOUR_MS: u64 = 60 * 60 * 1000;

/// The queues and all that is around them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) queues: Queues,
    pub(crate) now: u64,
    pub(crate) slots: BTreeMap<SubclusterId, (u64, Resources)>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) running: Vec<Running>,
    pub(crate) pool: Resources,
    pub(crate) usage: Usage,
    terms: BTreeMap<UserId, Terms>,
    attempts: u32,
}

/// A job that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) subcluster: SubclusterId,
    pub(crate) entry: Entry,
    pub(crate) ready: u64,
}

/// An attempt that runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) subcluster: SubclusterId,
    pub(crate) holder: Holder,
    pub(crate) since: u64,
    pub(crate) until: u64,
    pub(crate) slot: Resources,
}

/// A job of one user that came in now and takes at most a second.
pub(crate) fn job(number: u64, user: u64) -> Entry {
    Entry {
        job: JobId(number),
        user: UserId(user),
        priority: 0,
        since: UnixMillis(0),
        gang: false,
        spare: 0,
        timeout_ms: 1000,
    }
}

/// A weight and nothing that bounds.
pub(crate) fn weight(weight: u32) -> Terms {
    Terms {
        weight,
        ..Terms::default()
    }
}

/// Equal weight and a bound on slots.
pub(crate) fn slots_max(slots: u64) -> Terms {
    Terms {
        quota: Quota {
            slots,
            ..Quota::UNLIMITED
        },
        ..Terms::default()
    }
}

impl World {
    /// With sub-clusters of so many slots of those shapes.
    pub(crate) fn new(slots: &[(u64, Resources)]) -> Self {
        Self::aging(slots, HOUR_MS)
    }

    /// The same, where jobs are aged after that time.
    pub(crate) fn aging(slots: &[(u64, Resources)], aging_max_ms: u64) -> Self {
        let mut queues = Queues::new(Terms::default(), aging_max_ms);
        let slots: BTreeMap<_, _> = (0..).map(SubclusterId).zip(slots.iter().copied()).collect();
        for (&subcluster, &(_, shape)) in &slots {
            queues.open(subcluster, shape);
        }
        let mut world = Self {
            queues,
            now: 0,
            slots,
            waiting: Vec::new(),
            running: Vec::new(),
            pool: Resources::default(),
            usage: Usage::default(),
            terms: BTreeMap::new(),
            attempts: 0,
        };
        world.measure_pool();
        world
    }

    /// There are so many slots now.
    pub(crate) fn resize(&mut self, subcluster: SubclusterId, slots: u64) {
        self.slots
            .entry(subcluster)
            .and_modify(|(count, _)| *count = slots);
        self.measure_pool();
    }

    fn measure_pool(&mut self) {
        let amounts = self.slots.values().map(|&(count, shape)| Resources {
            cpu_millis: count * shape.cpu_millis,
            memory_bytes: count * shape.memory_bytes,
        });
        self.pool = amounts.fold(Resources::default(), Resources::plus);
        self.queues.set_pool(self.pool);
    }

    pub(crate) fn set_terms(&mut self, user: u64, terms: Terms) {
        self.terms.insert(UserId(user), terms);
        self.queues.set_terms(UserId(user), terms);
    }

    pub(crate) fn terms(&self, user: UserId) -> Terms {
        self.terms.get(&user).copied().unwrap_or_default()
    }

    fn is_busy(&self, user: UserId) -> bool {
        self.waiting.iter().any(|one| one.entry.user == user)
            || self.running.iter().any(|one| one.holder.user == user)
    }

    fn settle_usage(&mut self, last: UserId) {
        let waiting = self.waiting.iter().map(|one| one.entry.user);
        let running = self.running.iter().map(|one| one.holder.user);
        let busy: Vec<UserId> = waiting.chain(running).collect();
        self.usage.settle(&busy, last);
    }

    fn charge(&mut self, user: UserId, slot: Resources, millis: u64) {
        let by_cpu = (u128::from(slot.cpu_millis) << 48) / u128::from(self.pool.cpu_millis);
        let by_memory = (u128::from(slot.memory_bytes) << 48) / u128::from(self.pool.memory_bytes);
        let weight = self.terms(user).weight;
        self.usage.add(user, by_cpu.max(by_memory), millis, weight);
    }

    /// One sub-cluster with so many slots.
    pub(crate) fn of(slots: u64) -> Self {
        Self::new(&[(slots, SLOT)])
    }

    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.now)
    }

    pub(crate) fn free(&self, subcluster: SubclusterId) -> u64 {
        let taken = self
            .running
            .iter()
            .filter(|one| one.subcluster == subcluster);
        // Slots that are taken away go when they are free.
        self.slots[&subcluster]
            .0
            .saturating_sub(taken.count() as u64)
    }

    /// So many tasks of the job wait.
    pub(crate) fn set(&mut self, subcluster: SubclusterId, entry: Entry, ready: u64) {
        if !self.is_busy(entry.user) {
            self.usage.catches_up(entry.user);
        }
        self.waiting
            .retain(|one| (one.subcluster, one.entry.job) != (subcluster, entry.job));
        if ready > 0 {
            self.waiting.push(Waiting {
                subcluster,
                entry,
                ready,
            });
        }
        self.queues.set(subcluster, &entry, ready);
        self.settle_usage(entry.user);
    }

    pub(crate) fn next(&mut self, subcluster: SubclusterId) -> Option<Pick> {
        let (now, free) = (self.now(), self.free(subcluster));
        let pick = self.queues.next(now, subcluster, free);
        let again = self.queues.next(now, subcluster, free);
        assert_eq!(pick, again, "asking changes nothing");
        pick
    }

    /// Starts what is next, if anything is.
    pub(crate) fn start_next(&mut self, subcluster: SubclusterId) -> Option<Pick> {
        let pick = self.next(subcluster)?;
        self.start(subcluster, pick);
        Some(pick)
    }

    pub(crate) fn start(&mut self, subcluster: SubclusterId, pick: Pick) {
        assert!(pick.tasks <= self.free(subcluster), "{pick:?} does not fit");
        let job = self.job(subcluster, pick.job);
        for _ in 0..pick.tasks {
            self.start_attempt(subcluster, &job.entry);
        }
        self.set(subcluster, job.entry, job.ready - pick.tasks);
    }

    fn start_attempt(&mut self, subcluster: SubclusterId, entry: &Entry) {
        self.attempts += 1;
        let attempt = AttemptId {
            job: entry.job,
            task: self.attempts,
            number: 1,
        };
        let holder = Holder {
            is_of_gang: false,
            user: entry.user,
            attempt,
        };
        self.queues
            .started(self.now(), subcluster, holder, entry.timeout_ms);
        self.running.push(Running {
            subcluster,
            holder,
            since: self.now,
            until: self.now.saturating_add(entry.timeout_ms),
            slot: self.slots[&subcluster].1,
        });
        self.charge(entry.user, self.slots[&subcluster].1, 1);
        self.settle_usage(entry.user);
    }

    pub(crate) fn job(&self, subcluster: SubclusterId, job: JobId) -> Waiting {
        let mut jobs = self.waiting.iter().copied();
        jobs.find(|one| one.subcluster == subcluster && one.entry.job == job)
            .expect("who is picked waits")
    }

    /// Starts whatever can start anywhere, in the order in which it does.
    pub(crate) fn fill(&mut self) -> Vec<JobId> {
        let subclusters: Vec<_> = self.slots.keys().copied().collect();
        let mut started = Vec::new();
        for subcluster in subclusters {
            while let Some(pick) = self.start_next(subcluster) {
                started.push(pick.job);
            }
        }
        started
    }

    /// Ends the attempt that has that place among those that run, in the order of their starts.
    pub(crate) fn end(&mut self, place: usize) -> Running {
        let ended = self.running.remove(place);
        self.queues
            .ended(self.now(), ended.subcluster, ended.holder.attempt);
        self.charge(ended.holder.user, ended.slot, self.now - ended.since);
        self.settle_usage(ended.holder.user);
        ended
    }

    /// Lets time pass until the next attempt is at its timeout, and ends all that are.
    pub(crate) fn end_due(&mut self) {
        let due = self.running.iter().map(|one| one.until).min();
        self.now = due.expect("something runs").max(self.now);
        while let Some(place) = self.running.iter().position(|one| one.until <= self.now) {
            self.end(place);
        }
    }

    pub(crate) fn held_amount(&self, user: UserId) -> Resources {
        let own = self.running.iter().filter(|one| one.holder.user == user);
        own.map(|one| one.slot)
            .fold(Resources::default(), Resources::plus)
    }

    pub(crate) fn held(&self, user: u64) -> u64 {
        let holds = |one: &&Running| one.holder.user == UserId(user);
        self.running.iter().filter(holds).count() as u64
    }
}
