//! The auditor: accounts of its own, kept from what the scheduler is told and what it decides, and checked after every
//! event. It shares nouns with the scheduler and no code. It must not know how anything is decided, only what must never
//! be: a slot with two holders, more granted than there is, a node in two places, a task that succeeds twice.
//!
//! Invariants by number: S1 memory, S2 membership, S3 conservation of slots, S4 grants and attempts, S5 placement, S6
//! transitions, S10 quotas, X1 conservation of the pool, X3 order, F1 no slot is idle for whom it fits, F2 nobody waits
//! beyond the bound, F3 nobody is ahead by more than a task, F4 the head starts as promised, F5 classes are
//! spread as was said, F6 bounded moves, I15 gangs
//! start whole; `liveness`: everything ends. [`Auditor::judge`] checks all of them from what changed, after every
//! event; [`Auditor::compare`] counts S1, S2, S3, S4, S6 and X1 anew and asks the scheduler what it thinks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sublet_scheduler::{
    Action, AttemptId, JobId, NodeId, Outcome, PoolView, Resources, SubclusterId, UnixMillis,
};

mod actions;
mod bits;
mod events;
mod full;
mod holds;
mod jobs;
mod nodes;
mod queues;
mod ratios;
mod restarting;
mod share;
mod sums;
mod users;

use jobs::JobAccount;
use nodes::Nodes;
use queues::{Distance, Queues, Sight};
use ratios::Ratios;
use users::Users;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// What was found.
    pub message: String,
}

/// Whether all is well.
pub type Checked = Result<(), Violation>;

/// Accounts of everything that is alive.
#[derive(Debug)]
pub struct Auditor {
    /// After waiting so long a job goes before every younger one of its user.
    aging_ms: u64,
    nodes: Nodes,
    users: Users,
    queues: Queues,
    distance: Distance,
    ratios: Ratios,
    jobs: BTreeMap<JobId, JobAccount>,
    /// Tasks that wait for an instant.
    paused: BTreeSet<(UnixMillis, JobId, u32)>,
    duties: Duties,
    /// Jobs whose place in the queues may have changed with this event.
    touched: Vec<JobId>,
    moves_per_minute_max: usize,
}

/// How often there was something to check that is not there in every event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Starts of which it was checked that they came in turn (F2, F3).
    pub turns: u64,
    /// The most that anybody waited of the bound, in a hundred, of those who waited for more than one run (F2).
    pub waited_percent: u64,
    /// Events after which everybody had work, so that shares were compared (F3).
    pub distances: u64,
    /// Gangs that were known to be the head, and started or left (F4).
    pub heads: u64,
    /// Jobs that went where the ratio of their class said (F5).
    pub spreads: u64,
}

/// What the scheduler owes in answer to the present event.
#[derive(Debug, Default)]
struct Duties {
    finish: BTreeMap<AttemptId, Outcome>,
    reclaim: Vec<AttemptId>,
    /// The job of which nothing may wait any more.
    cancel: Option<(JobId, Option<u32>)>,
}

impl Auditor {
    /// With nothing in its books. The scheduler ages jobs after so many milliseconds.
    #[must_use]
    pub fn new(aging_ms: u64) -> Self {
        Self {
            aging_ms,
            nodes: Nodes::default(),
            users: Users::default(),
            queues: Queues::default(),
            distance: Distance::default(),
            ratios: Ratios::default(),
            jobs: BTreeMap::new(),
            paused: BTreeSet::new(),
            duties: Duties::default(),
            touched: Vec::new(),
            moves_per_minute_max: 0,
        }
    }

    /// Names and shapes of the sub-clusters. To be told after each change of the rules.
    pub fn learn(&mut self, pool: &PoolView, moves_per_minute_max: u32) {
        self.moves_per_minute_max = usize::try_from(moves_per_minute_max).unwrap_or(usize::MAX);
        self.nodes.learn(pool);
    }

