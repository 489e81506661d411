//! What is left of one job. Every task that is not settled is in exactly one place: never started (a range), waiting
//! for a further attempt, or in a live attempt. Settled tasks are forgotten, so a job costs what is under way and not
//! what it was submitted with.
//!
//! ```text
//!   fresh ──┐                ┌─► settled (forgotten)
//!           ├─► attempt ends ┤
//!   due ────┘                └─► retry: waits for its slot's release, then for its instant, then it is due
//! ```
//!
//! A job that waits for other jobs has no task that is ready, and a gang has none until all that are left of it are.
//! It must not know slots beyond their names, and of other jobs only whether it waits for them.

mod attempts;
mod waiting;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::attempt::{Attempt, Grant};
use crate::index_set::IndexSet;
use crate::queues::Entry;
use crate::restart::{History, Retry};
use crate::routing::RoutedBy;
use crate::view::Waiting;
use crate::{AttemptId, Dependency, Job, JobId, SubclusterId};

pub(crate) use waiting::Taken;

use attempts::Attempts;

/// A job with unsettled tasks, or with slots that are not released yet.
#[derive(Clone, Debug)]
pub(crate) struct LiveJob {
    pub(crate) job: Job,
    /// Where it was routed. None when no sub-cluster takes it, which only happens to a job that was admitted before the
    /// rules changed.
    pub(crate) home: Option<Home>,
    /// Those of `job.after` that are not over.
    waits_for: Vec<Dependency>,
    /// Tasks that were never started.
    fresh: IndexSet,
    /// Tasks that wait for a further attempt, whatever they wait for.
    retries: BTreeMap<u32, Retry>,
    /// Those of `retries` that wait for nothing but a slot.
    due: IndexSet,
    /// Attempts that hold a slot, by task: never two of one task.
    attempts: Attempts,
    /// How many of `attempts` are over.
    over: u64,
    /// Something happened that only happens to a job on disk, so it cannot be withdrawn any more.
    pub(crate) is_durable: bool,
    /// Whether every task that is settled succeeded.
    pub(crate) all_succeeded: bool,
    /// It was announced that all its tasks are settled.
    pub(crate) is_announced: bool,
    /// What its user's tally holds for it.
    pub(crate) tallied: u64,
}

/// Where a job was routed, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) subcluster: SubclusterId,
    pub(crate) by: RoutedBy,
}

impl LiveJob {
    /// A job without any task left; they are added as they are known.
    pub(crate) fn new(job: Job, waits_for: Vec<Dependency>) -> Self {
        Self {
            job,
            home: None,
            waits_for,
            fresh: IndexSet::default(),
            retries: BTreeMap::new(),
            due: IndexSet::default(),
            attempts: Attempts::default(),
            over: 0,
            is_durable: false,
            all_succeeded: true,
            is_announced: false,
            tallied: 0,
        }
    }

    pub(crate) fn subcluster(&self) -> Option<SubclusterId> {
        self.home.as_ref().map(|home| home.subcluster)
    }

    /// How it stands in a queue.
    pub(crate) fn entry(&self) -> Entry {
        let job = &self.job;
        Entry {
            job: job.id,
            user: job.user,
            priority: job.priority,
            since: job.submitted_at,
            gang: job.is_gang,
            spare: job.generations.into(),
            timeout_ms: if job.is_child { 0 } else { job.timeout_ms },
        }
    }

    /// Tasks that wait for nothing but a slot.
    pub(crate) fn ready(&self) -> u64 {
        if self.is_held_back() {
            0
        } else {
            self.fresh.len() + self.due.len()
        }
    }

    /// Whether any of its tasks waits, for whatever.
    pub(crate) fn waits(&self) -> bool {
        self.fresh.len() > 0 || !self.retries.is_empty()
    }

    /// Tasks that wait for something else before they may have an attempt.
    pub(crate) fn not_yet_ready(&self) -> u64 {
        self.fresh.len() + self.retries.len() as u64 - self.ready()
    }

    /// Whether even tasks that could start must not: the job waits for others, or for the rest of its gang.
    fn is_held_back(&self) -> bool {
        let is_incomplete = self.retries.len() as u64 > self.due.len();
        !self.waits_for.is_empty() || (self.job.is_gang && is_incomplete)
    }

