//! What only tests look at, and by name.

use alloc::vec::Vec;

use crate::partition::{NodeStanding, NodeState, Partition, Reorganised, SubclusterStanding};
use crate::{NodeId, SubclusterId};

impl Partition {
    /// One node, if it is known.
    pub(super) fn node_standing(&self, id: NodeId) -> Option<NodeStanding<'_>> {
        self.nodes().find(|one| one.spec.id == id)
    }

    /// Where a node is, if it is known.
    pub(super) fn state_of(&self, id: NodeId) -> Option<NodeState> {
        self.node_standing(id).map(|one| one.state)
    }

    /// One sub-cluster, if it is there.
    pub(super) fn subcluster(&self, id: SubclusterId) -> Option<SubclusterStanding<'_>> {
        self.subclusters().find(|one| one.id == id)
    }
}

impl Reorganised {
    /// One that also keeps the steps.
    pub(super) fn traced() -> Self {
        Self {
            trace: Some(Vec::new()),
            ..Self::default()
        }
    }
}
