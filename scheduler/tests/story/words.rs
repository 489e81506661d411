//! The words of stories: how ids, outcomes and views are read and written.

use sublet_scheduler::rules::{Rule, RuleKind};
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

pub(crate) fn when_of(text: &str) -> When {
    match text {
        "success" => When::Success,
        "failure" => When::Failure,
        "always" => When::Always,
        unknown => panic!("a job does not end with `{unknown}`"),
    }
}

/// A job of one task that says nothing of itself.
pub(crate) fn job_of(id: JobId, want: Resources) -> Job {
    Job {
        id,
        user: UserId(1),
        tasks: 0..=0,
        want,
        timeout_ms: 30_000,
        is_gang: false,
        generations: 0,
        is_child: false,
        priority: 0,
        restart: Restart::OnLoss,
        submitted_at: UnixMillis(0),
        subcluster: None,
        after: vec![],
        said: Said::default(),
    }
}

/// A host that is one node.
pub(crate) fn host_of(node: NodeId, capacity: Resources) -> Event {
    let spec = NodeSpec {
        id: node,
        name: format!("n{}", node.0),
        capacity,
        priority: 0,
        labels: std::collections::BTreeMap::new(),
    };
    Event::HostChanged {
        host: format!("h{}", node.0),
        capacity,
        nodes: vec![spec],
    }
}

/// One sub-cluster that takes every node and every job that fits.
pub(crate) fn rules_of(version: u64, name: &str, slot: Resources) -> RuleSet {
    let everyone = Rule::parse(RuleKind::Entry, "true").expect("it is a rule");
    RuleSet {
        version,
        subclusters: vec![SubclusterSpec {
            entry: Some(everyone),
            ..SubclusterSpec::new(name, slot)
        }],
        ..RuleSet::default()
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
        "drained" => Outcome::Cancelled(CancelReason::Drained),
        "preempted" => Outcome::Cancelled(CancelReason::Preempted),
        "setup" => Outcome::Lost(LossReason::Setup),
        unknown => panic!("there is no outcome `{unknown}`"),
    }
}

pub(crate) fn counts(view: &JobView) -> String {
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
            one.spec.name
        )
    });
    nodes.chain(subclusters).collect()
}
