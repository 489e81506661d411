//! A pool that somebody brings along: an operator's own rules, and what each of its hosts is carved into. It decides names
//! and ids of nodes; it must not know what is played on it.

use std::collections::BTreeMap;

use sublet_scheduler::{NodeId, NodeSpec, Resources, RuleSet};

mod fit;

pub(crate) use fit::Fit;

/// Rules and hosts in place of those of [`world`](crate::world).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    rules: RuleSet,
    nodes: Vec<Node>,
}

/// One node of each host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name; that of the host stands before it.
    pub name: String,
    /// What can be cut into slots.
    pub capacity: Resources,
    /// The operator's number for it.
    pub priority: i32,
    /// The operator's words for it.
    pub labels: BTreeMap<String, String>,
}

impl Pool {
    /// Of rules that passed their review and of the nodes of each host, at least one.
    #[must_use]
    pub const fn new(rules: RuleSet, nodes: Vec<Node>) -> Self {
        Self { rules, nodes }
    }

    /// The same rules at another version.
    pub(crate) fn rules(&self, version: u64) -> RuleSet {
        RuleSet {
            version,
            ..self.rules.clone()
        }
    }

    pub(crate) const fn moves_per_minute_max(&self) -> u32 {
        self.rules.moves_per_minute_max
    }

    pub(crate) fn nodes_per_host(&self) -> u32 {
        u32::try_from(self.nodes.len()).expect("the nodes of a host are counted in 32 bits")
    }

    /// All nodes of a host with this name and number.
    pub(crate) fn nodes(&self, host: u32, host_name: &str) -> Vec<NodeSpec> {
        let first = host * self.nodes_per_host();
        let ids = (first..).map(NodeId);
        let spec = |(id, node): (NodeId, &Node)| NodeSpec {
            id,
            name: format!("{host_name}-{}", node.name),
            capacity: node.capacity,
            priority: node.priority,
            labels: node.labels.clone(),
        };
        ids.zip(&self.nodes).map(spec).collect()
    }
}
