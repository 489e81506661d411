//! When the clock alone changes an answer: against a clock that is stepped millisecond by millisecond.

use sublet_scheduler::UnixMillis;
use sublet_scheduler::rules::{Rule, RuleKind};

use crate::random::Random;
use crate::world::{NOW, World, ago};

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Milliseconds from the world's now to the next change, by the rule's own word.
fn next_change(world: &World, rule: &Rule) -> Option<u64> {
    let next = world.with_facts(|facts| rule.next_change(facts))?;
    assert!(
        next > UnixMillis(world.now),
        "{} does not look ahead",
        rule.text()
    );
    Some(next.0 - world.now)
}

/// Milliseconds until the answer differs, by looking each time.
fn stepped(world: &World, rule: &Rule, most: u64) -> Option<u64> {
    let before = world.holds(rule);
    let mut later = world.clone();
    (1..=most).find(|millis| {
        later.now = world.now + millis;
        later.holds(rule) != before
    })
}

#[test]
fn the_next_change_is_exact_for_one_comparison() {
    let mut world = World::new();
    world.subcluster.idle_since = ago(100);
    world.node.idle_since = None;
    let cases = [
        ("sub.idle > 250ms", Some(151)),
        ("sub.idle >= 250ms", Some(150)),
        ("sub.idle < 250ms", Some(150)),
        ("sub.idle <= 250ms", Some(151)),
        ("sub.idle == 250ms", Some(150)),
        ("sub.idle == 100ms", Some(1)),
        ("sub.idle != 100ms", Some(1)),
        ("sub.idle in [50ms, 300ms, 170ms]", Some(70)),
        ("sub.idle < 50ms", None),
        ("sub.idle > 100ms", Some(1)),
        ("sub.idle <= 99ms", None),
        ("!(sub.idle * 3 < 1s)", Some(234)),
        ("sub.idle * 0.3 >= 0.1s", Some(234)),
        ("1s - sub.idle < 0.5s", Some(401)),
        ("1s - 2 * sub.idle == 1ms", None),
        ("1s - 2 * sub.idle == 2ms", Some(399)),
        ("sub.idle * -1 < -0.2s", Some(101)),
        // Both grow alike, so what is between them stays.
        ("node.age > sub.idle", None),
        ("node.age - sub.idle * 2 > 0s", Some(59_800)),
        ("sub.idle * sub.weight > 0.6s", Some(101)),
        // A node that is busy does not grow idle.
        ("node.idle > 5s", None),
        ("node.load > 0.5", None),
    ];
    for (text, expected) in cases {
        let rule = rule(RuleKind::Exit, text);
        assert_eq!(next_change(&world, &rule), expected, "{text}");
        let most = expected.unwrap_or(2_000).min(2_000);
        let seen = stepped(&world, &rule, most);
        assert_eq!(seen, expected.filter(|millis| *millis <= most), "{text}");
    }
}

#[test]
fn an_age_that_begins_later_changes_when_it_begins() {
    let mut world = World::new();
    world.node.joined_at = UnixMillis(NOW + 40);
    let rule = rule(RuleKind::Entry, "node.age >= 10ms");
    assert_eq!(next_change(&world, &rule), Some(40));
    world.now += 40;
    assert_eq!(next_change(&world, &rule), Some(10));
    world.now = u64::MAX;
    assert_eq!(next_change(&world, &rule), None);
}

#[test]
fn no_answer_changes_before_the_next_change() {
    const ATTRIBUTES: &[&str] = &["node.idle", "node.age", "node.dwell", "sub.idle"];
    const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "==", "!="];
    for seed in 1..=400 {
        let mut random = Random::new(seed);
        let term = |random: &mut Random| {
            let pick = |random: &mut Random, from: &[&'static str]| {
                random.pick(from).expect("there are some")
            };
            let (one, other) = (pick(random, ATTRIBUTES), pick(random, ATTRIBUTES));
            let factor = i64::from(random.below(7)) - 3;
            let comparison = pick(random, COMPARISONS);
            let threshold = random.below(400);
            format!("{one} + {other} * {factor} {comparison} {threshold}ms")
        };
        let text = format!(
            "{} || !({}) && {}",
            term(&mut random),
            term(&mut random),
            term(&mut random)
        );
        // Some of these can never hold, and some always do.
        let Ok(rule) = Rule::parse(RuleKind::Exit, &text) else {
            continue;
        };
        let mut world = World::new();
        world.node.idle_since = ago(random.below(200).into());
        world.node.joined_at = UnixMillis(NOW - u64::from(random.below(200)));
        world.node.entered_at =
            (!random.once_in(3)).then(|| UnixMillis(NOW - u64::from(random.below(200))));
        world.subcluster.idle_since = ago(random.below(200).into());
        let said = next_change(&world, &rule);
        let seen = stepped(&world, &rule, 600);
        let in_time = seen.is_none_or(|seen| said.is_some_and(|said| said <= seen));
        assert!(
            in_time,
            "seed {seed}: {text} changes after {seen:?}, said {said:?}"
        );
    }
}
