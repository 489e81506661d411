//! What follows an attempt: nothing, or another one. Pure arithmetic on the job's policy and on what its task has
//! behind it. It knows neither slots nor queues, and nothing of cancels: whoever cancelled does not ask here.

use crate::{CancelReason, Next, Outcome, Restart, UnixMillis};

/// What a task has behind it, as far as its restart policy looks back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// Retries used up by failures.
    pub(crate) failures: u32,
    /// Losses since the last attempt that was not lost.
    pub(crate) losses: u32,
}

/// An attempt that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) number: u32,
    pub(crate) not_before: UnixMillis,
    pub(crate) history: History,
}

impl Retry {
    /// What the record of the attempt before says of it; without one, the task is settled.
    pub(crate) fn as_next(retry: Option<Self>) -> Next {
        match retry {
            Some(Self {
                number,
                not_before: at,
                ..
            }) => Next::Retry { number, at },
            None => Next::Settled,
        }
    }
}

impl Restart {
    /// The attempt that follows number `number`, which ended now with `outcome`.
    pub(crate) fn follow(
        self,
        number: u32,
        history: History,
        outcome: Outcome,
        now: UnixMillis,
    ) -> Option<Retry> {
        let (history, pause_ms) = match outcome {
            Outcome::Succeeded
            | Outcome::Cancelled(
                CancelReason::Asked | CancelReason::Dependency | CancelReason::Quarantine,
            ) => None,
            Outcome::Cancelled(
                CancelReason::Shutdown | CancelReason::Drained | CancelReason::Preempted,
            ) => self.after_eviction(history),
            Outcome::Lost(_) => self.after_loss(history),
            Outcome::Failed(_) | Outcome::Trapped(_) | Outcome::LimitExceeded(_) => {
                self.after_failure(history)
            }
        }?;
        let number = number.checked_add(1)?;
        Some(Retry {
            number,
            not_before: now.plus(pause_ms),
            history,
        })
    }

    /// A loss is our side's doing, so it costs no retry and no pause; only a row of them ends the task.
    fn after_loss(self, History { failures, losses }: History) -> Option<(History, u64)> {
        let losses = losses.saturating_add(1);
        match self {
            Self::Never => None,
            Self::OnLoss | Self::OnFailure { .. } => {
                (losses < Self::LOSSES_IN_A_ROW_MAX).then_some((History { failures, losses }, 0))
            }
        }
    }

    /// That its place was taken away is not the task's fault: it goes on elsewhere, unless it may start only once.
    const fn after_eviction(self, history: History) -> Option<(History, u64)> {
        match self {
            Self::Never => None,
            Self::OnLoss | Self::OnFailure { .. } => Some((history, 0)),
        }
    }

    fn after_failure(self, History { failures, .. }: History) -> Option<(History, u64)> {
        match self {
            Self::Never | Self::OnLoss => None,
            Self::OnFailure {
                retries,
                backoff_ms,
            } => (failures < retries).then(|| {
                let history = History {
                    failures: failures.saturating_add(1),
                    losses: 0,
                };
                (history, doubled(backoff_ms, failures))
            }),
        }
    }
}

/// The first pause, doubled `times` times, up to the longest pause there is.
fn doubled(backoff_ms: u64, times: u32) -> u64 {
    let factor = 1_u64.checked_shl(times).unwrap_or(u64::MAX);
    backoff_ms
        .saturating_mul(factor)
        .min(Restart::BACKOFF_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::{History, Retry};
    use crate::{CancelReason, LossReason, Outcome, Restart, UnixMillis};

    const NOW: UnixMillis = UnixMillis(1_000);
    const LOST: Outcome = Outcome::Lost(LossReason::Worker);
    const PATIENT: Restart = Restart::OnFailure {
        retries: u32::MAX,
        backoff_ms: 100,
    };

    fn pause_after(failures: u32) -> u64 {
        let history = History {
            failures,
            losses: 0,
        };
        let retry = PATIENT
            .follow(1, history, Outcome::Failed(1), NOW)
            .expect("it is retried");
        retry.not_before.0 - NOW.0
    }

    #[test]
    fn the_pause_doubles_up_to_five_minutes() {
        let pauses = [0, 1, 2, 11, 12, 63, 64, 4_000].map(pause_after);
        assert_eq!(
            pauses,
            [100, 200, 400, 204_800, 300_000, 300_000, 300_000, 300_000]
        );
    }

    #[test]
    fn a_loss_costs_no_retry_and_no_pause() {
        let history = History {
            failures: 5,
            losses: 0,
        };
        let retry = PATIENT.follow(6, history, LOST, NOW);
        let history = History {
            failures: 5,
            losses: 1,
        };
        assert_eq!(
            retry,
            Some(Retry {
                number: 7,
                not_before: NOW,
                history
            })
        );
    }

    #[test]
    fn a_shutdown_costs_nothing_and_starts_nothing_twice_that_must_not() {
        let stopped = Outcome::Cancelled(CancelReason::Shutdown);
        let history = History {
            failures: 5,
            losses: 2,
        };
        let retry = PATIENT.follow(6, history, stopped, NOW);
        assert_eq!(
            retry,
            Some(Retry {
                number: 7,
                not_before: NOW,
                history
            })
        );
        assert_eq!(Restart::Never.follow(1, history, stopped, NOW), None);
    }

    #[test]
    fn an_attempt_that_was_not_lost_ends_the_row_of_losses() {
        let history = History {
            failures: 0,
            losses: 2,
        };
        assert_eq!(PATIENT.follow(3, history, LOST, NOW), None);
        let retry = PATIENT
            .follow(3, history, Outcome::Failed(1), NOW)
            .expect("it is retried");
        assert_eq!(
            retry.history,
            History {
                failures: 1,
                losses: 0
            }
        );
    }

    #[test]
    fn attempts_never_run_out_of_numbers() {
        assert_eq!(
            Restart::OnLoss.follow(u32::MAX, History::default(), LOST, NOW),
            None
        );
    }
}
