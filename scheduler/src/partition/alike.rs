//! Nodes that rules cannot tell apart, because they agree in every value that the rules read of a node. A change of a
//! sub-cluster then costs one evaluation per group instead of one per node.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::rules::{Attribute, AttributeSet, NodeFacts};
use crate::{NodeId, Resources, UnixMillis};

/// The name of a group, never used for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(u64);

/// Nodes by what can be read of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Alike {
    groups: BTreeMap<GroupId, Group>,
    by_values: BTreeMap<Values, GroupId>,
    group_of: BTreeMap<NodeId, GroupId>,
    groups_made: u64,
}

#[derive(Clone, Debug)]
struct Group {
    values: Values,
    nodes: BTreeSet<NodeId>,
}

/// What can be read of a node, in the order of the attributes. An age is the instant from which it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Values(Vec<Value>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Amount(u64),
    Priority(i32),
    Truth(bool),
    Since(Option<UnixMillis>),
    Text(String),
    Labels(BTreeMap<String, String>),
}

impl Alike {
    /// Puts a node among those it is like. Answers its group, and the one that it left without anybody.
    pub(super) fn put(&mut self, node: NodeId, values: Values) -> (GroupId, Option<GroupId>) {
        let emptied = match self.group_of.get(&node) {
            Some(group) if self.groups[group].values == values => return (*group, None),
            Some(_) => self.remove(node),
            None => None,
        };
        let id = match self.by_values.get(&values) {
            Some(&id) => id,
            None => self.make_group(values),
        };
        let group = self
            .groups
            .get_mut(&id)
            .expect("a group that has values is there");
        group.nodes.insert(node);
        self.group_of.insert(node, id);
        (id, emptied)
    }

    /// Takes a node out. Answers its group if nobody is left in it.
    pub(super) fn remove(&mut self, node: NodeId) -> Option<GroupId> {
        let id = self.group_of.remove(&node)?;
        let group = self
            .groups
            .get_mut(&id)
            .expect("who is in a group knows one that is there");
        group.nodes.remove(&node);
        if !group.nodes.is_empty() {
            return None;
        }
        self.by_values.remove(&group.values);
        self.groups.remove(&id);
        Some(id)
    }

    /// All groups.
    pub(super) fn groups(&self) -> Vec<GroupId> {
        self.groups.keys().copied().collect()
    }

    /// The node that speaks for a group, if the group is still there.
    pub(super) fn speaker(&self, group: GroupId) -> Option<NodeId> {
        self.groups.get(&group)?.nodes.first().copied()
    }

    /// All nodes of a group, ascending.
    pub(super) fn members(&self, group: GroupId) -> impl Iterator<Item = NodeId> {
        let group = self.groups.get(&group).into_iter();
        group.flat_map(|group| group.nodes.iter().copied())
    }

    /// The names of all groups, which are no more.
    pub(super) fn clear(&mut self) -> Vec<GroupId> {
        self.by_values.clear();
        self.group_of.clear();
        core::mem::take(&mut self.groups).into_keys().collect()
    }

    fn make_group(&mut self, values: Values) -> GroupId {
        let id = GroupId(self.groups_made);
        self.groups_made += 1;
        self.by_values.insert(values.clone(), id);
        let nodes = BTreeSet::new();
        self.groups.insert(id, Group { values, nodes });
        id
    }
}

impl Values {
    /// What rules that read these attributes see of a node, and what it has, which decides into which shapes it can be cut.
    pub(super) fn of(facts: &NodeFacts<'_>, reads: AttributeSet) -> Self {
        let capacity = Resources {
            cpu_millis: facts.cpu_millis,
            memory_bytes: facts.memory_bytes,
        };
        let mut values = Vec::from([
            Value::Amount(capacity.cpu_millis),
            Value::Amount(capacity.memory_bytes),
        ]);
        values.extend(reads.iter().filter_map(|attribute| value(facts, attribute)));
        Self(values)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what does not belong to a node is no value of it, whichever it is"
)]
fn value(facts: &NodeFacts<'_>, attribute: Attribute) -> Option<Value> {
    Some(match attribute {
        Attribute::NodeId => Value::Text(String::from(facts.id)),
        Attribute::NodeHost => Value::Text(String::from(facts.host)),
        Attribute::NodePriority => Value::Priority(facts.priority),
        Attribute::NodeLabel => Value::Labels(facts.labels.clone()),
        Attribute::NodeLoad => Value::Amount(facts.load_millis),
        Attribute::NodeCpuFree => Value::Amount(facts.cpu_free_millis),
        Attribute::NodeMemoryFree => Value::Amount(facts.memory_free_bytes),
        Attribute::NodeSlots => Value::Amount(facts.slots),
        Attribute::NodeSlotsFree => Value::Amount(facts.slots_free),
        Attribute::NodeRunning => Value::Amount(facts.running),
        Attribute::NodeHealthy => Value::Truth(facts.healthy),
        Attribute::NodeDraining => Value::Truth(facts.draining),
        Attribute::NodeIdle => Value::Since(facts.idle_since),
        Attribute::NodeAge => Value::Since(Some(facts.joined_at)),
        Attribute::NodeDwell => Value::Since(facts.entered_at),
        _ => return None,
    })
}
