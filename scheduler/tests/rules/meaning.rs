//! What rules mean: units, order, absent labels, notes, explanations.

use sublet_scheduler::UnixMillis;
use sublet_scheduler::rules::{Attribute, AttributeSet, Facts, Note, Rule, RuleKind};

use crate::world::World;

fn parsed(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn check(world: &World, text: &str, expected: bool) {
    let rule = parsed(RuleKind::Exit, text);
    assert_eq!(world.holds(&rule), expected, "{text}");
}

#[test]
fn units_are_exact() {
    let mut world = World::new();
    world.node.memory_bytes = 1_610_612_736;
    world.node.cpu_millis = 300;
    check(&world, "node.memory == 1.5GiB", true);
    check(&world, "node.memory == 1536MiB", true);
    check(
        &world,
        "node.memory == 0.000000001TiB + 1610611636.488372224B",
        true,
    );
    check(&world, "node.memory > 1.499999999GiB", true);
    check(
        &world,
        "node.dwell == 0.5m && node.dwell == 30s && node.dwell == 30000ms",
        true,
    );
    check(
        &world,
        "node.age == 1m || node.age == 2d || node.age == 1h",
        true,
    );
    // In floating point the first two differ and the third is equal.
    check(&world, "node.cpu == 0.1 + 0.2", true);
    check(&world, "node.cpu * 3 == 0.9", true);
    check(&world, "node.cpu == 0.300000001", false);
    check(&world, "node.cpu in [0.3, 2]", true);
    check(&world, "node.memory * 0.5 == 768MiB", true);
    check(&world, "-node.cpu < -0.29 && --node.cpu == 0.3", true);
    check(&world, "2 * 3 - 1 - 1 == node.slots - 6", true);
}

#[test]
fn operators_bind_as_in_cel() {
    let world = World::new();
    check(&world, "node.healthy || node.draining && false", true);
    check(
        &world,
        "(node.healthy || node.draining) && false || node.draining",
        false,
    );
    check(&world, "!node.healthy == node.draining", true);
    check(&world, "node.slots + 2 * 3 == 16 && node.healthy", true);
    check(&world, "node.slots - 2 - 3 == 5 && node.healthy", true);
    check(&world, "node.running > // half\n 4", true);
}

#[test]
fn every_comparison_with_an_absent_label_is_false() {
    let absent = World::new();
    let mut present = World::new();
    present.node_labels.insert("size".into(), "large".into());
    let cases = [
        (r#"node.labels.size == "large""#, false, true),
        (r#"node.labels["size"] == "large""#, false, true),
        (r#"node.labels.size != "large""#, false, false),
        (r#"node.labels.size != "small""#, false, true),
        (r#"!(node.labels.size == "large")"#, true, false),
        (r#"!(node.labels.size != "large")"#, true, true),
        (r#"node.labels.size in ["large", "small"]"#, false, true),
        ("node.labels.size == node.labels.size", false, true),
        ("node.labels.size == node.labels.other", false, false),
        ("node.labels.size != node.labels.other", false, false),
        (r#"node.labels.size == node.id"#, false, false),
        ("has(node.labels.size)", false, true),
        (r#"!has(node.labels["size"])"#, true, false),
    ];
    for (text, without, with) in cases {
        check(&absent, text, without);
        check(&present, text, with);
    }
}

#[test]
fn every_comparison_with_a_missing_object_is_false() {
    let nothing = Facts {
        now: UnixMillis(0),
        node: None,
        subcluster: None,
        job: None,
        user: None,
    };
    let false_without = [
        (RuleKind::Entry, "node.cpu < 5"),
        (RuleKind::Entry, "node.cpu != 5"),
        (RuleKind::Entry, "node.cpu + sub.weight >= 0.5"),
        (RuleKind::Entry, "node.cpu in [0, 1]"),
        (RuleKind::Entry, r#"node.id != "a""#),
        (RuleKind::Entry, "node.healthy"),
        (RuleKind::Entry, "sub.idle < 1s"),
        (RuleKind::Accept, r#""a" in job.imports"#),
        (RuleKind::Accept, "has(user.labels.a)"),
        (RuleKind::Accept, "user.share < 1"),
    ];
    for (kind, text) in false_without {
        let rule = parsed(kind, text);
        assert!(!rule.holds(&nothing), "{text}");
        assert_eq!(rule.next_change(&nothing), None, "{text}");
        assert!(
            parsed(kind, &format!("!({text})")).holds(&nothing),
            "{text}"
        );
    }
    // What was missing in one comparison does not spoil the next.
    let job = |world: &World| {
        world.with_facts(|facts| {
            Facts {
                node: None,
                ..*facts
            }
            .subcluster
            .is_some()
        })
    };
    assert!(job(&World::new()));
    let rule = parsed(RuleKind::Entry, "node.cpu + 1 > 0 || sub.weight + 1 > 0");
    let holds = World::new().with_facts(|facts| {
        rule.holds(&Facts {
            node: None,
            ..*facts
        })
    });
    assert!(holds);
}

#[test]
fn facts_beyond_the_schema_are_its_ends() {
    let mut world = World::new();
    world.node.memory_bytes = u64::MAX;
    world.node.cpu_millis = u64::MAX;
    world.node.slots = u64::MAX;
    check(&world, "node.memory * 0.999999999 > 1000000TiB", true);
    check(&world, "node.slots * node.slots > node.slots", true);
    check(&world, "node.cpu * node.cpu > node.cpu", true);
}

#[test]
fn a_rule_reads_what_it_names() {
    let rule = parsed(
        RuleKind::Entry,
        r#"node.cpu > 1 && (has(node.labels.a) || sub.idle < 2m) && node.labels.b != "x""#,
    );
    let expected =
        AttributeSet::of(&[Attribute::NodeCpu, Attribute::NodeLabel, Attribute::SubIdle]);
    assert_eq!(rule.reads(), expected);
    assert!(rule.reads().contains(Attribute::SubIdle));
    assert!(
        !rule
            .reads()
            .intersects(AttributeSet::of(&[Attribute::NodeLoad]))
    );
    assert_eq!(rule.reads().iter().count(), 3);
}

#[test]
fn what_always_or_never_holds_is_noted_where_it_is_allowed() {
    let notes = |kind, text| parsed(kind, text).notes().to_vec();
    assert_eq!(notes(RuleKind::Entry, "true"), [Note::CatchAll]);
    assert_eq!(notes(RuleKind::Accept, "job.cpu >= 0"), [Note::CatchAll]);
    assert_eq!(notes(RuleKind::Exit, "false"), [Note::NeverLeaves]);
    assert_eq!(
        notes(RuleKind::Exit, "node.load > 1 && node.load < 0.5"),
        [Note::NeverLeaves]
    );
    assert_eq!(notes(RuleKind::Entry, "node.load > 1"), []);
    // Two attributes against each other: worlds at the ends of the ranges settle these two questions.
    assert_eq!(notes(RuleKind::Entry, "node.slots_free < node.slots"), []);
    // No end of a range shows that this holds, and no interval that it does not.
    let narrow = "node.slots * node.running == 391 && node.slots > 2 && node.slots < 391";
    assert_eq!(notes(RuleKind::Entry, narrow), [Note::CanHoldNotDecided]);
}

#[test]
fn rules_are_equal_when_kind_and_text_are() {
    let rule = parsed(RuleKind::Entry, "node.cpu > 1");
    assert_eq!(rule, parsed(RuleKind::Entry, "node.cpu > 1"));
    assert_ne!(rule, parsed(RuleKind::Exit, "node.cpu > 1"));
    assert_ne!(rule, parsed(RuleKind::Entry, "node.cpu > 2"));
}

#[test]
fn an_explanation_names_the_clause_that_settled_it() {
    let mut world = World::new();
    world.node.load_millis = 970;
    world.node_labels.insert("rack-row".into(), "a\"b".into());
    let cases = [
        (
            "node.cpu > 0.1 && node.load < 0.8 && node.healthy",
            "18 node.load < 0.8 does not hold: node.load = 0.97",
        ),
        (
            "node.draining || node.load > 0.95",
            "17 node.load > 0.95 holds: node.load = 0.97",
        ),
        (
            "node.healthy && (node.draining || node.memory < 1GiB)",
            "16 (node.draining || node.memory < 1GiB) does not hold: node.draining = false, node.memory = 2GiB",
        ),
        (
            "node.healthy && node.dwell >= 30s",
            "0 node.healthy && node.dwell >= 30s holds: node.healthy = true, node.dwell = 30s",
        ),
        (
            r#"has(node.labels.size) && node.labels["rack-row"] == "a""#,
            "0 has(node.labels.size) does not hold: node.labels.size = absent",
        ),
        (
            r#"node.labels["rack-row"] == node.id"#,
            r#"0 node.labels["rack-row"] == node.id does not hold: node.labels["rack-row"] = "a\"b", node.id = "node-1""#,
        ),
        (
            "node.draining || (node.load > 0.9 && (node.slots < 3 || node.slots > 9))",
            "17 (node.load > 0.9 && (node.slots < 3 || node.slots > 9)) holds: node.load = 0.97, node.slots = 10",
        ),
    ];
    for (text, expected) in cases {
        let rule = parsed(RuleKind::Exit, text);
        let explanation = world.with_facts(|facts| rule.explain(facts));
        assert_eq!(
            format!("{} {explanation}", explanation.position),
            expected,
            "{text}"
        );
        assert_eq!(explanation.holds, world.holds(&rule));
    }
    world.imports = vec!["wasi:cli/run".into(), "wasi:io/poll".into()];
    let rule = parsed(RuleKind::Route, r#""wasi:sockets/tcp" in job.imports"#);
    let explanation = world.with_facts(|facts| rule.explain(facts));
    assert_eq!(
        explanation.readings[0].value,
        r#"["wasi:cli/run", "wasi:io/poll"]"#
    );
}
