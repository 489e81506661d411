//! Faults planted between the scheduler and its checker: each must be caught, and by the invariant that it breaks.

use sublet_scheduler::*;

use crate::model::Model;

/// Every fault, with the invariant that catches it.
pub(crate) const FAULTS: &[(Fault, &str)] = &[
    (Fault::LoseReclaimed, "S3"),
    (Fault::LoseSubmission, "F1"),
    (Fault::LoseNode, "S2"),
    (Fault::GiveSlotTwice, "S4"),
    (Fault::InventSlot, "S1"),
    (Fault::LeaveSubcluster, "S5"),
    (Fault::ForgetStarts, "S3"),
    (Fault::StartTwice, "S4"),
    (Fault::StartAnotherTask, "S6"),
    (Fault::FinishTwice, "S6"),
    (Fault::ForgetFinish, "X3"),
    (Fault::ReclaimFirst, "X3"),
    (Fault::ForgetReclaim, "S4"),
    (Fault::ForgetStop, "S6"),
    (Fault::ForgetJobFinished, "S6"),
    (Fault::ForgetCancel, "S6"),
    (Fault::ForgetAlarm, "wake"),
    (Fault::MiscountAttempts, "restart"),
    (Fault::RetryWhatSucceeded, "restart"),
    (Fault::ChangeOutcome, "S6"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    LoseReclaimed,
    LoseSubmission,
    LoseNode,
    GiveSlotTwice,
    InventSlot,
    LeaveSubcluster,
    ForgetStarts,
    StartTwice,
    StartAnotherTask,
    FinishTwice,
    ForgetFinish,
    ReclaimFirst,
    ForgetReclaim,
    ForgetStop,
    ForgetJobFinished,
    ForgetCancel,
    ForgetAlarm,
    MiscountAttempts,
    RetryWhatSucceeded,
    ChangeOutcome,
}

impl Fault {
    /// Whether the scheduler never hears of the event.
    pub(crate) fn loses(self, event: &Event, model: &Model) -> bool {
        match event {
            Event::Reclaimed(_) => self == Self::LoseReclaimed,
            Event::Submitted(_) => self == Self::LoseSubmission && model.has_free_slot(),
            Event::HostChanged { .. } => self == Self::LoseNode,
            _ => false,
        }
    }

    /// Spoils the first action that suits.
    pub(crate) fn spoil(self, actions: &mut Vec<Action>, model: &Model) {
        let Some(at) = actions.iter().position(|action| self.suits(action, model)) else {
            return;
        };
        match self {
            Self::FinishTwice | Self::StartTwice => actions.insert(at, actions[at].clone()),
            Self::ReclaimFirst => {
                let reclaim = actions.remove(at);
                actions.insert(0, reclaim);
            }
            Self::ForgetStarts => actions.retain(|action| !matches!(action, Action::Start { .. })),
            Self::ForgetFinish
            | Self::ForgetReclaim
            | Self::ForgetStop
            | Self::ForgetJobFinished
            | Self::ForgetCancel
            | Self::ForgetAlarm => drop(actions.remove(at)),
            _ => self.change(&mut actions[at], model),
        }
    }

    fn suits(self, action: &Action, model: &Model) -> bool {
        match action {
            Action::Start { .. } => match self {
                Self::GiveSlotTwice => !model.held.is_empty(),
                Self::InventSlot
                | Self::LeaveSubcluster
                | Self::ForgetStarts
                | Self::StartTwice
                | Self::StartAnotherTask => true,
                _ => false,
            },
            Action::Finish { next, outcome, .. } => match self {
                Self::MiscountAttempts => *next != Next::Settled,
                Self::RetryWhatSucceeded => outcome.is_success(),
                Self::FinishTwice | Self::ForgetFinish | Self::ChangeOutcome => true,
                _ => false,
            },
            Action::Reclaim { .. } => matches!(self, Self::ForgetReclaim | Self::ReclaimFirst),
            Action::Stop { .. } => self == Self::ForgetStop,
            Action::JobFinished(_) => self == Self::ForgetJobFinished,
            Action::CancelWaiting { .. } => self == Self::ForgetCancel,
            Action::WakeAt(_) => self == Self::ForgetAlarm,
            Action::Routed { .. } | Action::NodeMoved(_) | Action::SubclusterGone(_) => false,
        }
    }

    fn change(self, action: &mut Action, model: &Model) {
        match action {
            Action::Start {
                attempt,
                slot,
                subcluster,
            } => match self {
                Self::GiveSlotTwice => *slot = *model.held.keys().next().expect("it suits"),
                Self::InventSlot => slot.index += 1_000,
                Self::LeaveSubcluster => subcluster.0 += 1,
                _ => attempt.task += 1,
            },
            Action::Finish {
                next,
                outcome,
                attempt,
            } => match (self, next) {
                (Self::MiscountAttempts, Next::Retry { number, .. }) => *number += 1,
                (Self::RetryWhatSucceeded, next) => {
                    *next = Next::Retry {
                        number: attempt.number + 1,
                        at: UnixMillis(0),
                    };
                }
                _ => *outcome = Outcome::Failed(99),
            },
            other => unreachable!("{other:?} does not suit"),
        }
    }
}
