//! Nodes, and which sub-cluster each is in. It decides where a node belongs, by the rules and nothing else, and keeps the
//! account of every slot. It must not know jobs beyond the name of the attempt that holds a slot, nor queues beyond the
//! numbers it is told of them, nor what time it is.
//!
//! ```text
//!   a node changes ──► exit rule of its sub-cluster ── false ──► nothing else is asked
//!                              │ true, and it stayed its minimum, and moved not too often
//!                              ▼
//!                   busy: it drains ──► empty: it leaves ──► entry rules of the others ──► joins the one determined
//!                                                                    └── none ──► unassigned, asked at its next change
//! ```
//!
//! Changes are noted as they come; `Partition::reorganise` runs the flow for all of them. A second change before that
//! costs nothing more.
//!
//! What it costs, with n nodes, s sub-clusters and the rules' own cost, which is bounded:
//!
//! | change | evaluations |
//! |---|---|
//! | of a member, in what its exit rule reads | 1 |
//! | of a member, in what it does not read | 0 |
//! | of an unassigned node, in what some entry rule reads | one entry rule per sub-cluster that it fits and that is open |
//! | of a sub-cluster, in what its exit rule reads | 1 per group of members that the rule cannot tell apart |
//! | of a sub-cluster, in what its entry rule reads | 1 per such group of unassigned nodes |
//! | an age comes to a threshold | 1 for the group |
//! | of the rules | one exit rule per member, all entry rules per unassigned node |
//!
//! A slot is granted and given back in O(log n), without any allocation that grows with n or s.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::ledger::Ledger;
use crate::shelf::Shelf;
use crate::{NodeId, SubclusterId};

mod host;
mod node;
mod slots;
mod subcluster;

mod moves;
mod reorganised;

mod changes;
mod entering;
mod flow;
mod leaving;
mod placing;

mod declaring;
mod fleet;
mod granting;
mod hosting;
mod operating;

mod conservation;
mod explaining;
mod views;

mod alarms;
mod alike;

pub use entering::Closed;
pub use explaining::{EntryExplanation, EntryVerdict, Hold, NodeExplanation};
pub use moves::{MoveCause, NodeMove};
pub use node::{NodeSpec, NodeState};

pub(crate) use node::{Health, Offer};
pub(crate) use reorganised::Reorganised;
#[cfg(test)]
pub(crate) use reorganised::{Answer, Evaluations, Step};
pub(crate) use views::{NodeStanding, SubclusterStanding};

#[cfg(test)]
mod tests;

use alarms::Alarms;
use alike::Alike;
use changes::Changes;
use fleet::Fleet;
use host::Host;
use node::Node;
use subcluster::Subcluster;

use crate::rules::AttributeSet;

/// All nodes of all hosts, and all sub-clusters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partition {
    ledger: Ledger,
    hosts: BTreeMap<String, Host>,
    nodes: Shelf<NodeId, Node>,
    subclusters: Shelf<SubclusterId, Subcluster>,
    /// Those that the rules name, by their name: most jobs say where they want to go.
    names: BTreeMap<String, SubclusterId>,
    /// Sub-clusters there ever were: ids ascend and are never used again.
    subclusters_made: u32,
    rules_version: u64,
    moves_per_minute_max: u32,
    changes: Changes,
    alarms: Alarms,
    /// Unassigned nodes, by what entry rules read of them.
    lobby: Alike,
    /// What any entry rule reads.
    entry_reads: AttributeSet,
    /// What came of what was done since the last run of the flow, until somebody takes it.
    report: Reorganised,
    /// The nodes that are up, by size.
    fleet: Fleet,
}

impl Partition {
    /// One without any host and any sub-cluster.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(&id).expect("the flow speaks of known nodes")
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes
            .get_mut(&id)
            .expect("the flow speaks of known nodes")
    }

    fn subcluster_mut(&mut self, id: SubclusterId) -> &mut Subcluster {
        self.subclusters
            .get_mut(&id)
            .expect("the name of a sub-cluster is only made with it")
    }
}
