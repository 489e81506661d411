//! The ground that the scheduler stands on, as people name it: the host and what it offers, the rules in force as they
//! were written, and which node has which number. It decides nothing; the scheduler knows numbers only.

use std::collections::BTreeMap;

use sublet_scheduler::{Event, NodeId, NodeSpec, Resources};
use sublet_store::{Node, Record};

use crate::config::{CarvedNode, Rules};

/// Host, rules in force, and the numbers of nodes.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The name of the one host there is.
    pub(crate) host: String,
    /// What it offers, its reserve taken off.
    pub(crate) offered: Resources,
    /// The rules in force.
    pub(crate) rules: Rules,
    nodes: BTreeMap<String, NodeId>,
    names: BTreeMap<NodeId, String>,
    next: u32,
    /// The labels that the rules in force give to nodes.
    declared: BTreeMap<String, Labels>,
    /// The labels that operators set by hand; they win.
    set_by_hand: BTreeMap<String, Labels>,
}

type Labels = BTreeMap<String, String>;

impl Ground {
    /// A host on which these nodes have their numbers already, also those that it does not have any more.
    pub(crate) fn new(
        host: String,
        offered: Resources,
        rules: Rules,
        known: &[Node],
        set_by_hand: BTreeMap<String, Labels>,
    ) -> Self {
        let nodes = known.iter().map(|node| (node.name.clone(), node.id));
        let next = known.iter().map(|node| node.id.0.saturating_add(1)).max();
        Self {
            host,
            offered,
            rules,
            nodes: nodes.collect(),
            names: known
                .iter()
                .map(|node| (node.id, node.name.clone()))
                .collect(),
            next: next.unwrap_or(0),
            declared: BTreeMap::new(),
            set_by_hand,
        }
    }

    /// The version of the rules in force.
    pub(crate) const fn version(&self) -> u64 {
        self.rules.set.version
    }

    /// The number of a node, if there is one of that name.
    pub(crate) fn node(&self, name: &str) -> Option<NodeId> {
        self.nodes.get(name).copied()
    }

    /// The name of a node.
    pub(crate) fn name(&self, id: NodeId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// The names of all nodes that ever were.
    pub(crate) const fn names(&self) -> &BTreeMap<NodeId, String> {
        &self.names
    }

    /// All labels of a node.
    pub(crate) fn labels(&self, node: &str) -> Labels {
        let mut labels = self.declared.get(node).cloned().unwrap_or_default();
        labels.extend(self.set_by_hand.get(node).cloned().unwrap_or_default());
        labels
    }

    /// Labels were set by hand, or taken back, so that those of the rules count again.
    pub(crate) fn relabel(&mut self, node: &str, set: &Labels, remove: &[String]) {
        let by_hand = self.set_by_hand.entry(node.to_owned()).or_default();
        by_hand.retain(|key, _| !remove.contains(key));
        by_hand.extend(set.clone());
    }

    /// What makes the scheduler obey these rules: they, and the nodes they carve. New nodes get their numbers, to be
    /// recorded.
    pub(crate) fn adopt(&mut self, rules: Rules, carved: Vec<CarvedNode>) -> Adoption {
        let mut records = Vec::new();
        let nodes = carved
            .into_iter()
            .map(|node| self.numbered(node, &mut records));
        let nodes = nodes.collect();
        let events = [
            Event::RulesChanged(rules.set.clone()),
            Event::HostChanged {
                host: self.host.clone(),
                capacity: self.offered,
                nodes,
            },
        ];
        Adoption {
            rules,
            events,
            records,
        }
    }

    fn numbered(&mut self, node: CarvedNode, records: &mut Vec<Record>) -> NodeSpec {
        self.declared.insert(node.name.clone(), node.labels);
        let labels = self.labels(&node.name);
        let id = match self.nodes.get(&node.name) {
            Some(&id) => id,
            None => {
                let id = NodeId(self.next);
                self.next += 1;
                self.nodes.insert(node.name.clone(), id);
                self.names.insert(id, node.name.clone());
                records.push(Record::NodeNamed(Node {
                    id,
                    name: node.name.clone(),
                    host: self.host.clone(),
                }));
                id
            }
        };
        NodeSpec {
            id,
            name: node.name,
            capacity: node.capacity,
            priority: node.priority,
            labels,
        }
    }
}

/// Rules on their way to be obeyed.
pub(crate) struct Adoption {
    pub(crate) rules: Rules,
    pub(crate) events: [Event; 2],
    /// The names of new nodes.
    pub(crate) records: Vec<Record>,
}
