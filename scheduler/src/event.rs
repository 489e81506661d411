//! What the scheduler is told.

use alloc::vec::Vec;

use crate::{AttemptId, Job, JobId, NodeId, Outcome, Resources, TaskRange, UnixMillis};

/// Something that happened. Every event is a fact: the scheduler may answer with actions, never with doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A host offers capacity, already less its reserve.
    NodeJoined {
        /// Its name, new to the scheduler.
        node: NodeId,
        /// What can be cut into slots.
        capacity: Resources,
    },
    /// A job that [`admit`](crate::Scheduler::admit) let pass. It is durable before any of its actions is carried out.
    Submitted(Job),
    /// A job comes back with work left: after a restart of the server, or because its user asked for a retry.
    Resumed(Resumption),
    /// The store could not keep the submission, so it never was: all its actions of this batch are void.
    Withdrawn(JobId),
    /// The instance executes its first instruction.
    Started(AttemptId),
    /// The instance is gone.
    Exited {
        /// Which.
        attempt: AttemptId,
        /// How.
        outcome: Outcome,
    },
    /// All that was bound to the attempt is released; the slot is free again.
    Reclaimed(AttemptId),
    /// Its user or an operator wants the job ended.
    CancelAsked {
        /// Which job.
        job: JobId,
        /// One of its tasks, or all of them.
        task: Option<u32>,
    },
    /// The server stops: nothing new is started.
    DrainAsked,
    /// The grace of a drain is over: what still runs is stopped.
    GraceEnded,
    /// The instant of an earlier [`Action::WakeAt`](crate::Action::WakeAt) has come.
    TimePassed,
}

/// A job with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// The job as it was submitted.
    pub job: Job,
    /// Tasks that have not been started yet, in ascending ranges that do not touch.
    pub fresh: Vec<TaskRange>,
    /// Tasks that are to have another attempt.
    pub again: Vec<Again>,
    /// Attempts whose start was recorded and whose end was not: they are lost.
    pub interrupted: Vec<Interrupted>,
}

/// A task that is to have another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The attempt to make; its number is one more than the last one's.
    pub attempt: AttemptId,
    /// Not before this instant.
    pub not_before: UnixMillis,
    /// Retries already used up by failures.
    pub failures: u32,
    /// Losses in a row so far.
    pub losses: u32,
}

/// An attempt that a former server started and did not see the end of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// The attempt.
    pub attempt: AttemptId,
    /// Retries already used up by failures before it.
    pub failures: u32,
    /// Losses in a row before it.
    pub losses: u32,
}
