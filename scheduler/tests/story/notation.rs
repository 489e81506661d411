//! The notation of stories. A story is a transcript: a line at the margin is told to the scheduler, the indented lines
//! below it are what it answers. `check` plays the lines at the margin and compares the whole.
//!
//! ```text
//! capacity 2                  a host with one node of two slots joins
//! submit a*3 restart=never    job a with tasks 0, 1 and 2; also: priority=, user=, restart=on-failure:RETRIES:MS,
//!                             want=CPU:MEMORY (thousandths and MiB), timeout=MS, gang, class=, in=SUBCLUSTER,
//!                             after=JOB:WHEN,…
//! rules NAME KEY=VALUE …; …   these sub-clusters, in place of the one called `default`; also: route NAME WHEN -> TO
//! start a/0    exit a/0 ok    of the first attempt of task 0; a/0#2 is the second attempt
//! reclaim a/0  end a/0 ok     `end` is exit and reclaim
//! cancel a     cancel a/0     withdraw a    drain    grace
//! at 500       tick           the clock shows 500; the alarm rings
//! resume a*3 fresh=0-1 again=2#2@500:FAILURES:LOSSES interrupted=2#1:FAILURES:LOSSES
//! admit a*3    job a    why a    attempts a    pool    idle     questions
//! show moves   show routes    from here on, moves of nodes and routes of jobs are told too
//! ```

use std::collections::BTreeMap;

use sublet_scheduler::*;

use crate::words::{
    attempt_of, counts, host_of, job_of, number, outcome_of, pool, range, range_of, restart_of,
    rules_of, when_of,
};

/// The shape of every slot, and what a job wants unless it says otherwise.
const SLOT: Resources = Resources {
    cpu_millis: 50,
    memory_bytes: 64 << 20,
};

/// Plays the lines at the margin and compares everything that is answered.
#[track_caller]
pub(crate) fn check(story: &str) {
    let margin = story
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(indent)
        .min();
    let expected: String = story
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!("{}\n", &line[margin.unwrap_or(0)..]))
        .collect();
    let mut stage = Stage::new();
    let mut told = String::new();
    for line in expected.lines().filter(|line| indent(line) == 0) {
        told += &format!("{line}\n");
        for answer in stage.tell(line) {
            told += &format!("  {answer}\n");
        }
    }
    assert!(
        told == expected,
        "the story went\n{told}\nand was to go\n{expected}"
    );
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

struct Stage {
    scheduler: Scheduler,
    now: UnixMillis,
    nodes: u32,
    jobs: BTreeMap<String, Job>,
    shown: Shown,
}

/// What a story tells of only when it is about that.
#[derive(Default)]
struct Shown {
    moves: bool,
    routes: bool,
}

impl Stage {
    fn new() -> Self {
        let quota = Quota {
            queued: 2_000_000,
            ..Quota::UNLIMITED
        };
        let config = Config {
            queued_tasks_max: 3_000_000,
            tasks_per_job_max: 1_000_000,
            aging_ms: 3_600_000,
            terms: Terms { weight: 1, quota },
        };
        let mut stage = Self {
            scheduler: Scheduler::new(config),
            now: UnixMillis(0),
            nodes: 0,
            jobs: BTreeMap::new(),
            shown: Shown::default(),
        };
        stage.event(Event::RulesChanged(rules_of(1, "default", SLOT)));
        stage
    }

    fn tell(&mut self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (verb, rest) = (words[0], &words[1..]);
        match verb {
            "capacity" => {
                let node = NodeId(self.nodes);
                self.nodes += 1;
                self.node(node, number(rest[0]))
            }
            "rejoin" => self.node(NodeId(0), number(rest[0])),
            "show" => {
                match rest[0] {
                    "moves" => self.shown.moves = true,
                    "routes" => self.shown.routes = true,
                    unknown => panic!("the notation cannot show `{unknown}`"),
                }
                vec![]
            }
            "submit" => {
                let job = self.job_of(rest);
                self.event(Event::Submitted(job))
            }
            "resume" => {
                let resumption = self.resumption_of(rest);
                self.event(Event::Resumed(resumption))
            }
            "withdraw" => self.event(Event::Withdrawn(self.jobs[rest[0]].id)),
            "start" => self.event(Event::Started(self.attempt(rest[0]))),
            "exit" => self.exit(rest),
            "reclaim" => self.event(Event::Reclaimed(self.attempt(rest[0]))),
            "end" => {
                let mut answers = self.exit(rest);
                answers.extend(self.event(Event::Reclaimed(self.attempt(rest[0]))));
                answers
            }
            "cancel" => {
                let (job, task) = match rest[0].split_once('/') {
                    Some((job, task)) => (job, Some(number(task))),
                    None => (rest[0], None),
                };
                self.event(Event::CancelAsked {
                    job: self.jobs[job].id,
                    task,
                })
            }
            "drain" => self.event(Event::DrainAsked),
            "grace" => self.event(Event::GraceEnded),
            "at" => {
                self.now = UnixMillis(number(rest[0]));
                vec![]
            }
            "tick" => self.event(Event::TimePassed),
            question => self.answer(question, rest),
        }
    }

