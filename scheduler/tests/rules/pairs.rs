//! Two rules together: entry and exit of one sub-cluster, and the entries of two.

use sublet_scheduler::rules::{Overlap, PairCheck, Rule, RuleKind, check_overlap, check_pair};

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn pair(entry: &str, exit: &str) -> PairCheck {
    check_pair(&rule(RuleKind::Entry, entry), &rule(RuleKind::Exit, exit))
}

const SHORT: &str = "node.memory <= 4GiB && node.healthy && node.load < 0.8 && sub.idle < 8m && !has(node.labels.size)";

#[test]
fn i18_the_rules_of_a_default_subcluster_are_apart() {
    let expected = PairCheck::Apart { warning: None };
    assert_eq!(pair(SHORT, "node.load > 0.95 || sub.idle > 10m"), expected);
}

#[test]
fn i18_entry_and_exit_that_can_both_hold_are_shown_with_an_example_and_a_remedy() {
    let cases = [
        (
            "node.load < 0.8",
            "node.load > 0.95 || sub.idle > 10m",
            "node.load = 0, sub.idle = 11m",
            Some("node.load < 0.8 && sub.idle <= 10m"),
        ),
        (
            "node.load < 0.8 || node.cpu > 4",
            "node.load > 0.5 && node.healthy",
            "node.load = 0.51, node.healthy = true",
            Some("(node.load < 0.8 || node.cpu > 4) && !(node.load > 0.5 && node.healthy)"),
        ),
        (
            "node.healthy // works",
            r#"node.labels.size != "small""#,
            r#"node.labels.size = "other", node.healthy = true"#,
            Some(r#"node.healthy && !(node.labels.size != "small")"#),
        ),
        (
            "node.cpu >= 1",
            "!node.healthy || node.draining",
            "node.cpu = 1, node.healthy = false",
            Some("node.cpu >= 1 && node.healthy && !node.draining"),
        ),
        ("node.load > 0.9", "node.load > 0.5", "node.load = 1", None),
    ];
    for (entry, exit, shown, remedied) in cases {
        let PairCheck::CanBothHold { example, remedy } = pair(entry, exit) else {
            panic!("{entry} and {exit} are said not to hold together");
        };
        assert_eq!(example.to_string(), shown, "{entry} and {exit}");
        assert_eq!(
            remedy.as_ref().map(|one| one.entry.as_str()),
            remedied,
            "{entry} and {exit}"
        );
        if let Some(remedy) = remedy {
            let after = pair(&remedy.entry, exit);
            assert!(
                matches!(after, PairCheck::Apart { .. }),
                "{}: {after:?}",
                remedy.entry
            );
        }
    }
}

#[test]
fn i18_thresholds_that_nearly_touch_are_warned_about() {
    let warned = |entry, exit| {
        let PairCheck::Apart { warning } = pair(entry, exit) else {
            panic!("{entry} and {exit} are not apart");
        };
        warning.map(|one| format!("{} {} {}", one.attribute, one.entry, one.exit))
    };
    let cases = [
        (
            "node.load <= 0.9",
            "node.load > 0.9",
            Some("node.load 0.9 0.901"),
        ),
        (
            "node.load < 0.9",
            "node.load > 0.95",
            Some("node.load 0.899 0.951"),
        ),
        ("node.load < 0.8", "node.load > 0.95", None),
        ("sub.queued > 0", "sub.queued == 0", Some("sub.queued 1 0")),
        ("sub.queued > 3", "sub.queued == 0", None),
        ("sub.idle < 9m", "sub.idle >= 10m", None),
        (
            "sub.idle < 9.5m",
            "sub.idle >= 10m",
            Some("sub.idle 569999ms 10m"),
        ),
        // Nothing that changes by itself, and nothing that has a between.
        ("node.cpu < 2", "node.cpu >= 2", None),
        ("node.healthy", "!node.healthy", None),
        // Another attribute keeps them well apart.
        (
            "node.load < 0.9 && node.healthy",
            "node.load >= 0.9 && !node.healthy",
            None,
        ),
    ];
    for (entry, exit, expected) in cases {
        assert_eq!(
            warned(entry, exit).as_deref(),
            expected,
            "{entry} and {exit}"
        );
    }
}

#[test]
fn i18_what_is_not_decided_is_said() {
    let cases = [
        (
            "node.slots * node.running == 391 && node.slots > 2",
            "node.slots < 391",
        ),
        (
            "node.labels.a == node.labels.b",
            r#"node.labels.a in ["x"] && node.labels.b in ["x", "y"] && node.slots * node.slots == 16"#,
        ),
    ];
    for (entry, exit) in cases {
        assert_eq!(
            pair(entry, exit),
            PairCheck::NotDecided,
            "{entry} and {exit}"
        );
    }
    // Comparisons of two attributes that exclude each other are decided all the same.
    let apart = pair(
        "node.slots_free > node.running",
        "2 * node.running >= 2 * node.slots_free",
    );
    assert_eq!(apart, PairCheck::Apart { warning: None });
    // And ends of ranges may show that two hold together.
    let both = pair(
        "node.slots_free < node.slots",
        "node.slots_free < node.running",
    );
    assert!(matches!(both, PairCheck::CanBothHold { .. }), "{both:?}");
}

#[test]
fn overlapping_entries_are_shown_with_a_node_for_both() {
    let overlap = |one, other| {
        let (one, other) = (rule(RuleKind::Entry, one), rule(RuleKind::Entry, other));
        match check_overlap(&one, &other) {
            Overlap::Overlaps { example } => example.to_string(),
            Overlap::Disjoint => "disjoint".into(),
            Overlap::NotDecided => "not decided".into(),
        }
    };
    let cases = [
        ("node.memory <= 4GiB", "node.memory > 4GiB", "disjoint"),
        (
            "node.memory <= 4GiB",
            "node.memory >= 4GiB",
            "node.memory = 4GiB",
        ),
        (SHORT, r#"node.labels.size == "large""#, "disjoint"),
        (
            SHORT,
            "node.cpu > 1",
            "node.cpu = 1.1, node.memory = 0B, node.labels.size = absent, node.load = 0, node.healthy = true",
        ),
        // Each of the two has a sub-cluster of its own, so what they want of it does not keep them apart.
        (
            "sub.queued > 0 && node.cpu > 1",
            "sub.queued == 0 && node.cpu > 2",
            "node.cpu = 2.1",
        ),
        (
            "node.slots > node.running",
            "node.slots <= node.running",
            "disjoint",
        ),
    ];
    let narrow = "node.slots * node.running == 391 && node.slots > 2";
    assert_eq!(overlap(narrow, "node.slots < 391"), "not decided");
    for (one, other, expected) in cases {
        assert_eq!(overlap(one, other), expected, "{one} and {other}");
    }
}
