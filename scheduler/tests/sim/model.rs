//! The rules once more, written as plainly as they can be: lists and maps of everything, worked out anew each time. Shares
//! no code with the scheduler but its nouns. `events.rs` says what each event makes of it,
//! `check.rs` what the scheduler may do about it, `compare.rs` what must hold afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sublet_scheduler::*;

pub(crate) const SLOT: Resources = Resources {
    cpu_millis: 50,
    memory_bytes: 64,
};

/// A rule that was broken.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken: {}", self.invariant, self.detail)
    }
}

pub(crate) type Checked = Result<(), Violation>;

pub(crate) fn ensure(
    holds: bool,
    invariant: &'static str,
    detail: impl FnOnce() -> String,
) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            invariant,
            detail: detail(),
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) nodes: BTreeMap<NodeId, Resources>,
    pub(crate) jobs: BTreeMap<JobId, JobModel>,
    /// Jobs that are settled and released: what a store would still know.
    pub(crate) gone: BTreeMap<JobId, JobModel>,
    pub(crate) held: BTreeMap<SlotId, AttemptId>,
    pub(crate) draining: bool,
    /// The instant last asked for that has not come yet.
    pub(crate) alarm: Option<UnixMillis>,
    /// What the event obliges the scheduler to do.
    pub(crate) duties: Duties,
}

#[derive(Debug, Default)]
pub(crate) struct Duties {
    pub(crate) finish: BTreeMap<AttemptId, Outcome>,
    pub(crate) reclaim: BTreeSet<AttemptId>,
    pub(crate) stop: BTreeMap<AttemptId, StopReason>,
    /// Waiting tasks that must be cancelled: of this job, this one or all.
    pub(crate) cancel: Option<(JobId, Option<u32>)>,
    /// The event spoke of something unknown, or came before.
    pub(crate) none: bool,
}

