//! Why a job is where it is, in a sentence and the numbers behind it.

use std::time::Instant;

use sublet_api::{Explanation, Fact, Job, JobEnd, Outcome, Pool, RoutedBy, TaskCounts, Waiting};
use sublet_scheduler::{Bound, JobId, Resources, SubclusterId, UnixMillis, Waiting as Why};

use super::place::Names;
use super::timestamp;
use crate::driver::Obstacle;

/// Why tasks of a job wait, as a word and a phrase. `name_of` knows jobs as people do.
pub(crate) fn waiting(why: &Why, names: &Names, name_of: impl Fn(JobId) -> String) -> Waiting {
    Waiting {
        reason: word(why).to_owned(),
        detail: phrase(why, names, name_of),
    }
}

/// Why tasks of a job that have their slots are not started yet, and when they are.
pub(crate) fn held_back(
    now: UnixMillis,
    until: Instant,
    obstacle: Obstacle,
) -> (Waiting, Prospect) {
    let left = until.saturating_duration_since(Instant::now());
    let at = UnixMillis(now.0 + u64::try_from(left.as_millis()).unwrap_or_default());
    let (reason, why) = match obstacle {
        Obstacle::Deaths => ("worker", "workers died in the place of its one"),
        Obstacle::Means => (
            "host",
            "the host has no descriptor, process or memory left for it",
        ),
    };
    let waiting = Waiting {
        reason: reason.to_owned(),
        detail: format!("{why}; it is started at {:.0}", timestamp(at)),
    };
    let prospect = Prospect {
        starts_by: Some(at),
        ..Prospect::default()
    };
    (waiting, prospect)
}

const fn word(why: &Why) -> &'static str {
    match why {
        Why::Draining => "draining",
        Why::Dependency { .. } => "dependency",
        Why::Nowhere(_) => "no_route",
        Why::Paused { .. } => "paused",
        Why::NoSlots { .. } => "no_slot",
        Why::Quota { .. } => "quota",
        Why::Gang { .. } => "gang",
        Why::Reservation { .. } => "reservation",
        Why::Behind {
            jobs: 0, users: 0, ..
        } => "pool",
        Why::Behind { .. } => "queue",
        Why::Reclaim => "reclaim",
        Why::Backoff { .. } => "backoff",
    }
}

fn phrase(why: &Why, names: &Names, name_of: impl Fn(JobId) -> String) -> String {
    match why {
        Why::Draining => "the server is stopping and starts nothing new".to_owned(),
        Why::Dependency { jobs } => {
            let jobs: Vec<String> = jobs.iter().map(|one| name_of(one.job)).collect();
            format!("waits until {} is over", jobs.join(", "))
        }
        Why::Nowhere(reason) => reason.to_string(),
        Why::Paused { subcluster, reason } => {
            let name = name(names, *subcluster);
            format!("sub-cluster {name} is paused: {reason}")
        }
        Why::NoSlots { subcluster } => {
            format!("sub-cluster {} has no slot", name(names, *subcluster))
        }
        Why::Quota { which, held, limit } => quota(*which, *held, *limit),
        Why::Gang { wants, free, .. } => format!("needs {wants} slots at once, {free} are free"),
        Why::Reservation { holder, at, .. } => {
            let (gang, at) = (name_of(*holder), timestamp(*at));
            format!("free slots are kept for the gang {gang}, which has all it wants by {at:.0}")
        }
        Why::Behind {
            subcluster,
            slots,
            jobs,
            tasks,
            users,
            ..
        } => {
            let taken = format!(
                "all {slots} slots of {} are taken",
                name(names, *subcluster)
            );
            match (jobs, users) {
                (0, 0) => format!("{taken}, this job is next"),
                (_, 0) => format!("{taken}; ahead: {jobs} jobs with {tasks} tasks"),
                (_, _) => format!(
                    "{taken}; ahead: {jobs} jobs with {tasks} tasks, and {users} other users"
                ),
            }
        }
        Why::Reclaim => "what the last attempt held is being released".to_owned(),
        Why::Backoff { until } => {
            format!("a failed task is tried again at {:.0}", timestamp(*until))
        }
    }
}

fn quota(which: Bound, held: u64, limit: u64) -> String {
    let amount = |cpu_millis, memory_bytes| {
        let amount = Resources {
            cpu_millis,
            memory_bytes,
        };
        amount.to_string()
    };
    match which {
        Bound::Slots => format!("its user holds {held} of {limit} slots"),
        Bound::CpuMillis => format!("its user holds {} of {}", amount(held, 0), amount(limit, 0)),
        Bound::MemoryBytes => {
            format!("its user holds {} of {}", amount(0, held), amount(0, limit))
        }
    }
}

