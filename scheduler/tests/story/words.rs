//! The words of stories: how ids, outcomes and views are read and written.

use sublet_scheduler::*;

pub(crate) fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// `2#3`, or `2` for the first attempt of task 2.
pub(crate) fn attempt_of(job: JobId, text: &str) -> AttemptId {
    let (task, attempt) = text.split_once('#').unwrap_or((text, "1"));
    AttemptId {
        job,
        task: number(task),
        number: number(attempt),
    }
}

pub(crate) fn range_of(text: &str) -> TaskRange {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    number(first)..=number(last)
}

pub(crate) fn range(range: &TaskRange) -> String {
    let (first, last) = (range.start(), range.end());
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}

pub(crate) fn restart_of(text: &str) -> Restart {
    let mut parts = text.split(':');
    match parts.next().unwrap_or_default() {
        "never" => Restart::Never,
        "on-loss" => Restart::OnLoss,
        "on-failure" => Restart::OnFailure {
            retries: number(parts.next().unwrap_or_default()),
            backoff_ms: number(parts.next().unwrap_or_default()),
        },
        unknown => panic!("there is no restart `{unknown}`"),
    }
}

pub(crate) fn outcome_of(text: &str) -> Outcome {
    match text {
        "ok" => Outcome::Succeeded,
        "fail" => Outcome::Failed(1),
        "trap" => Outcome::Trapped(TrapKind::Unreachable),
        "limit" => Outcome::LimitExceeded(Limit::Wall),
        "cancelled" => Outcome::Cancelled(CancelReason::Asked),
        "shutdown" => Outcome::Cancelled(CancelReason::Shutdown),
        "lost" => Outcome::Lost(LossReason::Worker),
        "setup" => Outcome::Lost(LossReason::Setup),
        unknown => panic!("there is no outcome `{unknown}`"),
    }
}

pub(crate) fn counts(view: JobView) -> String {
    format!(
        "{} queued, {} retrying, {} starting, {} running, {} stopping; {} reclaiming",
        view.queued, view.retrying, view.starting, view.running, view.stopping, view.reclaiming
    )
}

pub(crate) fn pool(pool: &PoolView) -> Vec<String> {
    let nodes = pool.nodes.iter().map(|node| {
        let (free, total) = (node.slots.free, node.slots.total);
        format!(
            "node {}: {free} of {total} slots free, {} granted",
            node.node.0, node.granted
        )
    });
    let subclusters = pool.subclusters.iter().map(|one| {
        let (used, total) = (one.slots.in_use(), one.slots.total);
        let (jobs, tasks) = (one.queued_jobs, one.queued_tasks);
        format!(
            "{}: {used} of {total} slots in use, {tasks} tasks of {jobs} jobs queued",
            one.name
        )
    });
    nodes.chain(subclusters).collect()
}
