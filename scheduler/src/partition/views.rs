//! What people are shown of nodes and sub-clusters. Nothing here changes anything.

use super::Partition;
use super::host::Host;
use super::node::{Health, Node, NodeSpec, NodeState};
use super::subcluster::Subcluster;
use crate::rule_set::SubclusterSpec;
use crate::rules::SubclusterFacts;
use crate::{NodeId, Resources, SlotCounts, SubclusterId, UnixMillis};

/// How a node stands.
#[derive(Clone, Debug)]
pub(crate) struct NodeStanding<'a> {
    /// What its host says of it.
    pub(crate) spec: &'a NodeSpec,
    /// The host it is carved from.
    pub(crate) host: &'a str,
    /// Where it is.
    pub(crate) state: NodeState,
    /// Since when it is in its sub-cluster, if it is in one.
    pub(crate) entered_at: Option<UnixMillis>,
    /// What attempts hold of it.
    pub(crate) granted: Resources,
    /// Its slots, free ones included that may not be granted now.
    pub(crate) slots: SlotCounts,
    /// Thousandths of full load.
    pub(crate) load_millis: u64,
    /// Whether it can be trusted with work.
    pub(crate) is_healthy: bool,
    /// The operator's reason to keep it out, if there is one.
    pub(crate) kept_out: Option<&'a str>,
}

/// How a sub-cluster stands.
#[derive(Clone, Debug)]
pub(crate) struct SubclusterStanding<'a> {
    /// Which.
    pub(crate) id: SubclusterId,
    /// What the rules say of it, or said last.
    pub(crate) spec: &'a SubclusterSpec,
    /// Whether the rules still name it. If not, it is gone with its last node.
    pub(crate) is_declared: bool,
    /// Nodes that are in it or drain from it.
    pub(crate) nodes: u64,
    /// Slots that are held or may be granted.
    pub(crate) slots: SlotCounts,
    /// How long a task that comes in now would wait, as the owner of its queue said.
    pub(crate) expected_wait_ms: u64,
    /// Since when nothing is queued in it and nothing runs.
    pub(crate) idle_since: Option<UnixMillis>,
}

impl Partition {
    /// All nodes, by id.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeStanding<'_>> {
        self.nodes.iter().map(|(id, node)| self.standing(id, node))
    }

    /// All sub-clusters, the removed ones with nodes included, by id.
    pub(crate) fn subclusters(&self) -> impl Iterator<Item = SubclusterStanding<'_>> {
        let all = self.subclusters.iter();
        all.map(|(id, one)| standing_of(id, one))
    }

    /// The sub-clusters that the rules name.
    pub(crate) fn open_subclusters(&self) -> impl Iterator<Item = (SubclusterId, &SubclusterSpec)> {
        let all = self.subclusters.iter();
        all.filter(|(_, one)| one.is_declared())
            .map(|(id, one)| (id, &one.spec))
    }

    /// The sub-cluster of that name that the rules have now.
    pub(crate) fn open_subcluster_named(&self, name: &str) -> Option<SubclusterId> {
        self.names.get(name).copied()
    }

    /// Whether the rules name it.
    pub(crate) fn is_open(&self, id: SubclusterId) -> bool {
        self.subclusters
            .get(&id)
            .is_some_and(Subcluster::is_declared)
    }

    /// What the rules say of a sub-cluster, or said last.
    pub(crate) fn spec(&self, id: SubclusterId) -> Option<&SubclusterSpec> {
        self.subclusters.get(&id).map(|one| &one.spec)
    }

    /// What the rules say of a sub-cluster that they name.
    pub(crate) fn open_spec(&self, id: SubclusterId) -> Option<&SubclusterSpec> {
        let named = self.subclusters.get(&id).filter(|one| one.is_declared());
        named.map(|one| &one.spec)
    }

    /// What rules may know of a sub-cluster.
    pub(crate) fn facts(&self, id: SubclusterId) -> Option<SubclusterFacts<'_>> {
        self.subclusters.get(&id).map(Subcluster::facts)
    }

    /// What all hosts that are there offer together.
    pub(crate) fn pool_total(&self) -> Resources {
        let offered = self.hosts.values().map(Host::offered);
        offered.fold(Resources::default(), Resources::plus)
    }

    fn standing<'a>(&'a self, id: NodeId, node: &'a Node) -> NodeStanding<'a> {
        let account = self.ledger.account(id);
        NodeStanding {
            spec: &node.spec,
            host: &node.host,
            state: node.state(),
            entered_at: node.seat().map(|seat| seat.entered_at),
            granted: account.expect("a known node has an account").granted(),
            slots: node.slot_counts(),
            load_millis: node.load_millis,
            is_healthy: node.health == Health::Well,
            kept_out: node.kept_out.as_deref(),
        }
    }
}

fn standing_of(id: SubclusterId, one: &Subcluster) -> SubclusterStanding<'_> {
    SubclusterStanding {
        id,
        spec: &one.spec,
        is_declared: one.is_declared(),
        nodes: one.nodes(),
        slots: one.slots(),
        expected_wait_ms: one.facts().expected_wait_ms,
        idle_since: one.facts().idle_since,
    }
}