    /// The jobs that it waits for.
    pub(crate) fn waits_for(&self) -> &[Dependency] {
        &self.waits_for
    }

    /// A job that it may have waited for is over. Answers whether it may still start some day.
    pub(crate) fn is_over(&mut self, job: JobId, all_succeeded: bool) -> bool {
        let is_met = |one: &Dependency| one.when.is_met_by(all_succeeded);
        let can_start = self
            .waits_for
            .iter()
            .filter(|one| one.job == job)
            .all(is_met);
        self.waits_for.retain(|one| one.job != job);
        can_start
    }

    /// Tasks whose last attempt is not over, or not the last.
    pub(crate) fn unsettled(&self) -> u64 {
        self.fresh.len() + (self.retries.len() + self.attempts.len()) as u64 - self.over
    }

    /// Whether nothing is left to be done or to be released.
    pub(crate) fn is_gone(&self) -> bool {
        self.unsettled() == 0 && self.attempts.is_empty()
    }

    /// All attempts that hold a slot, by task.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter()
    }

    pub(crate) fn attempts_mut(&mut self) -> impl Iterator<Item = &mut Attempt> {
        self.attempts.iter_mut()
    }

    /// The attempt of a task, whatever its number.
    pub(crate) fn attempt_of(&mut self, task: u32) -> Option<&mut Attempt> {
        self.attempts.get_mut(task)
    }

    /// The attempt of that name, when it is the one that holds a slot: the fence against late messages.
    pub(crate) fn attempt_mut(&mut self, id: AttemptId) -> Option<&mut Attempt> {
        self.attempts
            .get_mut(id.task)
            .filter(|attempt| attempt.id == id)
    }

    /// The attempt to make next: first the lowest task that waited for a retry, then the lowest that was never started.
    pub(crate) fn next_attempt(&self) -> Option<(AttemptId, History)> {
        if let Some(task) = self.due.first() {
            let retry = self.retries.get(&task).expect("who is due has a retry");
            return Some((self.name(task, retry.number), retry.history));
        }
        let task = self.fresh.first()?;
        Some((self.name(task, 1), History::default()))
    }

    /// Puts the [`next_attempt`](Self::next_attempt) into a slot.
    pub(crate) fn start(&mut self, attempt: Attempt) {
        let id = attempt.id;
        self.take_waiting(id.task);
        let before = self.attempts.insert(attempt);
        assert!(
            before.is_none(),
            "{id} starts while another attempt of its task holds a slot"
        );
    }

    /// The instance of the attempt is over. Its task is settled, or waits for the retry.
    pub(crate) fn finish(&mut self, id: AttemptId, retry: Option<Retry>) {
        self.attempt_mut(id)
            .expect("an attempt ends while it holds its slot")
            .finish();
        self.over += 1;
        self.retries.extend(retry.map(|retry| (id.task, retry)));
    }

    /// Lets go of an attempt that is over. Answers what it held.
    pub(crate) fn release(&mut self, id: AttemptId) -> Option<Grant> {
        let grant = self
            .attempt_mut(id)
            .filter(|attempt| !attempt.is_live())?
            .grant;
        self.attempts.remove(id.task);
        self.over -= 1;
        Some(grant)
    }

    /// The retry of a task that no longer waits for the release of a slot.
    pub(crate) fn released_retry(&self, task: u32) -> Option<Retry> {
        let is_released = !self.attempts.contains(task);
        self.retries.get(&task).copied().filter(|_| is_released)
    }

    /// What the tasks that are not ready wait for: the one that is first to be.
    pub(crate) fn pausing(&self) -> Option<Waiting> {
        let paused = self
            .retries
            .iter()
            .filter(|&(&task, _)| !self.due.contains(task));
        let (task, retry) = paused.min_by_key(|(_, retry)| retry.not_before)?;
        Some(if self.attempts.contains(*task) {
            Waiting::Reclaim
        } else {
            Waiting::Backoff {
                until: retry.not_before,
            }
        })
    }

    /// The instant of the task's retry has come.
    pub(crate) fn make_due(&mut self, task: u32) {
        assert!(
            self.released_retry(task).is_some(),
            "task {task} has no retry that can start"
        );
        self.due.insert(task);
    }

    fn name(&self, task: u32, number: u32) -> AttemptId {
        AttemptId {
            job: self.job.id,
            task,
            number,
        }
    }
}