#[derive(Debug)]
pub(crate) struct JobModel {
    pub(crate) job: Job,
    /// Never started, in ascending ranges that do not touch.
    pub(crate) fresh: Vec<TaskRange>,
    /// Tasks that wait for another attempt, or hold a slot.
    pub(crate) active: BTreeMap<u32, Task>,
    /// Of each task that was ever started: what its attempts came to.
    pub(crate) past: BTreeMap<u32, Past>,
    pub(crate) durable: bool,
    pub(crate) announced: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Past {
    pub(crate) attempts: u32,
    pub(crate) failures: u32,
    pub(crate) losses: u32,
    pub(crate) succeeded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Task {
    Waiting {
        number: u32,
        at: UnixMillis,
        ready: bool,
    },
    Live {
        number: u32,
        slot: SlotId,
        state: AttemptState,
        cancelled: bool,
    },
    /// Over; its slot is not free. `retry` is the attempt to come.
    Over {
        number: u32,
        slot: SlotId,
        retry: Option<(u32, UnixMillis)>,
    },
}

impl JobModel {
    pub(crate) fn new(job: Job) -> Self {
        Self {
            job,
            fresh: vec![],
            active: BTreeMap::new(),
            past: BTreeMap::new(),
            durable: false,
            announced: false,
        }
    }

    pub(crate) fn fresh_count(&self) -> u64 {
        self.fresh
            .iter()
            .map(|range| u64::from(range.end() - range.start()) + 1)
            .sum()
    }

    pub(crate) fn is_fresh(&self, task: u32) -> bool {
        self.fresh.iter().any(|range| range.contains(&task))
    }

    pub(crate) fn remove_fresh(&mut self, task: u32) {
        let Some(at) = self.fresh.iter().position(|range| range.contains(&task)) else {
            return;
        };
        let (first, last) = self.fresh.remove(at).into_inner();
        if task < last {
            self.fresh.insert(at, task + 1..=last);
        }
        if first < task {
            self.fresh.insert(at, first..=task - 1);
        }
    }

    /// The task to start next, as the order within a job has it.
    pub(crate) fn next_ready(&self) -> Option<(u32, u32)> {
        let due = self.active.iter().find_map(|(&task, state)| match *state {
            Task::Waiting {
                number,
                ready: true,
                ..
            } => Some((task, number)),
            Task::Waiting { .. } | Task::Live { .. } | Task::Over { .. } => None,
        });
        due.or_else(|| Some((*self.fresh.first()?.start(), 1)))
    }

    pub(crate) fn unsettled(&self) -> u64 {
        let over = self
            .active
            .values()
            .filter(|task| matches!(task, Task::Over { retry: None, .. }));
        self.fresh_count() + (self.active.len() - over.count()) as u64
    }

    /// Takes out all that is left, as a store would have it.
    fn rest(&mut self) -> Resumption {
        let fresh = std::mem::take(&mut self.fresh);
        let mut rest = Resumption {
            job: self.job.clone(),
            fresh,
            again: vec![],
            interrupted: vec![],
            all_succeeded: true,
        };
        for (task, state) in std::mem::take(&mut self.active) {
            let Past {
                failures, losses, ..
            } = self.past.get(&task).copied().unwrap_or_default();
            let name = |number| AttemptId {
                job: self.job.id,
                task,
                number,
            };
            match state {
                Task::Live { number, .. } => {
                    rest.interrupted.push(Interrupted {
                        attempt: name(number),
                        failures,
                        losses,
                    });
                }
                Task::Waiting { number, at, .. }
                | Task::Over {
                    retry: Some((number, at)),
                    ..
                } => {
                    let (attempt, not_before) = (name(number), at);
                    rest.again.push(Again {
                        attempt,
                        not_before,
                        failures,
                        losses,
                    });
                }
                Task::Over { retry: None, .. } => {}
            }
        }
        rest
    }

    pub(crate) fn wait(&mut self, task: u32, number: u32, at: UnixMillis, now: UnixMillis) {
        self.active.insert(
            task,
            Task::Waiting {
                number,
                at,
                ready: at <= now,
            },
        );
    }
}

impl Model {
    pub(crate) fn slots_of(&self, node: NodeId) -> u64 {
        let capacity = self.nodes[&node];
        (capacity.cpu_millis / SLOT.cpu_millis).min(capacity.memory_bytes / SLOT.memory_bytes)
    }

    pub(crate) fn held_on(&self, node: NodeId) -> u64 {
        self.held.keys().filter(|slot| slot.node == node).count() as u64
    }

    pub(crate) fn has_free_slot(&self) -> bool {
        self.nodes
            .keys()
            .any(|&node| self.held_on(node) < self.slots_of(node))
    }

    /// Some job that could start.
    pub(crate) fn any_ready_job(&self) -> Option<JobId> {
        let mut ready = self
            .jobs
            .values()
            .filter(|model| model.next_ready().is_some());
        ready.next().map(|model| model.job.id)
    }

    /// The job that comes first among those of its user.
    pub(crate) fn first_ready_job_of(&self, user: UserId) -> Option<JobId> {
        let ready = self
            .jobs
            .values()
            .filter(|model| model.job.user == user && model.next_ready().is_some());
        let first = ready.min_by_key(|model| (-model.job.priority, model.job.id));
        first.map(|model| model.job.id)
    }

    pub(crate) fn task(&self, id: AttemptId) -> Option<Task> {
        self.jobs.get(&id.job)?.active.get(&id.task).copied()
    }

    /// The server is gone with all that it held; what was recorded comes back as resumptions.
    pub(crate) fn crash(&mut self) -> Vec<Resumption> {
        self.nodes.clear();
        self.held.clear();
        (self.draining, self.alarm) = (false, None);
        let has_rest = |rest: &Resumption| {
            !(rest.fresh.is_empty() && rest.again.is_empty() && rest.interrupted.is_empty())
        };
        let rest = self
            .jobs
            .values_mut()
            .map(JobModel::rest)
            .filter(has_rest)
            .collect();
        self.settle_gone();
        rest
    }

    /// Puts the jobs aside of which nothing is left.
    pub(crate) fn settle_gone(&mut self) {
        let is_gone = |model: &JobModel| model.unsettled() == 0 && model.active.is_empty();
        self.gone
            .extend(self.jobs.extract_if(.., |_, model| is_gone(model)));
    }
}
