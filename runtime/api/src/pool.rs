//! The pool: what the hosts offer, how it is cut, who has it.

use serde::{Deserialize, Serialize};

/// `GET /v1/pool`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Whether the server takes no new work because it is stopping.
    pub draining: bool,
    /// Thousandths of processors offered, reserves not counted.
    pub cpu_millis: u64,
    /// Bytes of memory offered, reserves not counted.
    pub memory_bytes: u64,
    /// The sub-clusters, by name.
    pub subclusters: Vec<Subcluster>,
    /// The nodes, by id.
    pub nodes: Vec<Node>,
}

/// A partition of the pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subcluster {
    /// Its name.
    pub name: String,
    /// Processor share of one slot, in thousandths.
    pub slot_cpu_millis: u64,
    /// Memory of one slot.
    pub slot_memory_bytes: u64,
    /// Its slots.
    pub slots: Slots,
    /// Tasks that wait for one of them.
    pub queued: u64,
    /// How many nodes it has.
    pub nodes: u64,
}

/// A carved share of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: u32,
    /// The sub-cluster it is in; absent while it is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
    /// Thousandths of processors it offers.
    pub cpu_millis: u64,
    /// Memory it offers.
    pub memory_bytes: u64,
    /// Its slots.
    pub slots: Slots,
}

/// Slots, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// All.
    pub total: u64,
    /// Not granted to any attempt.
    pub free: u64,
}