    /// Checks the answer to the event: each action in its turn, then that nothing is missing.
    ///
    /// # Errors
    /// The first thing that must not be.
    pub fn judge(&mut self, now: UnixMillis, actions: &[Action]) -> Checked {
        self.queue_touched(now, 0);
        for action in actions {
            let touched_before = self.touched.len();
            self.judge_action(now, action)?;
            self.queue_touched(now, touched_before);
        }
        self.nothing_is_missing()?;
        self.nodes.check_sums()?;
        self.settle_touched()?;
        self.queues
            .check_no_slot_is_idle(&self.nodes, &self.users)?;
        let sight = Sight {
            now,
            aging_ms: self.aging_ms,
            nodes: &self.nodes,
            users: &self.users,
        };
        self.queues.check_promises(sight)?;
        self.distance.check(&self.queues, &self.nodes, &self.users)
    }

    /// How often there was something to check.
    #[must_use]
    pub const fn watched(&self) -> Watched {
        Watched {
            turns: self.queues.turns_checked,
            waited_percent: self.queues.waited_percent,
            distances: self.distance.checked,
            heads: self.queues.heads_seen,
            spreads: self.ratios.checked,
        }
    }

    /// Tasks that wait for a slot of a sub-cluster.
    #[must_use]
    pub fn queued(&self, subcluster: SubclusterId) -> u64 {
        self.queues.tasks(subcluster)
    }

    /// The shape of the slots of a sub-cluster.
    #[must_use]
    pub fn shape(&self, subcluster: SubclusterId) -> Resources {
        self.nodes.shape(subcluster)
    }

    /// Those who hold slots of a node.
    pub fn holders(&self, node: NodeId) -> impl Iterator<Item = AttemptId> {
        self.nodes.held_of(node).map(|(_, grant)| grant.holder)
    }

    /// Whether an older gang waits in the sub-cluster of a job that started.
    #[must_use]
    pub fn is_passed_by(&self, subcluster: SubclusterId, job: JobId) -> bool {
        self.queues
            .first_gang(subcluster)
            .is_some_and(|gang| gang < job)
    }

    /// Jobs that are not over.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// How much a check of everything has to look at.
    #[must_use]
    pub fn size(&self) -> usize {
        self.jobs.len() + self.nodes.len()
    }

    /// Names a few of the jobs that are not over, for whoever wonders why nothing goes on.
    #[must_use]
    pub fn unfinished(&self) -> String {
        let few: Vec<_> = self.jobs.iter().take(3).collect();
        format!("{} jobs are not over, among them {few:?}", self.jobs.len())
    }

    fn nothing_is_missing(&self) -> Checked {
        let duties = &self.duties;
        ensure(duties.finish.is_empty(), "S6", || {
            format!("nothing was said of the end of {:?}", duties.finish)
        })?;
        ensure(duties.reclaim.is_empty(), "S4", || {
            format!("nothing is released of {:?}", duties.reclaim)
        })?;
        let Some((id, task)) = duties.cancel else {
            return Ok(());
        };
        let waits = self.jobs.get(&id).is_some_and(|job| job.waits(task));
        ensure(!waits, "S6", || {
            format!("a cancel left tasks waiting: {:?}", self.jobs.get(&id))
        })
    }

    /// Brings the queues up to date, so that the next action is judged by who waits then.
    fn queue_touched(&mut self, now: UnixMillis, from: usize) {
        for id in &self.touched[from..] {
            if let Some(job) = self.jobs.get_mut(id) {
                self.queues.place(now, *id, job, &mut self.users);
            }
        }
    }

    /// Checks jobs that changed, and forgets those that are over.
    fn settle_touched(&mut self) -> Checked {
        let mut touched = std::mem::take(&mut self.touched);
        for id in touched.drain(..) {
            let Some(job) = self.jobs.get_mut(&id) else {
                continue;
            };
            ensure(job.is_whole(), "I15", || {
                format!("a gang started in parts: {id:?}, {job:?}")
            })?;
            ensure(job.unsettled > 0 || job.is_announced, "S6", || {
                format!("{id:?} is settled and was not announced")
            })?;
            if job.is_gone() {
                self.jobs.remove(&id);
            }
        }
        self.touched = touched;
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.message)
    }
}

/// `holds`, or what is wrong.
pub(crate) fn ensure(
    holds: bool,
    invariant: &'static str,
    message: impl FnOnce() -> String,
) -> Checked {
    if holds {
        return Ok(());
    }
    Err(Violation {
        invariant,
        message: message(),
    })
}
