//! What is on disk: everything that a server which starts again is told, kept from what was told and decided so far. It is
//! to the simulation what the store is to the server.

use std::collections::{BTreeMap, BTreeSet};

use sublet_scheduler::{
    Action, Again, AttemptId, Event, Interrupted, Job, JobId, Next, NodeId, Outcome, Resumption,
    SubclusterId, TaskRange, UnixMillis, UserId,
};

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// What was said last of each thing that is not a job.
    ground: BTreeMap<Topic, Event>,
    jobs: BTreeMap<JobId, Kept>,
}

/// What an event speaks of, in the order in which a server that starts is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    User(UserId),
    Rules,
    Host(String),
    Facts(NodeId),
    Labels(NodeId),
    Pause(SubclusterId),
    Drain(NodeId),
}

/// A job that is not finished.
#[derive(Debug)]
struct Kept {
    job: Job,
    fresh: BTreeSet<u32>,
    tasks: BTreeMap<u32, Course>,
    all_succeeded: bool,
    cancel_asked: bool,
}

/// A task that was started and is not settled.
#[derive(Clone, Copy, Debug)]
struct Course {
    state: State,
    failures: u32,
    losses: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Started { number: u32 },
    Waits { number: u32, at: UnixMillis },
}

impl Records {
    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::Submitted(job) => {
                let fresh = job.tasks.clone().collect();
                let kept = Kept {
                    job: job.clone(),
                    fresh,
                    tasks: BTreeMap::new(),
                    all_succeeded: true,
                    cancel_asked: false,
                };
                self.jobs.entry(job.id).or_insert(kept);
            }
            Event::CancelAsked { job, task: None } => {
                if let Some(kept) = self.jobs.get_mut(job) {
                    kept.cancel_asked = true;
                }
            }
            Event::HostLost { host } => {
                self.ground.remove(&Topic::Host(host.clone()));
            }
            Event::NodeResumed { node } => {
                self.ground.remove(&Topic::Drain(*node));
            }
            Event::SubclusterResumed { subcluster } => {
                self.ground.remove(&Topic::Pause(*subcluster));
            }
            other => {
                if let Some(topic) = Topic::of(other) {
                    self.ground.insert(topic, other.clone());
                }
            }
        }
    }

    pub(super) fn keep(&mut self, action: &Action) {
        match action {
            Action::Start { attempt, .. } => self.started(*attempt),
            Action::Finish {
                attempt,
                outcome,
                next,
            } => self.finished(*attempt, *outcome, *next),
            Action::CancelWaiting { job, tasks, .. } => self.cancelled(*job, tasks),
            Action::JobFinished(job) => {
                self.jobs.remove(job);
            }
            Action::Stop { .. }
            | Action::Reclaim { .. }
            | Action::Routed { .. }
            | Action::NodeMoved(_)
            | Action::SubclusterGone(_)
            | Action::WakeAt(_) => {}
        }
    }

    /// What is not a job, in the order in which a server learns it.
    pub(super) fn ground(&self) -> Vec<Event> {
        self.ground.values().cloned().collect()
    }

    /// The jobs that are not over, oldest first, and what was wished of them.
    pub(super) fn unfinished(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (&job, kept) in &self.jobs {
            events.push(Event::Resumed(kept.rest()));
            if kept.cancel_asked {
                events.push(Event::CancelAsked { job, task: None });
            }
        }
        events
    }

    fn started(&mut self, id: AttemptId) {
        let Some(kept) = self.jobs.get_mut(&id.job) else {
            return;
        };
        kept.fresh.remove(&id.task);
        let course = kept.tasks.entry(id.task).or_insert(Course {
            state: State::Started { number: 0 },
            failures: 0,
            losses: 0,
        });
        course.state = State::Started { number: id.number };
    }

    fn finished(&mut self, id: AttemptId, outcome: Outcome, next: Next) {
        let Some(kept) = self.jobs.get_mut(&id.job) else {
            return;
        };
        match next {
            Next::Settled => {
                kept.tasks.remove(&id.task);
                kept.all_succeeded &= outcome.is_success();
            }
            Next::Retry { number, at } => {
                if let Some(course) = kept.tasks.get_mut(&id.task) {
                    course.count(outcome);
                    course.state = State::Waits { number, at };
                }
            }
        }
    }

    fn cancelled(&mut self, job: JobId, tasks: &[TaskRange]) {
        let Some(kept) = self.jobs.get_mut(&job) else {
            return;
        };
        kept.all_succeeded = false;
        for task in tasks.iter().cloned().flatten() {
            kept.fresh.remove(&task);
            kept.tasks.remove(&task);
        }
    }
}

impl Topic {
    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::UserTerms { user, .. } => Some(Self::User(*user)),
            Event::RulesChanged(_) => Some(Self::Rules),
            Event::HostChanged { host, .. } => Some(Self::Host(host.clone())),
            Event::NodeFacts { node, .. } => Some(Self::Facts(*node)),
            Event::NodeLabelled { node, .. } => Some(Self::Labels(*node)),
            Event::NodeDrainAsked { node, .. } => Some(Self::Drain(*node)),
            Event::SubclusterPaused { subcluster, .. } => Some(Self::Pause(*subcluster)),
            _ => None,
        }
    }
}

impl Course {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Lost(_) => self.losses += 1,
            Outcome::Failed(_) | Outcome::Trapped(_) | Outcome::LimitExceeded(_) => {
                self.failures += 1;
                self.losses = 0;
            }
            Outcome::Succeeded | Outcome::Cancelled(_) => {}
        }
    }
}

impl Kept {
    fn rest(&self) -> Resumption {
        let (mut again, mut interrupted) = (Vec::new(), Vec::new());
        for (&task, course) in &self.tasks {
            let attempt = |number| AttemptId {
                job: self.job.id,
                task,
                number,
            };
            let Course {
                state,
                failures,
                losses,
            } = *course;
            match state {
                State::Started { number } => interrupted.push(Interrupted {
                    attempt: attempt(number),
                    failures,
                    losses,
                }),
                State::Waits { number, at } => again.push(Again {
                    attempt: attempt(number),
                    not_before: at,
                    failures,
                    losses,
                }),
            }
        }
        Resumption {
            job: self.job.clone(),
            fresh: ranges(&self.fresh),
            again,
            interrupted,
            all_succeeded: self.all_succeeded,
        }
    }
}

/// The numbers in ascending ranges that do not touch.
fn ranges(numbers: &BTreeSet<u32>) -> Vec<TaskRange> {
    let mut ranges: Vec<TaskRange> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some(last) if *last.end() + 1 == number => *last = *last.start()..=number,
            _ => ranges.push(number..=number),
        }
    }
    ranges
}
