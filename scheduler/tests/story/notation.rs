//! The notation of stories. A story is a transcript: a line at the margin is told to the scheduler, the indented lines
//! below it are what it answers. `check` plays the lines at the margin and compares the whole.
//!
//! ```text
//! capacity 2                  a host with one node of two slots joins
//! submit a*3 restart=never    job a with tasks 0, 1 and 2; also: priority=, user=, restart=on-failure:RETRIES:MS,
//!                             want=CPU:MEMORY (thousandths and MiB), timeout=MS, gang, child, generations=, class=, label=KEY:VALUE, in=SUBCLUSTER,
//!                             after=JOB:WHEN,…
//! rules NAME KEY={…} …; …     these sub-clusters, routes and classes in place of all others: see `pool.rs`
//! host h 0:2 1:4              a host with node 0 of two slots and node 1 of four; `room=5` if it has less than that
//! lose h    load 0 900        a host is gone; a node is so many thousandths busy
//! ill 0     well 0            label 0 size=large
//! drain-node 0 grace=100      resume-node 0    pause NAME WHY    unpause NAME
//! terms user=1 slots=2 …      also: weight=, cpu=, memory= (MiB), queued=, rate=, role=operator, name=
//! start a/0    exit a/0 ok    of the first attempt of task 0; a/0#2 is the second attempt
//! reclaim a/0  end a/0 ok     `end` is exit and reclaim
//! cancel a     cancel a/0     bar a         withdraw a    drain    grace
//! at 500       tick           the clock shows 500; the alarm rings
//! resume a*3 fresh=0-1 again=2#2@500:FAILURES:LOSSES interrupted=2#1:FAILURES:LOSSES
//! admit a*3    job a    why a    attempts a    pool    nodes    idle     questions
//! show moves   show routes    from here on, moves of nodes and routes of jobs are told too
//! ```

use std::collections::BTreeMap;

use sublet_scheduler::*;

use crate::pool;
use crate::words::{
    attempt_of, host_of, job_of, number, outcome_of, range_of, restart_of, rules_of, when_of,
};

/// The shape of every slot, and what a job wants unless it says otherwise.
pub(crate) const SLOT: Resources = Resources {
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

/// The scheduler, and the names of all that it was told of.
pub(crate) struct Stage {
    pub(crate) scheduler: Scheduler,
    pub(crate) now: UnixMillis,
    nodes: u32,
    versions: u64,
    pub(crate) jobs: BTreeMap<String, Job>,
    /// Of all sub-clusters there ever were.
    pub(crate) names: BTreeMap<SubclusterId, String>,
    /// How busy each node is, and whether it is well.
    pub(crate) seen: BTreeMap<NodeId, (u64, bool)>,
    pub(crate) shown: Shown,
}

/// What a story tells of only when it is about that.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) moves: bool,
    pub(crate) routes: bool,
}

impl Stage {
    pub(crate) fn new() -> Self {
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
            versions: 1,
            jobs: BTreeMap::new(),
            names: BTreeMap::new(),
            seen: BTreeMap::new(),
            shown: Shown::default(),
        };
        stage.event(Event::RulesChanged(rules_of(1, "default", SLOT)));
        stage
    }

    pub(crate) fn tell(&mut self, line: &str) -> Vec<String> {
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
                self.show(rest[0]);
                vec![]
            }
            "rules" => {
                self.versions += 1;
                let rules = pool::rules(self.versions, line.trim_start_matches("rules"));
                self.event(Event::RulesChanged(rules))
            }
            "submit" => {
                let job = self.job_of(rest);
                self.event(Event::Submitted(job))
            }
            "resume" => {
                let resumption = self.resumption_of(rest);
                self.event(Event::Resumed(resumption))
            }
            "bar" => self.event(Event::Barred(self.jobs[rest[0]].id)),
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
            _ => match self.of_the_pool(verb, rest) {
                Some(event) => self.event(event),
                None => self.answer(verb, rest),
            },
        }
    }

    fn show(&mut self, what: &str) {
        match what {
            "moves" => self.shown.moves = true,
            "routes" => self.shown.routes = true,
            unknown => panic!("the notation cannot show `{unknown}`"),
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
        self.names.extend(self.scheduler.subcluster_names());
        actions
            .iter()
            .filter_map(|action| self.action(action))
            .collect()
    }

    /// `a*3 priority=1 …`: a job that keeps its name and its place from where it was first told of.
    pub(crate) fn job_of(&mut self, words: &[&str]) -> Job {
        let (name, tasks) = words[0].split_once('*').unwrap_or((words[0], "1"));
        let next = JobId(self.jobs.len() as u64 + 1);
        let job = self.jobs.entry(name.to_owned()).or_insert_with(|| Job {
            tasks: 0..=number::<u32>(tasks).saturating_sub(1),
            submitted_at: self.now,
            ..job_of(next, SLOT)
        });
        job.is_gang |= words.contains(&"gang");
        job.is_child |= words.contains(&"child");
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
                "generations" => job.generations = number(value),
                "class" => value.clone_into(&mut job.said.class),
                "label" => {
                    let (key, value) = value.split_once(':').expect("label=KEY:VALUE");
                    job.said.labels.insert(key.to_owned(), value.to_owned());
                }
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
}