/// What stands between a job and its start, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prospect {
    /// Its place among its user's jobs, counted from 1.
    pub(crate) position: Option<u64>,
    /// Slots that it needs at once.
    pub(crate) wants: Option<u64>,
    pub(crate) starts_by: Option<UnixMillis>,
}

impl Prospect {
    pub(crate) fn of(why: &Why) -> Self {
        match why {
            Why::Gang {
                wants, starts_by, ..
            } => Self {
                wants: Some(*wants),
                starts_by: *starts_by,
                position: None,
            },
            Why::Behind {
                jobs, starts_by, ..
            } => Self {
                position: Some(jobs + 1),
                wants: Some(1),
                starts_by: *starts_by,
            },
            Why::Reservation { .. } | Why::Quota { .. } => Self {
                wants: Some(1),
                ..Self::default()
            },
            Why::Backoff { until } => Self {
                starts_by: Some(*until),
                ..Self::default()
            },
            Why::Draining
            | Why::Dependency { .. }
            | Why::Nowhere(_)
            | Why::Paused { .. }
            | Why::NoSlots { .. }
            | Why::Reclaim => Self::default(),
        }
    }
}

/// The whole explanation of one job.
pub(crate) fn explanation(
    job: &Job,
    pool: &Pool,
    prospect: Prospect,
    considered: &[String],
) -> Explanation {
    let mut facts = Vec::new();
    facts.extend(
        job.waiting
            .as_ref()
            .map(|waiting| fact(&waiting.reason, waiting.detail.clone())),
    );
    let home = pool
        .subclusters
        .iter()
        .find(|one| Some(&one.name) == job.subcluster.as_ref());
    facts.extend(home.map(|one| {
        fact(
            "slots",
            format!(
                "{} free of {} in {}",
                one.slots.free, one.slots.total, one.name
            ),
        )
    }));
    facts.extend(job.routed_by.as_ref().map(|by| fact("routed", routed(by))));
    let looked_at = considered.iter().filter(|line| !line.is_empty());
    facts.extend(looked_at.map(|line| fact("considered", line.clone())));
    facts.extend(job.end.as_ref().and_then(ended_by));
    facts.push(fact("tasks", settled(&job.tasks)));
    Explanation {
        summary: summary(job),
        facts,
        position: prospect.position,
        wants: prospect.wants,
        free: home.map(|one| one.slots),
        starts_by: prospect.starts_by.map(timestamp),
    }
}

/// What decided where a job goes, in a phrase.
fn routed(by: &RoutedBy) -> String {
    let version = by.version;
    match (by.kind.as_str(), by.rule.as_deref()) {
        ("asked", _) => "its user asked for it".to_owned(),
        (kind, Some(rule)) => format!("by {kind} {rule} (version {version})"),
        (kind, None) => format!("by {kind} (version {version})"),
    }
}

fn summary(job: &Job) -> String {
    let (number, tasks) = (job.number, &job.tasks);
    let under_way = tasks.starting + tasks.running + tasks.stopping;
    match (job.end.is_some(), under_way, tasks.queued) {
        (true, _, _) => format!("#{number} is over: every task is settled"),
        (false, 0, 0) => format!("#{number} is ending"),
        (false, _, 0) => format!("#{number} runs: all {under_way} open tasks have a slot"),
        (false, 0, waiting) => format!("#{number} waits with {waiting} tasks"),
        (false, _, waiting) => format!("#{number} runs {under_way} tasks and waits with {waiting}"),
    }
}

/// The task that decided how the job ended, when it did not succeed.
fn ended_by(end: &JobEnd) -> Option<Fact> {
    let task = end.task?;
    let detail = end
        .detail
        .as_deref()
        .and_then(|detail| detail.lines().next())
        .unwrap_or_default();
    let text = format!("task {task}: {} {detail}", words(&end.outcome));
    Some(fact("end", text.trim_end().to_owned()))
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded => "succeeded".to_owned(),
        Outcome::Failed { code } => format!("failed with exit code {code}"),
        Outcome::Trapped { trap } => format!("trapped ({trap})"),
        Outcome::LimitExceeded { limit } => format!("exceeded its limit of {limit}"),
        Outcome::Cancelled { reason } => format!("cancelled ({reason})"),
        Outcome::Lost { reason } => format!("lost ({reason})"),
        Outcome::Unknown => "ended".to_owned(),
    }
}

fn settled(tasks: &TaskCounts) -> String {
    let unsuccessful = tasks.finished - tasks.succeeded;
    format!(
        "{} of {} settled: {} succeeded, {unsuccessful} did not",
        tasks.finished, tasks.total, tasks.succeeded
    )
}

fn fact(about: &str, text: String) -> Fact {
    Fact {
        about: about.to_owned(),
        text,
    }
}

fn name(names: &Names, id: SubclusterId) -> &str {
    names.get(&id).map_or("?", String::as_str)
}
