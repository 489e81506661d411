//! How attempts run and end in the simulated pool.

use sublet_scheduler::{AttemptId, CancelReason, Limit, LossReason, Outcome, StopReason};

use crate::workload::{Ending, Submission};

/// How long an attempt runs, and how it ends by itself.
pub(super) fn course(submission: &Submission, id: AttemptId) -> (u64, Outcome) {
    let run_us = submission.runs.of(id.task);
    let timeout_us = submission.timeout_ms.saturating_mul(1_000);
    let (run_us, outcome) = match submission.ending {
        Ending::Succeeds => (run_us, Outcome::Succeeded),
        Ending::Fails => (run_us, Outcome::Failed(1)),
        Ending::OutgrowsMemory => (run_us / 2, Outcome::LimitExceeded(Limit::Memory)),
        Ending::LosesWorkerOnce if id.number == 1 => {
            (run_us / 2, Outcome::Lost(LossReason::Worker))
        }
        Ending::LosesWorkerOnce => (run_us, Outcome::Succeeded),
    };
    if run_us > timeout_us {
        return (timeout_us, Outcome::LimitExceeded(Limit::Wall));
    }
    (run_us, outcome)
}

/// How an attempt ends that obeys.
pub(super) const fn told_to_stop(reason: StopReason) -> Outcome {
    Outcome::Cancelled(match reason {
        StopReason::Cancel => CancelReason::Asked,
        StopReason::Shutdown => CancelReason::Shutdown,
        StopReason::Drain => CancelReason::Drained,
        StopReason::Preempt => CancelReason::Preempted,
    })
}
