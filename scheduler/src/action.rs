//! What the scheduler decides.

use alloc::vec::Vec;

use crate::{
    AttemptId, CancelReason, JobId, NodeMove, Outcome, Routing, SlotId, SubclusterId, TaskRange,
    UnixMillis,
};

/// Something to be done by the owner of the scheduler, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run the attempt in the slot. The start is made durable first. Ends in [`Event::Exited`](crate::Event::Exited).
    Start {
        /// Which attempt.
        attempt: AttemptId,
        /// Where.
        slot: SlotId,
        /// The sub-cluster that the slot belongs to.
        subcluster: SubclusterId,
    },
    /// End a running attempt early. Its end arrives as [`Event::Exited`](crate::Event::Exited), as if it had come by itself.
    Stop {
        /// Which attempt.
        attempt: AttemptId,
        /// Why.
        reason: StopReason,
    },
    /// The attempt is over: make its end durable.
    Finish {
        /// Which attempt.
        attempt: AttemptId,
        /// How it ended.
        outcome: Outcome,
        /// What becomes of its task.
        next: Next,
    },
    /// Release all that was bound to the attempt, after its end is durable. Ends in [`Event::Reclaimed`](crate::Event::Reclaimed).
    Reclaim {
        /// Which attempt.
        attempt: AttemptId,
        /// The slot that gets free.
        slot: SlotId,
    },
    /// Tasks that will not have a (further) attempt because they were cancelled while they waited.
    CancelWaiting {
        /// Of which job.
        job: JobId,
        /// Which tasks, ascending.
        tasks: Vec<TaskRange>,
        /// Why.
        reason: CancelReason,
    },
    /// A job waits in this sub-cluster from now on, or in none because none takes it any more.
    Routed {
        /// Which.
        job: JobId,
        /// Where, by what, and what else was looked at.
        routing: Option<Routing>,
    },
    /// A node is in another state. Every change of a node's state is one of these, in the order in which they happen.
    NodeMoved(NodeMove),
    /// The last node has left a sub-cluster that the rules do not have any more.
    SubclusterGone(SubclusterId),
    /// Every task of the job is settled.
    JobFinished(JobId),
    /// Send [`Event::TimePassed`](crate::Event::TimePassed) at this instant. A later one replaces an earlier one.
    WakeAt(UnixMillis),
}

/// Why a running attempt is ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Its user or an operator asked.
    Cancel,
    /// The server is stopping and the grace is over.
    Shutdown,
    /// Its node leaves its sub-cluster and the grace is over.
    Drain,
    /// Its slot is needed for a user who has less than a fair share.
    Preempt,
}

/// What becomes of a task after one of its attempts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is over.
    Settled,
    /// It gets another attempt.
    Retry {
        /// The number of that attempt.
        number: u32,
        /// Not before this instant.
        at: UnixMillis,
    },
}
