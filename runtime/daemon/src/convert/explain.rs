//! Why a job is where it is, in a sentence and the numbers behind it.

use sublet_api::{Explanation, Fact, Waiting};
use sublet_scheduler::{JobView, PoolView, SubclusterId, Waiting as Why};
use sublet_store::JobSummary;

use super::{task_count, timestamp};

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
pub(crate) fn explanation(
    job: &JobSummary,
    live: Option<JobView>,
    why: Option<Why>,
    pool: &PoolView,
) -> Explanation {
    let number = job.number;
    let live = live.filter(|_| job.finished_at.is_none());
    let Some(live) = live else {
        return Explanation {
            summary: format!("#{number} is over: every task is settled"),
            facts: vec![settled(job)],
        };
    };
    let under_way = live.starting + live.running + live.stopping;
    let waits = live.queued + live.retrying;
    let summary = match (under_way, waits) {
        (0, 0) => format!("#{number} is ending"),
        (_, 0) => format!("#{number} runs: all {under_way} open tasks have a slot"),
        (0, _) => format!("#{number} waits with {waits} tasks"),
        (_, _) => format!("#{number} runs {under_way} tasks and waits with {waits}"),
    };
    let mut facts = Vec::new();
    if let Some(why) = why {
        let waiting = waiting(why, pool);
        facts.push(Fact {
            about: waiting.reason,
            text: waiting.detail,
        });
    }
    if let Some(one) = live
        .subcluster
        .and_then(|id| pool.subclusters.iter().find(|one| one.subcluster == id))
    {
        facts.push(Fact {
            about: "slots".to_owned(),
            text: format!(
                "{} free of {} in {}",
                one.slots.free, one.slots.total, one.name
            ),
        });
    }
    facts.push(settled(job));
    Explanation { summary, facts }
}

fn settled(job: &JobSummary) -> Fact {
    let (done, all) = (job.tally.settled(), task_count(&job.tasks));
    Fact {
        about: "tasks".to_owned(),
        text: format!("{done} of {all} settled, {} succeeded", job.tally.succeeded),
    }
}

fn name(pool: &PoolView, id: SubclusterId) -> &str {
    pool.subclusters
        .iter()
        .find(|one| one.subcluster == id)
        .map_or("?", |one| one.name.as_str())
}
