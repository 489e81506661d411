//! The nodes of a host: from what the rules say and what the host offers. Memory is a bank account, so what all nodes
//! promise in sum is at most what there is, less the reserve; who asks for more is told both numbers.

use std::collections::{BTreeMap, BTreeSet};

use sublet_scheduler::Resources;
use sublet_scheduler::rule_set::RuleSet;

use super::tables::NodeGroup;

/// Nodes of one host. Each is asked by itself whether it has to move.
const NODES_MAX: usize = 10_000;
/// Slots of one sub-cluster: what one worker process can hold within the kernel's default number of memory mappings.
pub(crate) const SLOTS_MAX: u64 = 4_000;
/// What the nodes are called that have no name.
const UNNAMED: &str = "n";

/// A carved share of the host, before it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarvedNode {
    /// Its name, of which there is one.
    pub name: String,
    /// What it offers.
    pub capacity: Resources,
    /// The operator's number for it.
    pub priority: i32,
    /// The operator's words for it.
    pub labels: BTreeMap<String, String>,
}

/// The nodes of a host that offers so much; without any group, the host as one.
///
/// # Errors
/// Each reason why they cannot be.
pub(super) fn carve(
    groups: &[NodeGroup],
    set: &RuleSet,
    offered: Resources,
) -> Result<Vec<CarvedNode>, Vec<String>> {
    let nodes = match groups {
        [] => whole(set, offered).map_err(|message| vec![message])?,
        groups => counted(groups).map_err(|message| vec![message])?,
    };
    let mut messages = Vec::new();
    messages.extend(names(&nodes));
    messages.extend(promises_too_much(&nodes, offered));
    messages.extend(slots(&nodes, set));
    if messages.is_empty() {
        Ok(nodes)
    } else {
        Err(messages)
    }
}

/// The nodes that the groups name, whether or not the host has room for them; without any group, the host as one.
pub(super) fn listed(groups: &[NodeGroup], offered: Resources) -> Vec<CarvedNode> {
    let nodes = if groups.is_empty() {
        Ok(vec![undivided(offered)])
    } else {
        counted(groups)
    };
    nodes.unwrap_or_default()
}

/// The host as one node, which is of use to one sub-cluster.
fn whole(set: &RuleSet, offered: Resources) -> Result<Vec<CarvedNode>, String> {
    if set.subclusters.len() > 1 {
        return Err(format!(
            "there are {} sub-clusters and no [pool] nodes, so one of them would have the whole host; say what it is carved into, such as nodes = [{{ count = 4, cpu = 0.5, memory = \"2GiB\" }}]",
            set.subclusters.len()
        ));
    }
    Ok(vec![undivided(offered)])
}

fn undivided(offered: Resources) -> CarvedNode {
    CarvedNode {
        name: format!("{UNNAMED}0"),
        capacity: offered,
        priority: 0,
        labels: BTreeMap::new(),
    }
}

fn counted(groups: &[NodeGroup]) -> Result<Vec<CarvedNode>, String> {
    let count = |group: &NodeGroup| usize::try_from(group.count).unwrap_or(usize::MAX);
    let total = groups
        .iter()
        .fold(0, |sum: usize, group| sum.saturating_add(count(group)));
    if !(1..=NODES_MAX).contains(&total) {
        return Err(format!(
            "[pool] nodes are {total} in sum, allowed is 1 to {NODES_MAX}"
        ));
    }
    let prefixes = groups
        .iter()
        .flat_map(|group| std::iter::repeat_n(group.name.as_deref(), count(group)));
    let mut uses: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    prefixes.for_each(|prefix| *uses.entry(prefix).or_default() += 1);
    let mut next: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    let each = groups
        .iter()
        .flat_map(|group| std::iter::repeat_n(group, count(group)));
    let named = each.map(|group| {
        let prefix = group.name.as_deref();
        let number = next.entry(prefix).or_default();
        let name = match prefix {
            None => format!("{UNNAMED}{number}"),
            Some(name) if uses[&prefix] == 1 => name.to_owned(),
            Some(name) => format!("{name}-{number}"),
        };
        *number += 1;
        CarvedNode {
            name,
            capacity: group.resources(),
            priority: group.priority,
            labels: group.labels.clone(),
        }
    });
    Ok(named.collect())
}

fn names(nodes: &[CarvedNode]) -> Option<String> {
    let mut seen = BTreeSet::new();
    nodes.iter().find_map(|node| {
        let name = node.name.escape_debug();
        if !RuleSet::is_name(&node.name) {
            Some(format!(
                "`{name}` cannot be the name of a node: write up to {} letters, digits, `.`, `_` and `-`",
                RuleSet::NAME_BYTES_MAX
            ))
        } else if seen.insert(&node.name) {
            None
        } else {
            Some(format!("two nodes are called `{name}`, give one another name"))
        }
    })
}

fn promises_too_much(nodes: &[CarvedNode], offered: Resources) -> Option<String> {
    let sum = nodes
        .iter()
        .fold(Resources::default(), |sum, node| sum.plus(node.capacity));
    (!offered.covers(sum)).then(|| {
        format!(
            "the nodes have {sum} in sum, and the host offers {offered} less the reserve: carve fewer or smaller ones"
        )
    })
}

/// Slots that no node could hold, and more of them than a worker could.
fn slots(nodes: &[CarvedNode], set: &RuleSet) -> Vec<String> {
    let largest = nodes.iter().map(|node| node.capacity);
    let largest = largest.max_by_key(|one| (one.memory_bytes, one.cpu_millis));
    let complaint = |name: &str, slot: Resources| {
        let per_node = nodes.iter().map(|node| node.capacity.slots_of(slot));
        let total: u64 = per_node.sum();
        if total == 0 {
            return Some(format!(
                "a slot of sub-cluster {name} wants {slot}, and no node has that: the largest has {}",
                largest.unwrap_or_default()
            ));
        }
        // Of several, none has all nodes.
        let is_alone = set.subclusters.len() == 1;
        (is_alone && total > SLOTS_MAX).then(|| {
            format!(
                "sub-cluster {name} would have {total} slots, the limit is {SLOTS_MAX}: give a slot more cpu or memory"
            )
        })
    };
    let each = set.subclusters.iter();
    each.filter_map(|one| complaint(&one.name, one.slot))
        .collect()
}
