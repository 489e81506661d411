//! Ends of which no worker tells.

use sublet_scheduler::{AttemptId, CancelReason, Outcome, StopReason, UnixMillis, Usage};
use sublet_worker::protocol::Ended;

/// The end of an attempt that no worker reported.
pub(super) fn unreported(attempt: AttemptId, outcome: Outcome, at: UnixMillis) -> Ended {
    Ended {
        attempt,
        started_at_ms: None,
        ended_at_ms: at.0,
        outcome,
        usage: Usage::default(),
        detail: None,
        denied: Vec::new(),
        progress: None,
        summary: None,
        media_types: Vec::new(),
        is_final: false,
    }
}

/// The reason in a record of what was a reason to stop.
pub(super) const fn cancel_reason(reason: StopReason) -> CancelReason {
    match reason {
        StopReason::Cancel => CancelReason::Asked,
        StopReason::Shutdown => CancelReason::Shutdown,
        StopReason::Drain => CancelReason::Drained,
        StopReason::Preempt => CancelReason::Preempted,
    }
}
