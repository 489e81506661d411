//! What people are shown: how a job stands, why it waits, what the pool looks like. Values with numbers and names, never
//! sentences: each surface finds its own words.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::attempt::AttemptState;
use crate::routing::{NoRoute, RoutedBy};
use crate::{
    AttemptId, Bound, Dependency, JobId, NodeId, NodeState, Resources, SlotCounts, SlotId,
    SubclusterId, SubclusterSpec, UnixMillis,
};

/// How a job stands. Each task that is not settled is counted in one of `queued` to `stopping`; how the settled ones
/// ended is in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobView {
    /// Where it was routed; none when no sub-cluster takes it any more.
    pub subcluster: Option<SubclusterId>,
    /// What decided that.
    pub routed_by: Option<RoutedBy>,
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
    /// The sub-cluster that the slot was cut for.
    pub subcluster: SubclusterId,
}

/// Why tasks of a job wait, and when they start, as far as that can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The server is stopping and starts nothing.
    Draining,
    /// Other jobs have to be over first.
    Dependency {
        /// Those that are not over.
        jobs: Vec<Dependency>,
    },
    /// No sub-cluster takes the job any more: the rules, or the hosts, are others than when it was admitted.
    Nowhere(NoRoute),
    /// Its sub-cluster is paused.
    Paused {
        /// The sub-cluster.
        subcluster: SubclusterId,
        /// Why, in the operator's words.
        reason: String,
    },
    /// Its sub-cluster has no slot, because it has no node.
    NoSlots {
        /// The sub-cluster.
        subcluster: SubclusterId,
    },
    /// Its user holds as much as the quota allows.
    Quota {
        /// Of what.
        which: Bound,
        /// How much is held.
        held: u64,
        /// The quota.
        limit: u64,
    },
    /// It is a gang or may have children, and wants more slots at once than are free.
    Gang {
        /// The sub-cluster.
        subcluster: SubclusterId,
        /// Slots that it wants.
        wants: u64,
        /// Slots that are free.
        free: u64,
        /// When there are enough, by declared timeouts.
        starts_by: Option<UnixMillis>,
    },
    /// A slot is free, and kept for a gang.
    Reservation {
        /// The sub-cluster.
        subcluster: SubclusterId,
        /// The gang.
        holder: JobId,
        /// When it has its slots, at the latest.
        at: UnixMillis,
    },
    /// Others come first.
    Behind {
        /// The sub-cluster.
        subcluster: SubclusterId,
        /// Its slots.
        slots: u64,
        /// Jobs of the same user that come first.
        jobs: u64,
        /// Tasks of those jobs.
        tasks: u64,
        /// Other users who come first, each with a task at least.
        users: u64,
        /// When it is its turn, by declared timeouts.
        starts_by: Option<UnixMillis>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct PoolView {
    /// All nodes, by id.
    pub nodes: Vec<NodeView>,
    /// All sub-clusters, by id.
    pub subclusters: Vec<SubclusterView>,
    /// Jobs that have unsettled tasks or slots to release.
    pub jobs: u64,
    /// Whether the server is stopping.
    pub draining: bool,
}

/// One node. What is free of it is its capacity less what is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Which.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// The host that it is carved from.
    pub host: String,
    /// Where it is.
    pub state: NodeState,
    /// Since when it is in its sub-cluster, if it is in one.
    pub entered_at: Option<UnixMillis>,
    /// What it has.
    pub capacity: Resources,
    /// What attempts hold of it.
    pub granted: Resources,
    /// Its slots, free ones included that may not be granted now.
    pub slots: SlotCounts,
    /// The operator's number for it.
    pub priority: i32,
    /// The operator's words for it.
    pub labels: BTreeMap<String, String>,
    /// How busy its processors are, in thousandths of all of them.
    pub load_millis: u64,
    /// Whether it can be trusted with work.
    pub is_healthy: bool,
    /// The operator's reason to keep it out of every sub-cluster, if there is one.
    pub kept_out: Option<String>,
}

/// One sub-cluster, with what waits for it.
#[derive(Clone, Debug, PartialEq)]
pub struct SubclusterView {
    /// Which.
    pub subcluster: SubclusterId,
    /// What its operator says of it.
    pub spec: SubclusterSpec,
    /// Whether the rules do not have it any more, so that it goes when its last node is empty.
    pub is_leaving: bool,
    /// Why it is paused, if it is.
    pub paused: Option<String>,
    /// How many nodes are in it, draining ones included.
    pub nodes: u64,
    /// Slots that are held or may be granted; free ones of nodes that drain are not among them.
    pub slots: SlotCounts,
    /// Jobs with tasks that wait for a slot.
    pub queued_jobs: u64,
    /// Tasks that wait for a slot.
    pub queued_tasks: u64,
    /// How long a task that comes in now would wait, at the pace of late, in milliseconds.
    pub expected_wait_ms: u64,
    /// Since when nothing waits or runs there.
    pub idle_since: Option<UnixMillis>,
}

/// What one user holds, over all sub-clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserView {
    /// Slots.
    pub slots: u64,
    /// What these slots are made of.
    pub amount: Resources,
    /// Tasks that are not settled: those that wait, and those that run.
    pub unsettled: u64,
}

impl JobView {
    /// Tasks that are not settled.
    #[must_use]
    pub const fn unsettled(&self) -> u64 {
        self.queued + self.retrying + self.starting + self.running + self.stopping
    }
}
