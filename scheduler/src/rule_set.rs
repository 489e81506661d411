//! What an operator says of the sub-clusters and of the ways into them, as data. It decides which rule sets can be
//! obeyed at all, in `review`. It must not know what is in the pool: a rule set is judged by itself.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Resources;
use crate::rules::Rule;

/// Everything an operator says, at one version.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct RouteRule {
    /// Its name, as records show it.
    pub name: String,
    /// The jobs it is for.
    pub when: Rule,
    /// The sub-cluster they go to.
    pub to: String,
}

/// A class of jobs and the ratio in which its jobs are spread.
#[derive(Clone, Debug)]
pub struct ClassRule {
    /// Its name, as records show it.
    pub name: String,
    /// The jobs it is for.
    pub when: Rule,
    /// Sub-clusters and their weights. The order decides between equals; a target of weight 0 gets nothing.
    pub spread: Vec<(String, u32)>,
}
