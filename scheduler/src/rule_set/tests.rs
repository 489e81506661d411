//! What a review finds.

mod meaning;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Burst, ClassRule, Isolation, Preemption, RouteRule, RuleSet, SubclusterSpec};
use crate::Resources;
use crate::rules::{Rule, RuleKind};

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn subcluster(name: &str) -> SubclusterSpec {
    SubclusterSpec {
        name: name.to_owned(),
        slot: Resources {
            cpu_millis: 50,
            memory_bytes: 64 << 20,
        },
        entry: None,
        exit: None,
        accept: None,
        nodes_min: 0,
        nodes_max: 6,
        weight: 1,
        priority: 0,
        grace_ms: None,
        dwell_min_ms: 0,
        isolation: Isolation::default(),
        burst: Burst::default(),
        preemption: Preemption::default(),
    }
}

fn route(name: &str, to: &str) -> RouteRule {
    RouteRule {
        name: name.to_owned(),
        when: rule(RuleKind::Route, "job.priority > 0"),
        to: to.to_owned(),
    }
}

fn class(name: &str, spread: &[(&str, u32)]) -> ClassRule {
    let spread = spread
        .iter()
        .map(|(to, weight)| ((*to).to_owned(), *weight));
    ClassRule {
        name: name.to_owned(),
        when: rule(RuleKind::Class, "job.priority > 0"),
        spread: spread.collect(),
    }
}

/// Three sub-clusters with nothing special.
fn rules() -> RuleSet {
    RuleSet {
        version: 1,
        subclusters: ["short", "medium", "long"].map(subcluster).into(),
        routes: Vec::new(),
        classes: Vec::new(),
        moves_per_minute_max: 6,
    }
}

