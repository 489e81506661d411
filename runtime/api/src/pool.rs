//! The pool: what the hosts offer, how it is carved into nodes and partitioned into sub-clusters, who has it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// `GET /v1/pool`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Pool {
    /// Whether the server takes no new work because it is stopping.
    pub draining: bool,
    /// Machines.
    pub hosts: u64,
    /// Thousandths of processors offered, reserves not counted.
    pub cpu_millis: u64,
    /// Bytes of memory offered, reserves not counted.
    pub memory_bytes: u64,
    /// Nodes that no sub-cluster has.
    pub nodes_unassigned: u64,
    /// Nodes that take no new work and leave their sub-cluster once they are empty.
    pub nodes_draining: u64,
    /// Nodes whose host is gone.
    pub nodes_down: u64,
    /// The slots of all sub-clusters.
    pub slots: Slots,
    /// Attempts that hold a slot.
    pub running: u64,
    /// The sub-clusters, by name.
    pub subclusters: Vec<Subcluster>,
    /// The nodes, by id.
    pub nodes: Vec<Node>,
}

/// A partition of the pool: an item of `GET /v1/subclusters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Subcluster {
    /// Its name.
    pub name: String,
    /// Processor share of one slot, in thousandths.
    pub slot_cpu_millis: u64,
    /// Memory of one slot.
    pub slot_memory_bytes: u64,
    /// Which nodes may come in, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Which of its nodes must go, as it was written; without it none must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// Which jobs it takes, as it was written; without it all that fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// With fewer nodes than this it asks for nodes first.
    pub nodes_min: u32,
    /// With this many nodes it lets no other in; without it there is no such number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes_max: Option<u32>,
    /// Its share of the nodes that several want, against the other weights.
    pub weight: u32,
    /// The highest gets a node that several want.
    pub priority: i32,
    /// How long the work on a node that must go may go on; without it until it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
    /// How long a node stays at least.
    pub dwell_ms: u64,
    /// How instances are kept apart: `user` or `process`.
    pub isolation: String,
    /// Whether instances may use processors that nobody else uses.
    pub burst: bool,
    /// Whether a running attempt may be ended for one that matters more.
    pub preempt: bool,
    /// Who stopped it from starting anything, while it is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Asked>,
    /// How many nodes it has.
    pub nodes: u64,
    /// Its slots.
    pub slots: Slots,
    /// Tasks that wait for one of them.
    pub queued: u64,
    /// Attempts that hold one of them.
    pub running: u64,
    /// How long a task that came now would wait; absent while nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_wait_ms: Option<u64>,
    /// For how long it has had nothing to do; absent while it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
}

/// A carved share of a host: an item of `GET /v1/nodes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Node {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The host it is carved from.
    pub host: String,
    /// Where it stands: `in` a sub-cluster, `draining` from one, `unassigned` or `down`.
    pub state: String,
    /// The sub-cluster it is in or drains from; absent while it is in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
    /// Since when it has stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What brought it there, in a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Thousandths of processors it offers.
    pub cpu_millis: u64,
    /// Memory it offers.
    pub memory_bytes: u64,
    /// What of it is granted to attempts.
    pub granted: Amount,
    /// The operator's words for it.
    pub labels: BTreeMap<String, String>,
    /// The operator's number for it.
    pub priority: i32,
    /// How busy its processors are, in thousandths.
    pub load_millis: u64,
    /// Whether it works.
    pub healthy: bool,
    /// Its slots.
    pub slots: Slots,
    /// Attempts on it.
    pub running: u64,
    /// Who asked for it to be emptied, while that holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain: Option<Asked>,
}

/// Somebody's word that holds until it is taken back: a pause, a drain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// Since when.
    pub since: Timestamp,
    /// Whose word.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// An amount of what a host has to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Amount {
    /// Thousandths of processors.
    pub cpu_millis: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

/// Slots, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slots {
    /// All.
    pub total: u64,
    /// Not granted to any attempt.
    pub free: u64,
}

/// Query of `GET /v1/nodes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct NodeQuery {
    /// Only nodes that stand so: `in draining unassigned down`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only nodes of this sub-cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
    /// Most items on the page: 1 to 1,000, 100 unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the former page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Body of `POST /v1/subclusters/{name}/pause`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseSubcluster {
    /// Why, shown to everybody whose job waits for it: 1 to 256 bytes.
    pub reason: String,
}

/// Query of `DELETE /v1/subclusters/{name}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeleteQuery {
    /// Whether its nodes are to be emptied first where something runs on them. Without it that is a conflict.
    #[serde(default)]
    pub drain: bool,
}

/// Body of `POST /v1/nodes/{name}/drain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainNode {
    /// Why, shown wherever the node is: 1 to 256 bytes.
    pub reason: String,
    /// How long its work may go on; without it, until it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
}

/// Body of `POST /v1/nodes/{name}/label`: what is set is set, what is removed is gone, the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelNode {
    /// Labels to give it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Labels to take from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// `GET /v1/nodes/{name}/explain`: why the node is where it is, and why nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NodeExplanation {
    /// The node.
    pub node: String,
    /// One sentence.
    pub summary: String,
    /// The rules that were asked, in the order in which they were.
    pub rules: Vec<RuleVerdict>,
    /// What keeps it where it is although a rule would move it, each in a phrase: a dwell, a drain, the bound on moves.
    pub held_by: Vec<String>,
}

/// A rule and what it says now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RuleVerdict {
    /// The sub-cluster it belongs to.
    pub subcluster: String,
    /// `entry` or `exit`.
    pub kind: String,
    /// The whole rule as it was written.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// The part that decided.
    pub clause: String,
    /// Where in the text that part begins: a line, counted from 1.
    pub line: u32,
    /// And a character in it, counted from 1.
    pub column: u32,
    /// What that part read.
    pub values: Vec<ValueRead>,
}

/// An attribute and the value it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValueRead {
    /// As a rule writes it: `node.load`.
    pub attribute: String,
    /// As a rule writes it: `0.9`, `512MiB`, `"eu"`; `absent` where there is none.
    pub value: String,
}
