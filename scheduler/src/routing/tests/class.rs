//! Classes spread in a preset ratio.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::world::{JOB, MIB, World, ask, subcluster, with_slot};
use crate::routing::NoRoute;
use crate::rules::JobFacts;

const SPREAD: [(&str, u32); 3] = [("a", 7), ("b", 2), ("c", 1)];

/// Jobs given to each since the counting began.
type Counts = BTreeMap<String, u64>;

fn world() -> World {
    World::of(["a", "b", "c", "other"].map(subcluster)).with_class("all", "job.tasks >= 1", &SPREAD)
}

/// Routes that many jobs; after each nobody may be a whole job away from the ideal.
fn check_prefixes(world: &mut World, job: &JobFacts<'_>, spread: &[(&str, u32)], jobs: u64) {
    let sum: u64 = spread.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut counts = Counts::new();
    for given in 1..=jobs {
        let routing = world.route(&ask(job)).expect("somebody takes it");
        *counts.entry(world.name(&routing).into()).or_default() += 1;
        for (name, weight) in spread {
            let count = counts.get(*name).copied().unwrap_or(0);
            let off = (given * u64::from(*weight)).abs_diff(count * sum);
            assert!(
                off < sum,
                "after {given} jobs {name} has {count} of {spread:?}"
            );
        }
        let in_spread: u64 = spread
            .iter()
            .filter_map(|(name, _)| counts.get(*name))
            .sum();
        assert_eq!(in_spread, given, "a job went elsewhere: {counts:?}");
    }
}

#[test]
fn i13_seven_to_two_to_one_holds_after_each_of_ten_thousand_jobs() {
    check_prefixes(&mut world(), &JOB, &SPREAD, 10_000);
}

#[test]
fn i13_the_share_of_a_closed_target_goes_to_the_rest_and_comes_back() {
    let mut world = world();
    check_prefixes(&mut world, &JOB, &SPREAD, 1_003);
    world.state("b").is_open = false;
    check_prefixes(&mut world, &JOB, &[("a", 7), ("c", 1)], 1_003);
    world.state("b").is_open = true;
    check_prefixes(&mut world, &JOB, &SPREAD, 1_003);
}

#[test]
fn f05_a_target_that_closes_and_opens_at_any_moment_leaves_no_debt() {
    for jobs in 0..20 {
        let mut world = world();
        check_prefixes(&mut world, &JOB, &SPREAD, jobs);
        world.state("a").slots_ever = 0;
        check_prefixes(&mut world, &JOB, &[("b", 2), ("c", 1)], jobs);
        world.state("a").slots_ever = 10;
        check_prefixes(&mut world, &JOB, &SPREAD, 30);
    }
}

#[test]
fn i13_ratios_are_per_class() {
    let mut world = World::of(["a", "b"].map(subcluster))
        .with_class("odd", "job.class == \"odd\"", &[("a", 1), ("b", 1)])
        .with_class("even", "job.class == \"even\"", &[("a", 1), ("b", 1)]);
    let [odd, even] = ["odd", "even"].map(|class| JobFacts { class, ..JOB });
    assert_eq!(world.goes(&ask(&odd)), "a by class odd (version 4)");
    assert_eq!(world.goes(&ask(&even)), "a by class even (version 4)");
    assert_eq!(world.goes(&ask(&odd)), "b by class odd (version 4)");
    assert_eq!(world.goes(&ask(&even)), "b by class even (version 4)");
}

#[test]
fn i13_jobs_that_only_some_targets_take_do_not_disturb_the_others() {
    let mut world = World::of([
        subcluster("a"),
        subcluster("b"),
        with_slot("c", 8_000, 4096),
    ])
    .with_class("all", "job.tasks >= 1", &[("a", 1), ("b", 1), ("c", 1)]);
    let large = JobFacts {
        memory_bytes: 2048 * MIB,
        ..JOB
    };
    let mut counts = Counts::new();
    for _ in 0..30 {
        assert_eq!(world.goes(&ask(&large)), "c by class all (version 4)");
        let routing = world.route(&ask(&JOB)).unwrap();
        *counts.entry(world.name(&routing).into()).or_default() += 1;
    }
    let even = ["a", "b", "c"].map(|name| (String::from(name), 10));
    assert_eq!(counts, Counts::from(even));
}

#[test]
fn i13_new_rules_start_every_ratio_anew() {
    for jobs in 0..10 {
        let mut world = world();
        check_prefixes(&mut world, &JOB, &SPREAD, jobs);
        world.rules.version = 5;
        check_prefixes(&mut world, &JOB, &SPREAD, 30);
    }
}

#[test]
fn i13_a_target_that_closes_starts_the_ratio_of_those_anew_who_never_used_it() {
    for jobs in 0..10 {
        let users = [("a", 3), ("b", 3), ("c", 2), ("d", 1)];
        let spread = [&users[..], &[("tiny", 1)]].concat();
        let specs = ["a", "b", "c", "d"].map(subcluster);
        let tiny = with_slot("tiny", 50, 1);
        let world = World::of(specs.into_iter().chain([tiny]));
        let mut world = world.with_class("all", "job.tasks >= 1", &spread);
        check_prefixes(&mut world, &JOB, &users, jobs);
        world.state("tiny").is_open = false;
        check_prefixes(&mut world, &JOB, &users, 30);
    }
}

#[test]
fn a_target_of_weight_nothing_gets_nothing_and_alone_it_is_no_target() {
    let mut world = World::of(["a", "b", "c"].map(subcluster)).with_class(
        "all",
        "job.tasks >= 1",
        &[("b", 1), ("c", 0)],
    );
    for _ in 0..5 {
        assert_eq!(world.goes(&ask(&JOB)), "b by class all (version 4)");
    }
    world.state("b").is_open = false;
    assert_eq!(world.goes(&ask(&JOB)), "a by load");
}

#[test]
fn many_combinations_of_targets_are_forgotten_from_the_oldest() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let spread = names.map(|name| (name, 1));
    let specs = names.map(|name| {
        let accept = std::format!("!has(job.labels.no_{name})");
        super::world::accepting(name, &accept)
    });
    let mut world = World::of(specs).with_class("all", "job.tasks >= 1", &spread);
    // Each of the 127 combinations in turn, and then once more: none may panic or go to one that does not take it.
    for combination in (1_u32..128).chain(1..128) {
        let without = (0..7).filter(|place| combination >> place & 1 == 0);
        let labels = without.map(|place| (std::format!("no_{}", names[place]), String::new()));
        let labels = labels.collect();
        let routed: Result<_, NoRoute> = world.route(&ask(&JobFacts {
            labels: &labels,
            ..JOB
        }));
        let place = routed.expect("one takes it").subcluster.0;
        assert_eq!(combination >> place & 1, 1, "combination {combination:b}");
    }
    assert_eq!(world.router.ratios_kept(), 64);
}
