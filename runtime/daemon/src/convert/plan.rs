//! Plans, rule sets and the account of who did what, in the API's words.

use std::collections::{BTreeMap, BTreeSet};

use sublet_api::{AuditEntry, AuditVerdict, Changes, Homeless, Plan, Remark, RuleSet};
use sublet_scheduler::{NodeId, NodeState, SubclusterSpec};
use sublet_store::{AuditBreak, AuditChain, AuditOutcome, AuditRow};

use super::place::node_move;
use super::timestamp;
use crate::config::Rules;

/// Jobs that a plan names one by one.
const HOMELESS_MAX: usize = 100;

/// What other rules would do. `node_of` knows nodes as people do, `job_of` jobs.
pub(crate) fn plan(
    plan: &sublet_scheduler::Plan,
    change: &RulesChange,
    node_of: impl Fn(NodeId) -> String,
    job_of: impl Fn(sublet_scheduler::JobId) -> String,
) -> Plan {
    let told = |moved: &sublet_scheduler::NodeMove| {
        node_move(moved, &node_of(moved.node), &plan.subclusters)
    };
    let is_drain = |moved: &&sublet_scheduler::NodeMove| matches!(moved.to, NodeState::Draining(_));
    Plan {
        version_now: change.version_now,
        subclusters: change.subclusters.clone(),
        reshaped: change.reshaped.clone(),
        nodes: change.nodes.clone(),
        moves: plan
            .moves
            .iter()
            .filter(|moved| !is_drain(moved))
            .map(told)
            .collect(),
        drains: plan.moves.iter().filter(is_drain).map(told).collect(),
        homeless: Homeless {
            count: plan.homeless.len() as u64,
            jobs: plan
                .homeless
                .iter()
                .take(HOMELESS_MAX)
                .map(|&id| job_of(id))
                .collect(),
        },
        remarks: change.remarks.clone(),
    }
}

/// How two sets of rules differ, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct RulesChange {
    pub(crate) version_now: u64,
    pub(crate) subclusters: Changes,
    pub(crate) reshaped: Vec<String>,
    pub(crate) nodes: Changes,
    pub(crate) remarks: Vec<Remark>,
}

impl RulesChange {
    /// From the rules in force to others, on the nodes that there are and those that there would be.
    pub(crate) fn between(before: &Rules, after: &Rules, nodes: Changes) -> Self {
        let by_name = |rules: &Rules| -> BTreeMap<String, SubclusterSpec> {
            let all = rules.set.subclusters.iter();
            all.map(|one| (one.name.clone(), one.clone())).collect()
        };
        let (old, new) = (by_name(before), by_name(after));
        let both = || {
            old.iter()
                .filter_map(|(name, one)| Some((name, one, new.get(name)?)))
        };
        let reshaped = both().filter(|(_, one, other)| one.slot != other.slot);
        let changed = both().filter(|(_, one, other)| one != other);
        Self {
            version_now: before.set.version,
            reshaped: reshaped.map(|(name, ..)| name.clone()).collect(),
            subclusters: Changes {
                added: names_beyond(new.keys(), old.keys()),
                changed: changed.map(|(name, ..)| name.clone()).collect(),
                removed: names_beyond(old.keys(), new.keys()),
            },
            nodes,
            remarks: after.set.review().remarks.iter().map(remark).collect(),
        }
    }
}

/// The names that are among the first and not among the second.
pub(crate) fn names_beyond<'a>(
    these: impl Iterator<Item = &'a String>,
    those: impl Iterator<Item = &'a String>,
) -> Vec<String> {
    let those: BTreeSet<&String> = those.collect();
    these
        .filter(|name| !those.contains(name))
        .cloned()
        .collect()
}

fn remark(remark: &sublet_scheduler::rule_set::Remark) -> Remark {
    let told = remark.to_string();
    let (about, text) = told.split_once(": ").unwrap_or(("rules", told.as_str()));
    Remark {
        about: about.to_owned(),
        text: text.to_owned(),
        line: None,
        column: None,
    }
}

/// A version of the rules; `by` is the name of who applied it.
pub(crate) fn rule_set(stored: &sublet_store::RuleSet, by: &str) -> RuleSet {
    RuleSet {
        version: stored.version,
        document: stored.document.clone(),
        applied_at: timestamp(stored.at),
        applied_by: by.to_owned(),
    }
}

/// A row of the account.
/// Whether the account is as it was written, and if not, where it first shows.
pub(crate) fn audit_verdict(chain: &AuditChain) -> AuditVerdict {
    let nothing = AuditVerdict {
        whole: false,
        entries: None,
        last: None,
        fault: None,
    };
    match chain {
        AuditChain::Whole { rows, last } => AuditVerdict {
            whole: true,
            entries: Some(*rows),
            last: Some(last.to_string()),
            ..nothing
        },
        AuditChain::Broken(fault) => AuditVerdict {
            fault: Some(match fault {
                AuditBreak::Missing { seq } => format!("entry {seq} is missing"),
                AuditBreak::Changed { seq } => format!("entry {seq} was changed"),
                AuditBreak::Added { seq } => format!("entry {seq} was added by somebody else"),
            }),
            ..nothing
        },
    }
}

pub(crate) fn audit_entry(row: &AuditRow) -> AuditEntry {
    let audited = &row.audited;
    AuditEntry {
        seq: row.seq,
        at: timestamp(audited.at),
        who: format!("{} ({})", audited.who.name, audited.who.via),
        action: audited.action.clone(),
        object: audited.object.clone(),
        before: audited.before.clone(),
        after: audited.after.clone(),
        outcome: match &audited.outcome {
            AuditOutcome::Done => "done".to_owned(),
            AuditOutcome::Refused(reason) => reason.clone(),
        },
    }
}
