//! Tasks and attempts in the API's words.

use std::cmp::Ordering;

use sublet_api::{Attempt, Outcome, Progress, State, Task, Usage};
use sublet_scheduler::{AttemptState, AttemptView, CancelReason, LossReason, TrapKind};
use sublet_store::{
    AttemptRow, GivenUp, JobSummary, OutcomeKind, Place, StoredNetwork, TaskRow, TaskState,
};

use super::network::{network_usage, nic};
use super::timestamp;
use crate::driver::Look;

/// Why tasks of a job that waited never started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitingEnd {
    /// Somebody asked.
    Asked,
    /// A job that it waits for did not end as it had to.
    Dependency,
    /// Its module is in quarantine.
    Quarantine,
}

impl WaitingEnd {
    pub(crate) const fn of(job: &JobSummary) -> Self {
        match job.given_up {
            None => Self::Asked,
            Some(GivenUp::Dependency) => Self::Dependency,
            Some(GivenUp::Quarantine) => Self::Quarantine,
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        let reason = match self {
            Self::Asked => CancelReason::Asked,
            Self::Dependency => CancelReason::Dependency,
            Self::Quarantine => CancelReason::Quarantine,
        };
        outcome(sublet_scheduler::Outcome::Cancelled(reason))
    }
}

/// An attempt that holds a slot.
pub(crate) struct LiveAttempt {
    pub(crate) view: AttemptView,
    /// What its place is called now.
    place: Option<Place>,
    /// How far it is, in its own words.
    progress: Option<Progress>,
}

impl LiveAttempt {
    pub(crate) fn of(state: &Look<'_>, view: AttemptView) -> Self {
        let subcluster = state.scheduler.subcluster_name(view.subcluster);
        let node = state.ground.name(view.slot.node);
        let place = subcluster.zip(node).map(|(subcluster, node)| Place {
            subcluster: subcluster.to_owned(),
            node: node.to_owned(),
        });
        let progress = state.progress.get(&view.attempt);
        Self {
            place,
            progress: progress.map(|said| progress_of(said.millionths, &said.message)),
            view,
        }
    }
}

/// A task with its attempts: those that ended, then the one that lives.
pub(crate) fn task(
    row: &TaskRow,
    ended: (&[AttemptRow], Option<&StoredNetwork>),
    live: Option<&LiveAttempt>,
    waiting: WaitingEnd,
) -> Task {
    let (ended, network) = ended;
    let mut attempts: Vec<Attempt> = ended.iter().map(|row| attempt(row, network)).collect();
    let last = attempts.last().map_or(0, |attempt| attempt.number);
    if let Some(live) = live {
        match live.view.attempt.number.cmp(&last) {
            Ordering::Greater => attempts.push(living(live)),
            // Its end is recorded, and its slot is being given back.
            Ordering::Equal => attempts
                .iter_mut()
                .rev()
                .take(1)
                .for_each(|one| one.state = State::Finished),
            Ordering::Less => {}
        }
    }
    let outcome = match row.state {
        TaskState::Settled(_) => row.latest.as_ref().map(|latest| outcome(latest.outcome)),
        TaskState::Cancelled { .. } => Some(waiting.outcome()),
        TaskState::Fresh | TaskState::Started { .. } | TaskState::Waiting { .. } => None,
    };
    let state = match row.state {
        TaskState::Settled(_) => attempts
            .last()
            .map_or(State::Finished, |attempt| attempt.state),
        TaskState::Cancelled { .. } => State::Finished,
        TaskState::Started { .. } => live.map_or(State::Starting, |live| state(live.view.state)),
        TaskState::Fresh | TaskState::Waiting { .. } => State::Queued,
    };
    Task {
        index: row.task,
        state,
        outcome,
        attempts,
    }
}

/// How a settled task ended.
pub(super) const fn settled_as(state: TaskState) -> OutcomeKind {
    match state {
        TaskState::Settled(kind) => kind,
        TaskState::Cancelled { .. }
        | TaskState::Fresh
        | TaskState::Started { .. }
        | TaskState::Waiting { .. } => OutcomeKind::Cancelled,
    }
}

fn attempt(row: &AttemptRow, network: Option<&StoredNetwork>) -> Attempt {
    Attempt {
        number: row.number,
        state: State::Reclaimed,
        outcome: Some(outcome(row.outcome)),
        detail: row.detail.clone(),
        subcluster: row.place.as_ref().map(|place| place.subcluster.clone()),
        node: row.place.as_ref().map(|place| place.node.clone()),
        slot: row.slot.map(|slot| slot.to_string()),
        started_at: row.started_at.map(timestamp),
        ended_at: Some(timestamp(row.ended_at)),
        usage: Some(usage(&row.usage)),
        nic: row
            .nic
            .as_ref()
            .zip(network)
            .map(|(stored, network)| nic(stored, network)),
        progress: row
            .told
            .progress
            .as_ref()
            .map(|said| progress_of(said.millionths, &said.message)),
        summary: row.told.summary.clone(),
    }
}

/// A share in the unit in which it is kept, as people say it.
pub(super) fn progress_of(millionths: Option<u32>, message: &str) -> Progress {
    Progress {
        fraction: millionths.map(|millionths| f64::from(millionths) / 1e6),
        message: message.to_owned(),
    }
}

fn living(live: &LiveAttempt) -> Attempt {
    let LiveAttempt {
        view,
        place,
        progress,
    } = live;
    Attempt {
        number: view.attempt.number,
        state: state(view.state),
        outcome: None,
        detail: None,
        subcluster: place.as_ref().map(|place| place.subcluster.clone()),
        node: place.as_ref().map(|place| place.node.clone()),
        slot: Some(view.slot.to_string()),
        started_at: None,
        ended_at: None,
        usage: None,
        nic: None,
        progress: progress.clone(),
        summary: None,
    }
}

const fn state(state: AttemptState) -> State {
    match state {
        AttemptState::Starting => State::Starting,
        AttemptState::Running => State::Running,
        AttemptState::Stopping => State::Stopping,
        AttemptState::Finished => State::Finished,
    }
}

/// How an attempt ended, in words.
#[must_use]
pub fn outcome(outcome: sublet_scheduler::Outcome) -> Outcome {
    use sublet_scheduler::Outcome as Fate;
    match outcome {
        Fate::Succeeded => Outcome::Succeeded,
        Fate::Failed(code) => Outcome::Failed { code },
        Fate::Trapped(kind) => Outcome::Trapped {
            trap: trap(kind).to_owned(),
        },
        Fate::LimitExceeded(limit) => Outcome::LimitExceeded {
            limit: limit.word().to_owned(),
        },
        Fate::Cancelled(reason) => Outcome::Cancelled {
            reason: match reason {
                CancelReason::Asked => "asked",
                CancelReason::Shutdown => "shutdown",
                CancelReason::Drained => "drained",
                CancelReason::Preempted => "preempted",
                CancelReason::Dependency => "dependency",
                CancelReason::Quarantine => "quarantine",
            }
            .to_owned(),
        },
        Fate::Lost(reason) => Outcome::Lost {
            reason: match reason {
                LossReason::Worker => "worker",
                LossReason::Server => "server",
                LossReason::Setup => "setup",
                LossReason::Panic => "panic",
                LossReason::Host => "host",
            }
            .to_owned(),
        },
    }
}

/// The word for what a guest did that it must not.
pub(crate) const fn trap(kind: TrapKind) -> &'static str {
    match kind {
        TrapKind::Unreachable => "unreachable",
        TrapKind::MemoryOutOfBounds => "memory_out_of_bounds",
        TrapKind::TableOutOfBounds => "table_out_of_bounds",
        TrapKind::BadIndirectCall => "bad_indirect_call",
        TrapKind::StackOverflow => "stack_overflow",
        TrapKind::DivisionByZero => "division_by_zero",
        TrapKind::IntegerOverflow => "integer_overflow",
        TrapKind::HostCall => "host_call",
        TrapKind::Other => "other",
    }
}

/// What was used, in words.
pub(crate) fn usage(usage: &sublet_scheduler::Usage) -> Usage {
    Usage {
        cpu_us: usage.cpu_us,
        wall_us: usage.wall_us,
        memory_peak_bytes: usage.memory_peak_bytes,
        stdout_bytes: usage.stdout_bytes,
        stderr_bytes: usage.stderr_bytes,
        output_cut_bytes: usage.output_cut_bytes,
        scratch_peak_bytes: usage.scratch_peak_bytes,
        memory_denied: usage.memory_denied.into(),
        tables_denied: usage.tables_denied.into(),
        handles_denied: usage.handles_denied.into(),
        network: network_usage(&usage.network),
    }
}
