//! Each bound: what is just within is a rule, one more is none.

use sublet_scheduler::rules::{
    DECIMALS_MAX, DEPTH_MAX, LIST_MAX, NODES_MAX, Note, Reason, Rule, RuleKind, SOURCE_BYTES_MAX,
};

fn reason(text: &str) -> Reason {
    Rule::parse(RuleKind::Entry, text).expect_err(text).reason
}

fn taken(text: &str) -> Rule {
    Rule::parse(RuleKind::Entry, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_source_is_bounded() {
    let rule = "node.cpu > 1";
    let filled = |bytes: usize| format!("{rule}{}", " ".repeat(bytes - rule.len()));
    taken(&filled(SOURCE_BYTES_MAX));
    let bytes = SOURCE_BYTES_MAX + 1;
    assert_eq!(reason(&filled(bytes)), Reason::SourceTooLong { bytes });
}

#[test]
fn nodes_are_bounded_and_are_the_cost() {
    assert_eq!(taken("node.cpu > 1").cost(), 3);
    assert_eq!(taken("node.healthy").cost(), 1);
    assert_eq!(
        taken("!has(node.labels.a) && node.cpu + 1 > 2 * 3").cost(),
        10
    );
    assert_eq!(taken("node.cpu in [1, 2, 3]").cost(), 5);
    // Each term costs one, and so does each operator between two.
    let terms = |count: u32| vec!["node.healthy"; count as usize].join("&&");
    assert_eq!(taken(&terms(NODES_MAX / 2)).cost(), NODES_MAX - 1);
    assert_eq!(
        taken(&terms(NODES_MAX / 2).replacen("node.healthy", "!node.draining", 1)).cost(),
        NODES_MAX
    );
    assert_eq!(reason(&terms(NODES_MAX / 2 + 1)), Reason::TooManyNodes);
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}node.healthy{}", "(".repeat(depth), ")".repeat(depth));
    taken(&nested(DEPTH_MAX));
    assert_eq!(reason(&nested(DEPTH_MAX + 1)), Reason::TooDeep);
    // The leaf is one level of its own.
    let negated = |depth: usize| format!("{}node.healthy", "!".repeat(depth));
    taken(&negated(DEPTH_MAX - 1));
    assert_eq!(reason(&negated(DEPTH_MAX)), Reason::TooDeep);
    let compared = |depth: usize| {
        format!(
            "{}true{}",
            "node.healthy == (".repeat(depth),
            ")".repeat(depth)
        )
    };
    assert_eq!(reason(&compared(DEPTH_MAX)), Reason::TooDeep);
}

#[test]
fn the_deepest_arithmetic_fits_the_stack() {
    // Every level leaves an operand behind and aligns the decimals of what comes next.
    let depth = DEPTH_MAX - 3;
    let text = format!(
        "0.5 + ({}node.cpu{}) > 1.25",
        "0.25 - (".repeat(depth / 2),
        ")".repeat(depth / 2)
    );
    let rule = taken(&text);
    let sign = if (depth / 2).is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    let rest = if sign < 0.0 { 0.25 } else { 0.0 };
    for cpu_millis in [0_u32, 250, 749, 750, 751, 1_000, 9_000] {
        let mut world = crate::world::World::new();
        world.node.cpu_millis = cpu_millis.into();
        let expected = 0.5 + rest + sign * f64::from(cpu_millis) / 1000.0 > 1.25;
        assert_eq!(world.holds(&rule), expected, "{text} with {cpu_millis}");
    }
}

#[test]
fn lists_are_bounded() {
    let list = |count: usize| format!("node.slots in [{}]", vec!["1"; count].join(","));
    taken(&list(LIST_MAX));
    assert_eq!(reason(&list(LIST_MAX + 1)), Reason::ListTooLong);
}

#[test]
fn decimals_are_bounded() {
    let number = |count: u32| format!("node.cpu > 0.{}", "1".repeat(count as usize));
    taken(&number(DECIMALS_MAX));
    assert_eq!(reason(&number(DECIMALS_MAX + 1)), Reason::TooManyDecimals);
}

#[test]
fn more_clauses_than_the_bound_are_said_to_be_not_decided() {
    // Each factor doubles the clauses, and no two of them are about the same.
    let factor = |number: usize| {
        format!("(node.labels.a{number} == \"x\" || node.labels.b{number} == \"x\")")
    };
    let product = |count: usize| (0..count).map(factor).collect::<Vec<_>>().join(" && ");
    assert_eq!(taken(&product(10)).notes(), []);
    assert_eq!(taken(&product(11)).notes(), [Note::CanHoldNotDecided]);
}

#[test]
fn the_most_expensive_checks_end_soon() {
    // Two hundred and fifty nodes that unfold as far as the bounds allow, and contradictions that keep it going.
    let started = std::time::Instant::now();
    let doubled = vec!["(node.healthy == node.draining)"; 60].join(" && ");
    taken(&doubled);
    let nested = format!(
        "{}node.healthy{}",
        "node.healthy == (node.draining == (".repeat(15),
        "))".repeat(15)
    );
    taken(&nested);
    let pairs = vec!["(node.slots in [1,2] || node.labels.a == \"x\")"; 20].join(" && ");
    taken(&pairs);
    let opaque = vec!["node.slots * node.running > node.slots_free"; 20].join(" && ");
    taken(&opaque);
    let elapsed = started.elapsed();
    assert!(elapsed.as_secs() < 5, "{elapsed:?}");
}
