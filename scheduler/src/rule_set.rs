//! What an operator says of the sub-clusters and of the ways into them, as data. It decides which rule sets can be
//! obeyed at all, in `review`. It must not know what is in the pool: a rule set is judged by itself.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::Resources;
use crate::rules::Rule;

mod finding;
mod meaning;
mod remark;
mod review;

#[cfg(test)]
mod tests;

pub use finding::{Quantity, Refusal, RefusalReason, Review, Subject};
pub use remark::{Remark, RemarkReason, Winner};

/// Everything an operator says, at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// Counted up with each change, so that a record can say which rules decided.
    pub version: u64,
    /// The partitions of the pool.
    pub subclusters: Vec<SubclusterSpec>,
    /// Where jobs go, asked in this order: the first that holds and whose target takes the job.
    pub routes: Vec<RouteRule>,
    /// How classes of jobs are spread, asked in this order when no route decided.
    pub classes: Vec<ClassRule>,
    /// Times that one node may change its sub-cluster within a minute.
    pub moves_per_minute_max: u32,
}

/// What an operator says of one sub-cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubclusterSpec {
    /// Its name, as people see it.
    pub name: String,
    /// The shape of each of its slots.
    pub slot: Resources,
    /// Which nodes may come in. None: nobody enters.
    pub entry: Option<Rule>,
    /// Which of its nodes must go. None: nobody leaves.
    pub exit: Option<Rule>,
    /// Which jobs it takes. None: all that fit.
    pub accept: Option<Rule>,
    /// With fewer nodes than this it asks for nodes first.
    pub nodes_min: u32,
    /// With this many nodes it lets nobody in.
    pub nodes_max: u32,
    /// Its share of the nodes that several want, against the other weights.
    pub weight: u32,
    /// The highest gets a node that several want.
    pub priority: i32,
    /// How long the work on a node that must go may go on, in milliseconds. None: until it ends by itself.
    pub grace_ms: Option<u64>,
    /// How long a node stays at least, in milliseconds.
    pub dwell_min_ms: u64,
    /// How its instances are kept apart.
    pub isolation: Isolation,
    /// Whether they may use processors that nobody else uses.
    pub burst: Burst,
    /// Whether a running attempt may be ended for one that matters more.
    pub preemption: Preemption,
}

/// How instances are kept apart from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Instances of one user share a process: quick to start, for many short jobs.
    #[default]
    User,
    /// Each instance has a process of its own: for long jobs and large slots.
    Process,
}

/// Whether an instance may use more processor than its slot has while nobody else wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Burst {
    /// What is idle may be used.
    #[default]
    Allowed,
    /// The slot's share and no more.
    Denied,
}

/// Whether a running attempt may be ended for one that matters more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preemption {
    /// What runs, runs to its end.
    #[default]
    Off,
    /// With cause, and no more often than the bound says.
    On,
}

/// One way into a sub-cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRule {
    /// Its name, as records show it.
    pub name: String,
    /// The jobs it is for.
    pub when: Rule,
    /// The sub-cluster they go to.
    pub to: String,
}

/// A class of jobs and the ratio in which its jobs are spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRule {
    /// Its name, as records show it.
    pub name: String,
    /// The jobs it is for.
    pub when: Rule,
    /// Sub-clusters and their weights. The order decides between equals; a target of weight 0 gets nothing.
    pub spread: Vec<(String, u32)>,
}

impl RuleSet {
    /// Sub-clusters in one rule set. Each job is held against every one of them.
    pub const SUBCLUSTERS_MAX: usize = 256;
    /// Rules of one kind that are asked one after the other (routes, classes): their number is time in every admission.
    pub const RULES_PER_KIND_MAX: usize = 64;
    /// Targets of one class.
    pub const TARGETS_MAX: usize = 64;
    /// Bytes of a name: it stands in records, in tables and in the paths of routes.
    pub const NAME_BYTES_MAX: usize = 64;
    /// The bound on moves of one node per minute may be in this range. With 0 no node could ever leave.
    pub const MOVES_PER_MINUTE: RangeInclusive<u64> = 1..=600;
    /// The bound when nothing is said.
    pub const MOVES_PER_MINUTE_DEFAULT: u32 = 6;
}

impl Default for RuleSet {
    /// No sub-cluster: nothing runs.
    fn default() -> Self {
        Self {
            version: 0,
            subclusters: Vec::new(),
            routes: Vec::new(),
            classes: Vec::new(),
            moves_per_minute_max: Self::MOVES_PER_MINUTE_DEFAULT,
        }
    }
}

impl SubclusterSpec {
    /// A sub-cluster that nobody enters and that takes all that fits: what is not said of one.
    #[must_use]
    pub fn new(name: &str, slot: Resources) -> Self {
        Self {
            name: name.into(),
            slot,
            entry: None,
            exit: None,
            accept: None,
            nodes_min: 0,
            nodes_max: 65_536,
            weight: 1,
            priority: 0,
            grace_ms: None,
            dwell_min_ms: 0,
            isolation: Isolation::User,
            burst: Burst::Allowed,
            preemption: Preemption::Off,
        }
    }

    /// Thousandths of a processor that a slot may have.
    pub const SLOT_CPU_MILLIS: RangeInclusive<u64> = 1..=4_096_000;
    /// Bytes of memory that a slot may have. Less than a page of linear memory holds no instance.
    pub const SLOT_MEMORY_BYTES: RangeInclusive<u64> = (64 << 10)..=(1 << 40);
    /// Nodes that a sub-cluster may be let have. With 0 it would be there for nothing.
    pub const NODES_MAX: RangeInclusive<u64> = 1..=65_536;
    /// A weight may be in this range. With 0 it would be given no node, in a way that is hard to see.
    pub const WEIGHT: RangeInclusive<u64> = 1..=1_000_000;
    /// Milliseconds of grace at most: a week. Who wants more says none, and waits for the end.
    pub const GRACE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;
    /// Milliseconds a node may be made to stay at most: a day. Beyond it a sub-cluster would only seem to have exit rules.
    pub const DWELL_MS_MAX: u64 = 24 * 60 * 60 * 1000;
}
