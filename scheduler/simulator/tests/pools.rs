//! Pools that somebody brings along: other rules, other nodes, and the same invariants.

use std::collections::BTreeMap;
use std::sync::Arc;

use sublet_scheduler::rules::{Rule, RuleKind};
use sublet_scheduler::{
    Burst, Isolation, Preemption, Resources, RouteRule, RuleSet, SubclusterSpec,
};
use sublet_simulator::pool::Node;
use sublet_simulator::world::amount;
use sublet_simulator::{Kind, Outcome, Pool, Scale, Setting};

const SCALE: Scale = Scale {
    jobs: 1_500,
    hosts: 2,
    load_percent: 70,
};

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).expect("the rules of the test are ours")
}

fn subcluster(name: &str, slot: Resources, entry: &str, exit: &str) -> SubclusterSpec {
    SubclusterSpec {
        name: name.to_owned(),
        slot,
        entry: Some(rule(RuleKind::Entry, entry)),
        exit: Some(rule(RuleKind::Exit, exit)),
        accept: None,
        nodes_min: 1,
        nodes_max: 6,
        weight: 1,
        priority: 0,
        grace_ms: None,
        dwell_min_ms: 100,
        isolation: Isolation::User,
        burst: Burst::Allowed,
        preemption: Preemption::Off,
    }
}

/// Two sub-clusters whose nodes differ in size, the one with the larger slots first.
fn rules() -> RuleSet {
    let mut mice = subcluster(
        "mice",
        amount(50, 64),
        "!has(node.labels.size) && node.load <= 0.7 && node.healthy",
        "node.load > 0.9 || !node.healthy",
    );
    mice.accept = Some(rule(RuleKind::Accept, "job.timeout <= 60s"));
    let elephants = subcluster(
        "elephants",
        amount(1_000, 4_096),
        "node.labels.size == \"large\"",
        "!node.healthy",
    );
    RuleSet {
        version: 0,
        subclusters: vec![elephants, mice],
        routes: vec![RouteRule {
            name: "short".to_owned(),
            when: rule(RuleKind::Route, "job.timeout <= 60s && job.memory <= 64MiB"),
            to: "mice".to_owned(),
        }],
        classes: Vec::new(),
        moves_per_minute_max: 4,
    }
}

fn node(name: &str, capacity: Resources, size: Option<&str>) -> Node {
    let label = size.map(|size| ("size".to_owned(), size.to_owned()));
    Node {
        name: name.to_owned(),
        capacity,
        priority: 0,
        labels: label.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

fn pool(rules: RuleSet) -> Arc<Pool> {
    let nodes = vec![
        node("small-0", amount(500, 1_024), None),
        node("small-1", amount(500, 1_024), None),
        node("big", amount(4_000, 16_384), Some("large")),
    ];
    Arc::new(Pool::new(rules, nodes))
}

fn play(setting: &Setting) -> Outcome {
    setting
        .run()
        .unwrap_or_else(|failure| panic!("{}", failure.shrunk()))
}

#[test]
fn every_load_runs_on_a_pool_of_two_subclusters_and_breaks_no_invariant() {
    for hosts in [1, 2] {
        for kind in Kind::ALL {
            for seed in 1..=2 {
                let scale = Scale { hosts, ..SCALE };
                let outcome = play(&Setting::on(pool(rules()), kind, seed, scale));
                let counts = &outcome.report.counts;
                assert!(counts.jobs * 2 > SCALE.jobs, "{kind}: {counts:?}");
                assert_eq!(counts.left_waiting, 0, "{kind}: {counts:?}");
                assert_eq!(counts.jobs, counts.finished, "{kind}, seed {seed}");
                let names: Vec<_> = outcome.report.queues.iter().map(|one| &one.name).collect();
                assert_eq!(names, ["elephants", "mice"]);
            }
        }
    }
}

#[test]
fn mice_go_to_the_smallest_slots_and_elephants_to_the_largest() {
    for (kind, home) in [
        (Kind::FunctionCalls, "mice"),
        (Kind::LongBatch, "elephants"),
    ] {
        let report = play(&Setting::on(pool(rules()), kind, 1, SCALE)).report;
        let used = report.waits_of_subclusters.iter();
        let used: Vec<_> = used.filter(|one| one.of.count() > 0).collect();
        let names: Vec<_> = used.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, [home], "{kind}");
        assert!(report.counts.refusals.is_empty(), "{:?}", report.counts);
    }
}

#[test]
fn work_that_asks_for_a_subcluster_by_name_asks_for_one_of_the_pool() {
    let outcome = play(&Setting::on(pool(rules()), Kind::Adversaries, 1, SCALE));
    let report = &outcome.report;
    assert!(report.waits_of_classes["split"].count() > 0, "{report}");
}

#[test]
fn what_the_rules_refuse_is_counted() {
    let mut strict = rules();
    for one in &mut strict.subclusters {
        one.accept = Some(rule(RuleKind::Accept, "job.timeout <= 60s"));
    }
    let outcome = play(&Setting::on(pool(strict), Kind::LongBatch, 1, SCALE));
    let counts = &outcome.report.counts;
    let refused = counts.refusals["no sub-cluster takes it"];
    assert!(refused > 0, "{counts:?}");
    assert_eq!(counts.jobs + refused, SCALE.jobs);
}

#[test]
fn what_never_gets_a_node_is_left_waiting() {
    let mut unlucky = rules();
    // Its nodes fit, and none comes in.
    unlucky.subclusters[0].entry = Some(rule(RuleKind::Entry, "node.labels.size == \"huge\""));
    let outcome = play(&Setting::on(pool(unlucky), Kind::LongBatch, 1, SCALE));
    let counts = &outcome.report.counts;
    assert!(counts.left_waiting > 0, "{counts:?}");
    assert_eq!(counts.jobs, counts.finished + counts.left_waiting);
}
