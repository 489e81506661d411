//! What the scheduler answers, in the words of stories.

use sublet_scheduler::*;

use crate::notation::Stage;
use crate::words::{counts, pool, range};

impl Stage {
    pub(crate) fn answer(&mut self, question: &str, words: &[&str]) -> Vec<String> {
        match question {
            "admit" => {
                let job = self.job_of(words);
                self.jobs
                    .remove(words[0].split('*').next().unwrap_or_default());
                vec![match self.scheduler.admit(self.now, &job) {
                    Ok(_) => "yes".to_owned(),
                    Err(rejection) => rejection.to_string(),
                }]
            }
            "job" => vec![
                self.scheduler
                    .job(self.jobs[words[0]].id)
                    .map_or_else(|| "gone".to_owned(), |view| counts(&view)),
            ],
            "why" => vec![self.why(self.jobs[words[0]].id)],
            "attempts" => {
                let attempts = self.scheduler.attempts(self.jobs[words[0]].id);
                attempts
                    .map(|view| {
                        format!(
                            "{} {:?} on {}",
                            self.named(view.attempt),
                            view.state,
                            view.slot
                        )
                    })
                    .collect()
            }
            "pool" => pool(&self.scheduler.pool()),
            "nodes" => {
                let nodes = self.scheduler.pool().nodes.into_iter();
                nodes
                    .map(|one| format!("node {} {}", one.node.0, self.state(one.state)))
                    .collect()
            }
            "idle" => vec![
                if self.scheduler.is_idle() {
                    "yes"
                } else {
                    "no"
                }
                .to_owned(),
            ],
            unknown => panic!("the notation has no `{unknown}`"),
        }
    }

    fn why(&self, job: JobId) -> String {
        match self.scheduler.waiting(self.now, job) {
            None => "it does not wait".to_owned(),
            Some(Waiting::Draining) => "draining".to_owned(),
            Some(Waiting::Nowhere(reason)) => reason.to_string(),
            Some(Waiting::NoSlots { subcluster }) => format!("no slots in {}", subcluster.0),
            Some(Waiting::Paused { reason, .. }) => format!("paused: {reason}"),
            Some(Waiting::Dependency { jobs }) => {
                let jobs: Vec<&str> = jobs.iter().map(|one| self.name(one.job)).collect();
                format!("waits for {}", jobs.join(", "))
            }
            Some(Waiting::Behind {
                subcluster,
                slots,
                jobs,
                tasks,
                users,
                ..
            }) => format!(
                "{slots} slots in {}, {jobs} jobs with {tasks} tasks and {users} users ahead",
                subcluster.0
            ),
            Some(Waiting::Gang {
                wants,
                free,
                starts_by,
                ..
            }) => {
                let by = starts_by.map_or_else(String::new, |at| format!(", enough by {}", at.0));
                format!("wants {wants} slots at once, {free} free{by}")
            }
            Some(Waiting::Reservation { holder, at, .. }) => {
                format!("kept for {} until {}", self.name(holder), at.0)
            }
            Some(Waiting::Quota { which, held, limit }) => {
                format!("holds {held} of {limit} {which:?}")
            }
            Some(Waiting::Reclaim) => "the last slot is being released".to_owned(),
            Some(Waiting::Backoff { until }) => format!("pause until {}", until.0),
        }
    }

    /// Nothing for what the story is not about.
    pub(crate) fn action(&self, action: &Action) -> Option<String> {
        Some(match action {
            Action::Routed { .. } if !self.shown.routes => return None,
            Action::NodeMoved(_) | Action::SubclusterGone(_) if !self.shown.moves => return None,
            Action::Routed { job, routing } => match routing {
                Some(routing) => format!(
                    "{} to {} by {}",
                    self.name(*job),
                    self.names[&routing.subcluster],
                    routing.by
                ),
                None => format!("{} to nowhere", self.name(*job)),
            },
            Action::NodeMoved(moved) => {
                let [from, to] = [moved.from, moved.to].map(|state| self.state(state));
                format!("node {} from {from} to {to}", moved.node.0)
            }
            Action::SubclusterGone(subcluster) => {
                format!("sub-cluster {} is gone", self.names[subcluster])
            }
            Action::Start { attempt, slot, .. } => {
                format!("start {} on {slot}", self.named(*attempt))
            }
            Action::Stop { attempt, reason } => {
                format!("stop {}: {reason:?}", self.named(*attempt))
            }
            Action::Finish {
                attempt,
                outcome,
                next,
            } => {
                let next = match next {
                    Next::Settled => "settled".to_owned(),
                    Next::Retry { number, at } => format!("#{number} at {}", at.0),
                };
                format!("finish {}: {outcome}; {next}", self.named(*attempt))
            }
            Action::Reclaim { attempt, slot } => {
                format!("reclaim {} on {slot}", self.named(*attempt))
            }
            Action::CancelWaiting { job, tasks, reason } => {
                let tasks: Vec<String> = tasks.iter().map(range).collect();
                let why = match reason {
                    CancelReason::Asked => String::new(),
                    reason => format!(": {reason:?}"),
                };
                format!(
                    "cancel waiting {}/{}{why}",
                    self.name(*job),
                    tasks.join(",")
                )
            }
            Action::JobFinished(job) => format!("job {} finished", self.name(*job)),
            Action::WakeAt(at) => format!("wake at {}", at.0),
        })
    }

    fn state(&self, state: NodeState) -> String {
        match state {
            NodeState::In(home) => format!("in {}", self.names[&home]),
            NodeState::Draining(home) => format!("draining from {}", self.names[&home]),
            NodeState::Unassigned => "unassigned".to_owned(),
            NodeState::Down => "down".to_owned(),
        }
    }

    fn named(&self, AttemptId { job, task, number }: AttemptId) -> String {
        let name = self.name(job);
        if number == 1 {
            format!("{name}/{task}")
        } else {
            format!("{name}/{task}#{number}")
        }
    }

    fn name(&self, id: JobId) -> &str {
        let (name, _) = self
            .jobs
            .iter()
            .find(|(_, job)| job.id == id)
            .expect("it was told of");
        name
    }
}
