//! One attempt, from the slot it is given until the slot is free again.
//!
//! ```text
//!   queued ─► starting ─► running ─► finished ─► reclaimed
//!                │ │         │          ▲ ▲
//!                │ │         ▼          │ │
//!                │ └─────► stopping ────┘ │
//!                └────────────────────────┘  its setup failed
//! ```
//!
//! No arrow goes back. Who is `queued` has no attempt yet and who is `reclaimed` has none any more, so only what lies
//! between has a state here. It must not know its job's policy, nor the queue.

use alloc::vec::Vec;

use crate::restart::History;
use crate::{Action, AttemptId, SlotId, StopReason, SubclusterId};

/// How far an attempt that holds a slot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// The slot is its own; its first instruction has not been seen.
    Starting,
    /// Its instance runs.
    Running,
    /// It was told to end and has not ended yet.
    Stopping,
    /// It ended; what it held is being released.
    Finished,
}

/// An attempt that holds a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: AttemptId,
    pub(crate) grant: Grant,
    pub(crate) history: History,
    state: AttemptState,
    /// Its user wanted it ended, or nothing of its job may start any more: its task is not tried again, however it ends.
    is_last: bool,
}

/// What an attempt holds: its job may be routed elsewhere meanwhile, the grant stays where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) slot: SlotId,
    pub(crate) subcluster: SubclusterId,
}

impl Attempt {
    pub(crate) const fn new(id: AttemptId, grant: Grant, history: History) -> Self {
        Self {
            id,
            grant,
            history,
            state: AttemptState::Starting,
            is_last: false,
        }
    }

    pub(crate) const fn state(&self) -> AttemptState {
        self.state
    }

    pub(crate) const fn is_last(&self) -> bool {
        self.is_last
    }

    /// Whether its instance is not over, as far as is known.
    pub(crate) fn is_live(&self) -> bool {
        self.state != AttemptState::Finished
    }

    /// Its first instruction was seen. One that was told to end is not running any more, whatever was seen late.
    pub(crate) fn begin(&mut self) {
        match self.state {
            AttemptState::Starting => self.state = AttemptState::Running,
            AttemptState::Running | AttemptState::Stopping | AttemptState::Finished => {}
        }
    }

    /// Tells it to end, unless it was told before or has ended.
    pub(crate) fn stop(&mut self, reason: StopReason, actions: &mut Vec<Action>) {
        match reason {
            StopReason::Cancel => self.is_last = true,
            StopReason::Shutdown | StopReason::Drain | StopReason::Preempt => {}
        }
        match self.state {
            AttemptState::Starting | AttemptState::Running => {
                self.state = AttemptState::Stopping;
                actions.push(Action::Stop {
                    attempt: self.id,
                    reason,
                });
            }
            AttemptState::Stopping | AttemptState::Finished => {}
        }
    }

    /// Has its task not be tried again, however it ends.
    pub(crate) const fn be_the_last(&mut self) {
        self.is_last = true;
    }

    pub(crate) fn finish(&mut self) {
        assert!(self.is_live(), "{} ends twice", self.id);
        self.state = AttemptState::Finished;
    }
}
