//! How long an evaluation and a check take. `cargo test --release -p sublet-scheduler --test rules speed -- --ignored
//! --nocapture`

use std::hint::black_box;
use std::time::Instant;

use sublet_scheduler::rules::{Rule, RuleKind};

use crate::generate::{Generator, Numbers};
use crate::random::Random;
use crate::world::World;

const ENTRY: &str = "node.memory <= 4GiB && node.healthy && node.load < 0.8 && sub.idle < 8m && !has(node.labels.size)";

#[test]
#[ignore = "a measurement: it says something in release mode on a quiet machine"]
fn an_evaluation_of_five_terms() {
    const TIMES: u32 = 5_000_000;
    let rule = Rule::parse(RuleKind::Entry, ENTRY).unwrap();
    let world = World::new();
    let elapsed = world.with_facts(|facts| {
        let started = Instant::now();
        for _ in 0..TIMES {
            black_box(black_box(&rule).holds(black_box(facts)));
        }
        started.elapsed()
    });
    assert!(world.holds(&rule), "all five terms are evaluated");
    println!(
        "{} ns per evaluation of five terms",
        elapsed.as_nanos() / u128::from(TIMES)
    );
}

#[test]
#[ignore = "a measurement: it says something in release mode on a quiet machine"]
fn checks_of_generated_rules() {
    const RULES: u64 = 2_000;
    let mut slowest = (0, String::new());
    let started = Instant::now();
    for seed in 1..=RULES {
        let mut random = Random::new(seed);
        let numbers = Numbers::Floating;
        let kind = RuleKind::Entry;
        let text = Generator {
            random: &mut random,
            kind,
            numbers,
        }
        .rule()
        .ours;
        let before = Instant::now();
        let _parsed = black_box(Rule::parse(kind, &text));
        slowest = slowest.max((before.elapsed().as_micros(), text));
    }
    let mean = started.elapsed().as_micros() / u128::from(RULES);
    println!(
        "{mean} µs per check, at most {} µs for {}",
        slowest.0, slowest.1
    );
}
