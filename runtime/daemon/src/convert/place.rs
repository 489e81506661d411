//! Nodes, their places and the rules that put them there, in words.

use std::collections::BTreeMap;

use sublet_api::{NodeExplanation, NodeMove, RoutedBy, RuleVerdict, ValueRead};
use sublet_scheduler::rules::{Explanation, Rule};
use sublet_scheduler::{
    Closed, EntryVerdict, Hold, MoveCause, NodeState, NodeView, PoolView, RoutedBy as Decided,
    SubclusterId, SubclusterSpec,
};
use sublet_store::NodeState as Standing;

use super::timestamp;

/// The names of sub-clusters by their numbers.
pub(crate) type Names = BTreeMap<SubclusterId, String>;

/// What a node is to the sub-clusters, in the words of the records.
pub(crate) const fn standing(state: NodeState) -> Standing {
    match state {
        NodeState::In(_) => Standing::In,
        NodeState::Draining(_) => Standing::Draining,
        NodeState::Unassigned => Standing::Unassigned,
        NodeState::Down => Standing::Down,
    }
}

/// What brought a node to where it is, in a phrase.
pub(crate) fn move_cause(cause: &MoveCause) -> String {
    match cause {
        MoveCause::Rule {
            subcluster,
            kind,
            version,
            explanation,
        } => format!("{kind} rule of {subcluster} (version {version}): {explanation}"),
        MoveCause::Joined => "its host has room for it".to_owned(),
        MoveCause::RulesChanged { version } => {
            format!(
                "version {version} of the rules has its sub-cluster no more, or with other slots"
            )
        }
        MoveCause::Drained { reason } => format!("drained: {reason}"),
        MoveCause::Resumed => "resumed".to_owned(),
        MoveCause::HostLost => "its host is gone".to_owned(),
        MoveCause::Retired => "its host does not list it any more".to_owned(),
        MoveCause::GraceEnded => "its grace was over".to_owned(),
        MoveCause::CapacityChanged => "it has another capacity".to_owned(),
    }
}

/// Where a node is: `in short`, `draining from short`, `unassigned`, `down`.
pub(crate) fn place(state: NodeState, names: &Names) -> String {
    let name = |id: &SubclusterId| names.get(id).map_or("?", String::as_str).to_owned();
    match state {
        NodeState::In(id) => format!("in {}", name(&id)),
        NodeState::Draining(id) => format!("draining from {}", name(&id)),
        NodeState::Unassigned => "unassigned".to_owned(),
        NodeState::Down => "down".to_owned(),
    }
}

/// The word for where a node is, and the sub-cluster that belongs to it.
pub(super) const fn state(state: NodeState) -> (&'static str, Option<SubclusterId>) {
    match state {
        NodeState::In(id) => ("in", Some(id)),
        NodeState::Draining(id) => ("draining", Some(id)),
        NodeState::Unassigned => ("unassigned", None),
        NodeState::Down => ("down", None),
    }
}

/// A move of a node.
pub(crate) fn node_move(moved: &sublet_scheduler::NodeMove, node: &str, names: &Names) -> NodeMove {
    NodeMove {
        node: node.to_owned(),
        from: place(moved.from, names),
        to: place(moved.to, names),
        cause: move_cause(&moved.cause),
    }
}

/// What decided where a job goes. `version` is that of the rules in force.
pub(crate) fn routed_by(by: &Decided, version: u64) -> RoutedBy {
    let (kind, rule, version) = match by {
        Decided::Asked => ("asked", None, version),
        Decided::Rule { name, version } => ("route", Some(name.clone()), *version),
        Decided::Class { name, version } => ("class", Some(name.clone()), *version),
        Decided::Load => ("load", None, version),
    };
    RoutedBy {
        kind: kind.to_owned(),
        rule,
        version,
    }
}

/// Why a node is where it is, and why nowhere else.
pub(crate) fn node_explanation(
    node: &NodeView,
    explained: &sublet_scheduler::NodeExplanation,
    pool: &PoolView,
    names: &Names,
) -> NodeExplanation {
    let home = state(node.state).1;
    let spec_of = |id: SubclusterId| {
        let found = pool.subclusters.iter().find(|one| one.subcluster == id);
        found.map(|one| &one.spec)
    };
    let exit = explained.exit.as_ref().zip(home.and_then(spec_of));
    let exit = exit.and_then(|(why, spec)| verdict(spec, "exit", spec.exit.as_ref()?, why).into());
    let entries = explained.entries.iter().filter_map(|entry| {
        let spec = pool
            .subclusters
            .iter()
            .map(|one| &one.spec)
            .find(|spec| spec.name == entry.subcluster)?;
        match &entry.verdict {
            EntryVerdict::Asked(why) => Some(verdict(spec, "entry", spec.entry.as_ref()?, why)),
            EntryVerdict::Closed(_) => None,
        }
    });
    let closed = explained.entries.iter().filter_map(|entry| {
        let EntryVerdict::Closed(closed) = entry.verdict else {
            return None;
        };
        Some(format!("{} {}", entry.subcluster, why_closed(closed)))
    });
    NodeExplanation {
        node: node.name.clone(),
        summary: format!("node {} is {}", node.name, place(node.state, names)),
        rules: exit.into_iter().chain(entries).collect(),
        held_by: explained.held_by.iter().map(hold).chain(closed).collect(),
    }
}

fn verdict(spec: &SubclusterSpec, kind: &str, rule: &Rule, why: &Explanation) -> RuleVerdict {
    let before = rule.text().get(..why.position).unwrap_or_default();
    let line = before.lines().count().max(1);
    let line = if before.ends_with('\n') {
        line + 1
    } else {
        line
    };
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let values = why.readings.iter().map(|read| ValueRead {
        attribute: read.name.clone(),
        value: read.value.clone(),
    });
    RuleVerdict {
        subcluster: spec.name.clone(),
        kind: kind.to_owned(),
        text: rule.text().to_owned(),
        holds: why.holds,
        clause: why.clause.clone(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        values: values.collect(),
    }
}

const fn why_closed(closed: Closed) -> &'static str {
    match closed {
        Closed::Removed => "is being removed",
        Closed::NoRule => "has no entry rule",
        Closed::Full => "has as many nodes as it may have",
        Closed::TooSmall => "has slots that are larger than the node",
    }
}

fn hold(hold: &Hold) -> String {
    match hold {
        Hold::Dwell { until } => format!(
            "it came a moment ago and stays until {:.0}",
            timestamp(*until)
        ),
        Hold::MoveBudget { until } => format!(
            "it moved as often as a node may within a minute, and stays until {:.0}",
            timestamp(*until)
        ),
        Hold::Running {
            attempts,
            stopped_at: None,
        } => format!("{attempts} attempts run on it"),
        Hold::Running {
            attempts,
            stopped_at: Some(at),
        } => format!(
            "{attempts} attempts run on it, and are stopped at {:.0}",
            timestamp(*at)
        ),
        Hold::Operator { reason } => format!("an operator drained it: {reason}"),
        Hold::HostLost => "its host is gone".to_owned(),
        Hold::NoRoomOnHost {
            wanted,
            reserved,
            capacity,
        } => format!(
            "it wants {wanted}, and of the {capacity} of its host {reserved} are taken by other nodes"
        ),
        Hold::ListExceedsHost { capacity } => {
            format!("the nodes of its host have more in sum than the {capacity} that it offers")
        }
    }
}
