//! Which way is tried first.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::world::{JOB, World, accepting, ask, ask_for, subcluster};
use crate::routing::{RoutedBy, Routing};
use crate::rules::JobFacts;

static URGENT: JobFacts<'_> = JobFacts { priority: 1, ..JOB };
static URGENT_BATCH: JobFacts<'_> = JobFacts {
    priority: 1,
    class: "batch",
    ..JOB
};
static BATCH: JobFacts<'_> = JobFacts {
    class: "batch",
    ..JOB
};

/// Urgent jobs go to `b`, else to `c`; the class batch goes to `c`; by load everything goes to `a`.
fn world() -> World {
    let mut world = World::of(["a", "b", "c"].map(subcluster))
        .with_route("first", "job.priority > 0", "b")
        .with_route("second", "job.priority > 0", "c")
        .with_class("batch", "job.class == \"batch\"", &[("c", 1)]);
    world.state("b").expected_wait_ms = 1;
    world.state("c").expected_wait_ms = 1;
    world
}

fn passed_over(routing: &Routing) -> Vec<alloc::string::String> {
    routing
        .passed_over
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn what_the_user_names_goes_before_every_rule() {
    let mut world = world();
    assert_eq!(world.goes(&ask_for("a", &URGENT_BATCH)), "a by its user");
    let routing = world.route(&ask_for("c", &URGENT)).unwrap();
    assert_eq!(routing.by, RoutedBy::Asked);
    assert_eq!(routing.considered.len(), 1, "nobody else was asked");
}

#[test]
fn the_first_route_that_holds_goes_before_later_ones_and_before_the_class() {
    assert_eq!(
        world().goes(&ask(&URGENT_BATCH)),
        "b by rule first (version 4)"
    );
}

#[test]
fn the_class_goes_before_the_load() {
    assert_eq!(world().goes(&ask(&BATCH)), "c by class batch (version 4)");
    assert_eq!(world().goes(&ask(&JOB)), "a by load");
}

#[test]
fn a_route_whose_target_does_not_take_the_job_is_passed_over_and_noted() {
    let mut world = world();
    world.state("b").slots_ever = 0;
    let routing = world.route(&ask(&URGENT)).unwrap();
    assert_eq!(routing.by.to_string(), "rule second (version 4)");
    assert_eq!(passed_over(&routing), ["rule first (version 4)"]);
    let considered: Vec<_> = routing.considered.iter().map(ToString::to_string).collect();
    assert_eq!(
        considered,
        [
            "a: takes it, expected wait 0 ms, 10 slots free",
            "b: no node can hold a slot of it (1 cpu and 1GiB), expected wait 1 ms, 10 slots free",
            "c: takes it, expected wait 1 ms, 10 slots free",
        ]
    );
}

#[test]
fn a_class_without_a_target_that_takes_the_job_is_passed_over_and_noted() {
    let mut world = world();
    world.state("c").slots_ever = 0;
    let routing = world.route(&ask(&URGENT_BATCH)).unwrap();
    assert_eq!(
        passed_over(&routing),
        Vec::<&str>::new(),
        "nobody was asked in vain"
    );
    world.state("b").slots_ever = 0;
    let routing = world.route(&ask(&URGENT_BATCH)).unwrap();
    assert_eq!(routing.by, RoutedBy::Load);
    let noted = [
        "rule first (version 4)",
        "rule second (version 4)",
        "class batch (version 4)",
    ];
    assert_eq!(passed_over(&routing), noted);
}

#[test]
fn accept_must_hold_whichever_way_a_job_comes() {
    let mut world = World::of([accepting("a", "job.tasks > 1"), subcluster("b")])
        .with_route("to-a", "job.priority > 0", "a")
        .with_class("batch", "job.class == \"batch\"", &[("a", 1)]);
    world.state("b").expected_wait_ms = 1;
    for job in [&URGENT, &BATCH, &JOB] {
        assert_eq!(world.goes(&ask(job)), "b by load");
    }
    assert!(world.route(&ask_for("a", &JOB)).is_err());
}

#[test]
fn a_paused_one_gets_a_job_only_when_no_open_one_takes_it() {
    let mut world = world();
    world.state("b").is_open = false;
    assert_eq!(world.goes(&ask(&URGENT)), "c by rule second (version 4)");
    world.state("c").is_open = false;
    assert_eq!(world.goes(&ask(&URGENT_BATCH)), "a by load");
    world.state("a").is_open = false;
    assert_eq!(world.goes(&ask(&URGENT)), "b by rule first (version 4)");
    assert_eq!(world.goes(&ask(&BATCH)), "c by class batch (version 4)");
    assert_eq!(world.goes(&ask(&JOB)), "a by load");
}

#[test]
fn who_names_a_paused_one_waits_there() {
    let mut world = world();
    world.state("b").is_open = false;
    let routing = world.route(&ask_for("b", &JOB)).unwrap();
    assert_eq!(world.name(&routing), "b");
    assert_eq!(
        routing.considered[0].to_string(),
        "b: takes it, but is paused, expected wait 1 ms, 10 slots free"
    );
}

#[test]
fn a_target_that_is_not_there_any_more_is_passed_over() {
    let mut world = world();
    world.rules.routes[0].to = "gone".into();
    assert_eq!(world.goes(&ask(&URGENT)), "c by rule second (version 4)");
}
