//! What the scheduler is told.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{
    AttemptId, Job, JobId, NodeId, NodeSpec, Outcome, Resources, Role, RuleSet, SubclusterId,
    TaskRange, Terms, UnixMillis, UserId,
};

/// Something that happened. Every event is a fact: the scheduler may answer with actions, never with doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These rules hold from now on, in place of all others. They passed [`RuleSet::review`].
    RulesChanged(RuleSet),
    /// A host offers capacity, cut into these nodes; a host that is known offers it in place of what it offered.
    HostChanged {
        /// Its name.
        host: String,
        /// What it has, less its reserve.
        capacity: Resources,
        /// All its nodes.
        nodes: Vec<NodeSpec>,
    },
    /// A host is gone, with everything that ran on it.
    HostLost {
        /// Its name.
        host: String,
    },
    /// What was measured of a node.
    NodeFacts {
        /// Which.
        node: NodeId,
        /// How busy its processors are, in thousandths of all of them.
        load_millis: u64,
        /// Whether it can be trusted with work.
        is_healthy: bool,
    },
    /// A node has these labels, in place of those it had.
    NodeLabelled {
        /// Which.
        node: NodeId,
        /// All its labels.
        labels: BTreeMap<String, String>,
    },
    /// An operator wants a node emptied, and kept out of every sub-cluster.
    NodeDrainAsked {
        /// Which.
        node: NodeId,
        /// Why, in the operator's words.
        reason: String,
        /// How long what runs may go on, in milliseconds; without it, to its end.
        grace_ms: Option<u64>,
    },
    /// An operator gives a drained node back.
    NodeResumed {
        /// Which.
        node: NodeId,
    },
    /// Nothing new is to start in a sub-cluster.
    SubclusterPaused {
        /// Which.
        subcluster: SubclusterId,
        /// Why, in the operator's words.
        reason: String,
    },
    /// A paused sub-cluster goes on.
    SubclusterResumed {
        /// Which.
        subcluster: SubclusterId,
    },
    /// What holds for a user from now on.
    UserTerms {
        /// Who.
        user: UserId,
        /// The name, as rules read it.
        name: String,
        /// The role, as rules read it.
        role: Role,
        /// Weight and quota.
        terms: Terms,
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
    /// A job that this one waits for was over, in another way than it had to be, before the scheduler knew either.
    DependencyBroken(JobId),
    /// Nothing more of the job may start: its module is in quarantine. What runs may end by itself.
    Barred(JobId),
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
    /// Whether every task that is settled succeeded.
    pub all_succeeded: bool,
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
