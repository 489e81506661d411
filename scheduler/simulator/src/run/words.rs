//! Between the nouns of workloads and reports and those of the scheduler.

use std::collections::BTreeMap;

use sublet_scheduler::{
    Excess, Job, JobId, NodeMove, NodeState, Outcome, Rejection, Said, StopReason, UnixMillis,
};

use crate::workload::{Shape, Submission};

/// The job of a submission.
pub(super) fn job(id: JobId, submission: &Submission, now: UnixMillis) -> Job {
    Job {
        id,
        user: submission.user,
        tasks: 0..=submission.tasks - 1,
        want: submission.want,
        timeout_ms: submission.timeout_ms,
        is_gang: submission.shape == Shape::Gang,
        generations: 0,
        is_child: false,
        priority: submission.priority,
        restart: submission.restart,
        submitted_at: now,
        subcluster: submission.subcluster.as_deref().map(str::to_owned),
        after: Vec::new(),
        said: Said {
            class: submission.class.to_owned(),
            labels: BTreeMap::new(),
            module: format!("module-{}", submission.module),
            imports: Vec::new(),
            network: "none".to_owned(),
        },
    }
}

pub(super) const fn rejection(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::Draining => "draining",
        Rejection::NoTasks => "no tasks",
        Rejection::TooManyTasks { .. } => "too many tasks",
        Rejection::Nowhere(_) => "no sub-cluster takes it",
        Rejection::OverQuota(Excess::Slots { .. }) => "over the quota of slots",
        Rejection::OverQuota(Excess::Cpu { .. }) => "over the quota of processors",
        Rejection::OverQuota(Excess::Memory { .. }) => "over the quota of memory",
        Rejection::QueueFull { .. } => "the user's queue is full",
        Rejection::ServerFull { .. } => "the server's queue is full",
        Rejection::TooFast { .. } => "too fast",
    }
}

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed(_) => "failed",
        Outcome::Trapped(_) => "trapped",
        Outcome::LimitExceeded(_) => "over a limit",
        Outcome::Cancelled(_) => "cancelled",
        Outcome::Lost(_) => "lost",
    }
}

pub(super) const fn stop(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Cancel => "cancelled by their users",
        StopReason::Shutdown => "for a shutdown",
        StopReason::Drain => "because their node left",
        StopReason::Preempt => "for somebody with less than a fair share",
    }
}

pub(super) const fn movement(moved: &NodeMove) -> &'static str {
    match moved.to {
        NodeState::In(_) => "joined",
        NodeState::Draining(_) => "began to drain",
        NodeState::Unassigned => "left or came up",
        NodeState::Down => "went down",
    }
}
