//! Why a job is where it is, in a sentence and the numbers behind it.

use sublet_api::{Explanation, Fact, Job, JobEnd, Outcome, Pool, TaskCounts, Waiting};
use sublet_scheduler::{PoolView, SubclusterId, Waiting as Why};

use super::timestamp;

/// Why tasks of a job wait, as a word and a phrase.
pub(crate) fn waiting(why: Why, pool: &PoolView) -> Waiting {
    let (reason, detail) = match why {
        Why::Draining => (
            "draining",
            "the server is stopping and starts nothing new".to_owned(),
        ),
        Why::NoSlotFits { asked, largest } => (
            "no_slot",
            format!("an attempt asks for {asked}, the largest slot has {largest}"),
        ),
        Why::NoSlots { subcluster } => (
            "no_slot",
            format!("sub-cluster {} has no slot", name(pool, subcluster)),
        ),
        Why::PoolFull {
            subcluster,
            slots,
            jobs_ahead: 0,
            ..
        } => (
            "pool",
            format!(
                "all {slots} slots of {} are taken, this job is next",
                name(pool, subcluster)
            ),
        ),
        Why::PoolFull {
            subcluster,
            slots,
            jobs_ahead,
            tasks_ahead,
        } => (
            "queue",
            format!(
                "all {slots} slots of {} are taken; ahead: {jobs_ahead} jobs with {tasks_ahead} tasks",
                name(pool, subcluster)
            ),
        ),
        Why::Reclaim => (
            "reclaim",
            "what the last attempt held is being released".to_owned(),
        ),
        Why::Backoff { until } => (
            "backoff",
            format!("a failed task is tried again at {:.0}", timestamp(until)),
        ),
    };
    Waiting {
        reason: reason.to_owned(),
        detail,
    }
}

/// The whole explanation of one job.
pub(crate) fn explanation(job: &Job, pool: &Pool) -> Explanation {
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
    facts.extend(job.end.as_ref().and_then(ended_by));
    facts.push(fact("tasks", settled(&job.tasks)));
    Explanation {
        summary: summary(job),
        facts,
        position: None,
        wants: None,
        free: home.map(|one| one.slots),
        starts_by: None,
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

fn name(pool: &PoolView, id: SubclusterId) -> &str {
    pool.subclusters
        .iter()
        .find(|one| one.subcluster == id)
        .map_or("?", |one| one.name.as_str())
}