    fn node(&mut self, node: NodeId, slots: u64) -> Vec<String> {
        // A little is left over on each node, as in life.
        let capacity = Resources {
            cpu_millis: SLOT.cpu_millis * slots + 7,
            memory_bytes: SLOT.memory_bytes * slots + 4096,
        };
        self.event(host_of(node, capacity))
    }

    fn exit(&mut self, words: &[&str]) -> Vec<String> {
        let attempt = self.attempt(words[0]);
        self.event(Event::Exited {
            attempt,
            outcome: outcome_of(words[1]),
        })
    }

    fn event(&mut self, event: Event) -> Vec<String> {
        let mut actions = Vec::new();
        self.scheduler.handle(self.now, event, &mut actions);
        actions
            .iter()
            .filter_map(|action| self.action(action))
            .collect()
    }

    fn answer(&mut self, question: &str, words: &[&str]) -> Vec<String> {
        match question {
            "admit" => {
                let job = self.job_of(words);
                self.jobs
                    .remove(words[0].split('*').next().unwrap_or_default());
                vec![match self.scheduler.admit(self.now, &job) {
                    Ok(()) => "yes".to_owned(),
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
                format!("a gang of {wants}, {free} slots free{by}")
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
    fn action(&self, action: &Action) -> Option<String> {
        Some(match action {
            Action::Routed { .. } if !self.shown.routes => return None,
            Action::NodeMoved(_) if !self.shown.moves => return None,
            Action::Routed { job, routing } => match routing {
                Some(routing) => format!(
                    "{} to {} by {}",
                    self.name(*job),
                    routing.subcluster.0,
                    routing.by
                ),
                None => format!("{} to nowhere", self.name(*job)),
            },
            Action::NodeMoved(moved) => {
                format!(
                    "node {} from {:?} to {:?}",
                    moved.node.0, moved.from, moved.to
                )
            }
            Action::SubclusterGone(subcluster) => format!("sub-cluster {} is gone", subcluster.0),
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

    /// `a*3 priority=1 …`: a job that keeps its name and its place from where it was first told of.
    fn job_of(&mut self, words: &[&str]) -> Job {
        let (name, tasks) = words[0].split_once('*').unwrap_or((words[0], "1"));
        let next = JobId(self.jobs.len() as u64 + 1);
        let job = self.jobs.entry(name.to_owned()).or_insert_with(|| Job {
            tasks: 0..=number::<u32>(tasks).saturating_sub(1),
            submitted_at: self.now,
            ..job_of(next, SLOT)
        });
        job.is_gang |= words.contains(&"gang");
        let mut after: Vec<String> = vec![];
        for (key, value) in words[1..].iter().filter_map(|word| word.split_once('=')) {
            match key {
                "user" => job.user = UserId(number(value)),
                "tasks" => job.tasks = range_of(value),
                "priority" => job.priority = number(value),
                "restart" => job.restart = restart_of(value),
                "want" => {
                    let (cpu, memory) = value.split_once(':').expect("want=CPU:MEMORY");
                    let memory_bytes = number::<u64>(memory) << 20;
                    job.want = Resources {
                        cpu_millis: number(cpu),
                        memory_bytes,
                    };
                }
                "timeout" => job.timeout_ms = number(value),
                "class" => value.clone_into(&mut job.said.class),
                "in" => job.subcluster = Some(value.to_owned()),
                "after" => after.extend(value.split(',').map(str::to_owned)),
                "fresh" | "again" | "interrupted" => {}
                unknown => panic!("a job has no `{unknown}`"),
            }
        }
        let mut job = job.clone();
        for one in after {
            let (name, when) = one.split_once(':').expect("after=JOB:WHEN");
            job.after.push(Dependency {
                job: self.jobs[name].id,
                when: when_of(when),
            });
        }
        job
    }

    fn resumption_of(&mut self, words: &[&str]) -> Resumption {
        let job = self.job_of(words);
        let mut resumption = Resumption {
            job,
            fresh: vec![],
            again: vec![],
            interrupted: vec![],
            all_succeeded: true,
        };
        let id = resumption.job.id;
        for (key, value) in words[1..].iter().filter_map(|word| word.split_once('=')) {
            let mut parts = value.split(':');
            let first = parts.next().unwrap_or_default();
            let mut count = || parts.next().map_or(0, number);
            let (failures, losses) = (count(), count());
            let (name, at) = first.split_once('@').unwrap_or((first, "0"));
            match key {
                "fresh" => resumption.fresh.extend(value.split(',').map(range_of)),
                "again" => {
                    let (attempt, not_before) = (attempt_of(id, name), UnixMillis(number(at)));
                    resumption.again.push(Again {
                        attempt,
                        not_before,
                        failures,
                        losses,
                    });
                }
                "interrupted" => {
                    let attempt = attempt_of(id, name);
                    resumption.interrupted.push(Interrupted {
                        attempt,
                        failures,
                        losses,
                    });
                }
                _ => {}
            }
        }
        resumption
    }

    fn attempt(&self, text: &str) -> AttemptId {
        let (job, rest) = text.split_once('/').expect("JOB/TASK");
        attempt_of(self.jobs[job].id, rest)
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
