//! What people are shown: how a job stands, why it waits, what the pool looks like. Values with numbers and names, never
//! sentences: each surface finds its own words.

use alloc::string::String;
use alloc::vec::Vec;

use crate::attempt::AttemptState;
use crate::subcluster::SlotCounts;
use crate::{AttemptId, NodeId, Resources, SlotId, SubclusterId, UnixMillis};

/// How a job stands. Each task that is not settled is counted in one of `queued` to `stopping`; how the settled ones
/// ended is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobView {
    /// Where it was routed; none when no slot is large enough.
    pub subcluster: Option<SubclusterId>,
    /// Tasks that wait for a slot and nothing else.
    pub queued: u64,
    /// Tasks that wait for a further attempt: for the release of their last slot, or for the end of a pause.
    pub retrying: u64,
    /// Tasks with an attempt in [`AttemptState::Starting`].
    pub starting: u64,
    /// Tasks with an attempt in [`AttemptState::Running`].
    pub running: u64,
    /// Tasks with an attempt in [`AttemptState::Stopping`].
    pub stopping: u64,
    /// Attempts, not tasks, that ended and whose slot is not free yet.
    pub reclaiming: u64,
}

/// An attempt that holds a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// Which.
    pub attempt: AttemptId,
    /// How far it has come.
    pub state: AttemptState,
    /// Where it is.
    pub slot: SlotId,
}

/// Why tasks of a job wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The server is stopping and starts nothing.
    Draining,
    /// No sub-cluster has slots that large. Only the job of an earlier server with larger slots can come here.
    NoSlotFits {
        /// What an attempt wants.
        asked: Resources,
        /// The largest slot.
        largest: Resources,
    },
    /// The job's sub-cluster has no slot, because it has no node or none that is large enough.
    NoSlots {
        /// The sub-cluster.
        subcluster: SubclusterId,
    },
    /// All slots of the sub-cluster are held.
    PoolFull {
        /// The sub-cluster.
        subcluster: SubclusterId,
        /// How many slots that are.
        slots: u64,
        /// Jobs in the queue before this one.
        jobs_ahead: u64,
        /// Tasks of those jobs that wait for a slot.
        tasks_ahead: u64,
    },
    /// An attempt ended; the next one waits until what it held is released.
    Reclaim,
    /// An attempt failed; the next one waits.
    Backoff {
        /// For this instant; if several tasks wait, the earliest.
        until: UnixMillis,
    },
}

/// What the pool looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolView {
    /// All nodes, by name.
    pub nodes: Vec<NodeView>,
    /// All sub-clusters, in declared order.
    pub subclusters: Vec<SubclusterView>,
    /// Jobs that have unsettled tasks or slots to release.
    pub jobs: u64,
    /// Whether the server is stopping.
    pub draining: bool,
}

/// One node. What is free of it is its capacity less what is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Which.
    pub node: NodeId,
    /// The sub-cluster it is in, when it is in one.
    pub subcluster: Option<SubclusterId>,
    /// What it has.
    pub capacity: Resources,
    /// What attempts hold of it.
    pub granted: Resources,
    /// Its slots.
    pub slots: SlotCounts,
}

/// One sub-cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubclusterView {
    /// Which.
    pub subcluster: SubclusterId,
    /// Its name, as people see it.
    pub name: String,
    /// The shape of its slots.
    pub slot: Resources,
    /// How many nodes are in it.
    pub nodes: u64,
    /// What its nodes have.
    pub capacity: Resources,
    /// What attempts hold of them.
    pub granted: Resources,
    /// The slots of its nodes.
    pub slots: SlotCounts,
    /// Jobs with tasks that wait for a slot.
    pub queued_jobs: u64,
    /// Tasks that wait for a slot.
    pub queued_tasks: u64,
}

impl JobView {
    /// Tasks that are not settled.
    #[must_use]
    pub const fn unsettled(&self) -> u64 {
        self.queued + self.retrying + self.starting + self.running + self.stopping
    }
}
