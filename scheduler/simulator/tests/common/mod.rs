//! A pool whose jobs are spread over three sub-clusters.

use std::collections::BTreeMap;
use std::sync::Arc;

use sublet_scheduler::rules::{Rule, RuleKind};
use sublet_scheduler::{Burst, ClassRule, Isolation, Preemption, RuleSet, SubclusterSpec};
use sublet_simulator::Pool;
use sublet_simulator::pool::Node;
use sublet_simulator::world::amount;

/// What each of them is to have of all jobs.
const SPREAD: [(&str, u32); 3] = [("seven", 7), ("two", 2), ("one", 1)];

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).expect("the rules of the test are ours")
}

fn subcluster(name: &str) -> SubclusterSpec {
    let text = format!("node.labels.for == \"{name}\"");
    SubclusterSpec {
        name: name.to_owned(),
        slot: amount(500, 1_024),
        entry: Some(rule(RuleKind::Entry, &text)),
        exit: Some(rule(RuleKind::Exit, "!node.healthy")),
        accept: None,
        nodes_min: 1,
        nodes_max: 64,
        weight: 1,
        priority: 0,
        grace_ms: None,
        dwell_min_ms: 0,
        isolation: Isolation::User,
        burst: Burst::Allowed,
        preemption: Preemption::Off,
    }
}

/// Three sub-clusters, and one class that spreads all jobs over them.
pub(crate) fn spread() -> Arc<Pool> {
    let names = SPREAD.map(|(name, _)| name);
    let class = ClassRule {
        name: "all".to_owned(),
        when: rule(RuleKind::Class, "job.tasks >= 1"),
        spread: SPREAD
            .map(|(name, weight)| (name.to_owned(), weight))
            .to_vec(),
    };
    let rules = RuleSet {
        version: 0,
        subclusters: names.map(subcluster).to_vec(),
        routes: Vec::new(),
        classes: vec![class],
        moves_per_minute_max: 4,
    };
    let node = |name: &str| Node {
        name: name.to_owned(),
        capacity: amount(4_000, 8_192),
        priority: 0,
        labels: BTreeMap::from([("for".to_owned(), name.to_owned())]),
    };
    Arc::new(Pool::new(rules, names.map(node).to_vec()))
}