fn refusals(change: impl FnOnce(&mut RuleSet)) -> Vec<String> {
    let mut rules = rules();
    change(&mut rules);
    rules
        .review()
        .refusals
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn rules_that_can_be_obeyed_are_not_refused() {
    let found = refusals(|rules| {
        rules.routes = [route("short", "short"), route("long", "long")].into();
        rules.classes = [class("a.b_c-D9", &[("short", 7), ("long", 0)])].into();
        rules.subclusters[0].slot.cpu_millis = 4_096_000;
        rules.subclusters[0].slot.memory_bytes = 64 << 10;
        rules.subclusters[1].slot.cpu_millis = 1;
        rules.subclusters[1].slot.memory_bytes = 1 << 40;
        rules.subclusters[2].nodes_min = 6;
    });
    assert_eq!(found, Vec::<&str>::new());
}

#[test]
fn at_least_one_sub_cluster_is_needed() {
    let found = refusals(|rules| rules.subclusters.clear());
    assert_eq!(
        found,
        ["the rule set: it has no sub-cluster, define at least one"]
    );
}

#[test]
fn there_are_limits_to_how_much_there_is() {
    let found = refusals(|rules| {
        rules.subclusters = (0..257)
            .map(|number| subcluster(&number.to_string()))
            .collect();
        rules.routes = (0..65)
            .map(|number| route(&number.to_string(), "1"))
            .collect();
        let spread: Vec<_> = (0..65).map(|number| (number.to_string(), 1)).collect();
        rules.classes = (0..65)
            .map(|number| class(&number.to_string(), &[("1", 1)]))
            .collect();
        rules.classes[3].spread = spread;
    });
    assert_eq!(
        found,
        [
            "the rule set: it has 257 sub-clusters, the limit is 256, leave some out",
            "the rule set: it has 65 routes, the limit is 64, leave some out",
            "the rule set: it has 65 classes, the limit is 64, leave some out",
            "class 3: it has 65 targets, the limit is 64, leave some out",
        ]
    );
}

#[test]
fn as_much_as_the_limits_say_is_taken() {
    let found = refusals(|rules| {
        rules.subclusters = (0..256)
            .map(|number| subcluster(&number.to_string()))
            .collect();
        rules.routes = (0..64)
            .map(|number| route(&number.to_string(), "1"))
            .collect();
        rules.classes = (0..64)
            .map(|number| class(&number.to_string(), &[("1", 1)]))
            .collect();
        rules.classes[3].spread = (0..64).map(|number| (number.to_string(), 1)).collect();
    });
    assert_eq!(found, Vec::<&str>::new());
}

#[test]
fn names_are_names_and_each_is_there_once() {
    let long = "x".repeat(65);
    let found = refusals(|rules| {
        rules.subclusters.push(subcluster("short"));
        rules.subclusters.push(subcluster("a b"));
        rules.subclusters.push(subcluster(&long));
        rules.routes = [
            route("", "short"),
            route("é", "short"),
            route("twice", "short"),
        ]
        .into();
        rules.routes.push(route("twice", "long"));
        rules.classes = [
            class("twice", &[("short", 1)]),
            class("twice", &[("long", 1)]),
        ]
        .into();
    });
    let no_name =
        "this is no name, a name has 1 to 64 letters, digits, dots, underscores and hyphens";
    let cut = "x".repeat(64);
    assert_eq!(
        found,
        [
            "sub-cluster short: it is defined twice, give one another name".to_owned(),
            format!("sub-cluster \"a b\": {no_name}"),
            format!("sub-cluster \"{cut}\": {no_name}"),
            format!("route \"\": {no_name}"),
            format!("route \"é\": {no_name}"),
            "route twice: it is defined twice, give one another name".to_owned(),
            "class twice: it is defined twice, give one another name".to_owned(),
        ]
    );
}

#[test]
fn numbers_keep_their_ranges() {
    type Change = fn(&mut SubclusterSpec);
    let cases: &[(Change, &str)] = &[
        (
            |one| one.slot.cpu_millis = 0,
            "slot.cpu is 0, it may be 0.001 to 4096",
        ),
        (
            |one| one.slot.cpu_millis = 4_096_001,
            "slot.cpu is 4096.001, it may be 0.001 to 4096",
        ),
        (
            |one| one.slot.memory_bytes = 0,
            "slot.memory is 0B, it may be 64KiB to 1TiB",
        ),
        (
            |one| one.slot.memory_bytes = 65_535,
            "slot.memory is 65535B, it may be 64KiB to 1TiB",
        ),
        (
            |one| one.slot.memory_bytes = 2 << 40,
            "slot.memory is 2TiB, it may be 64KiB to 1TiB",
        ),
        (
            |one| one.nodes_max = 0,
            "nodes.max is 0, it may be 1 to 65536",
        ),
        (
            |one| one.nodes_max = 65_537,
            "nodes.max is 65537, it may be 1 to 65536",
        ),
        (
            |one| one.nodes_min = 7,
            "nodes.min is 7 and nodes.max is 6, lower min or raise max",
        ),
        (|one| one.weight = 0, "weight is 0, it may be 1 to 1000000"),
        (
            |one| one.weight = 1_000_001,
            "weight is 1000001, it may be 1 to 1000000",
        ),
        (
            |one| one.grace_ms = Some(604_800_001),
            "grace is 604800001 ms, it may be 0 ms to 604800000 ms",
        ),
        (
            |one| one.dwell_min_ms = 86_400_001,
            "dwell_min is 86400001 ms, it may be 0 ms to 86400000 ms",
        ),
    ];
    for (change, expected) in cases {
        let found = refusals(|rules| change(&mut rules.subclusters[1]));
        assert_eq!(found, [format!("sub-cluster medium: {expected}")]);
    }
}

#[test]
fn moves_per_minute_keep_their_range() {
    for (moves, expected) in [(0, "0"), (601, "601")] {
        let found = refusals(|rules| rules.moves_per_minute_max = moves);
        let sentence =
            format!("the rule set: moves_per_minute_max is {expected}, it may be 1 to 600");
        assert_eq!(found, [sentence]);
    }
}

#[test]
fn ways_lead_to_sub_clusters_that_are_there() {
    let found = refusals(|rules| {
        rules.routes = [route("big", "lnog")].into();
        rules.classes = [class("batch", &[("shrt", 1), ("long", 1)])].into();
    });
    assert_eq!(
        found,
        [
            "route big: it leads to sub-cluster \"lnog\", which is not there, did you mean \"long\"?",
            "class batch: it leads to sub-cluster \"shrt\", which is not there, did you mean \"short\"?",
        ]
    );
}

#[test]
fn a_spread_gives_something_and_names_nobody_twice() {
    let found = refusals(|rules| {
        rules.classes = [
            class("nobody", &[]),
            class("nothing", &[("short", 0), ("long", 0)]),
            class("double", &[("short", 1), ("long", 1), ("short", 2)]),
        ]
        .into();
    });
    let nothing = "its spread gives nothing to anybody, give one target a weight above 0";
    assert_eq!(
        found,
        [
            format!("class nobody: {nothing}"),
            format!("class nothing: {nothing}"),
            "class double: its spread names short twice, write the sum of both weights once"
                .to_owned(),
        ]
    );
}
