//! Routing by load.

use super::world::{JOB, World, ask, subcluster};
use crate::chance::Chance;

#[test]
fn i12_the_less_loaded_of_two_gets_the_job_and_swapped_loads_swap_the_choice() {
    let mut world = World::of(["a", "b"].map(subcluster));
    world.state("a").expected_wait_ms = 500;
    assert_eq!(world.goes(&ask(&JOB)), "b by load");
    world.state("a").expected_wait_ms = 0;
    world.state("b").expected_wait_ms = 500;
    assert_eq!(world.goes(&ask(&JOB)), "a by load");
}

#[test]
fn i12_of_equal_waits_the_most_free_slots_decide_and_then_the_name() {
    let mut world = World::of(["b", "a", "c"].map(subcluster));
    assert_eq!(world.goes(&ask(&JOB)), "a by load");
    world.state("c").slots_free = 11;
    assert_eq!(world.goes(&ask(&JOB)), "c by load");
    world.state("c").expected_wait_ms = 1;
    assert_eq!(
        world.goes(&ask(&JOB)),
        "a by load",
        "the wait goes before the slots"
    );
}

#[test]
fn i12_a_route_may_read_the_queue_of_its_target() {
    let mut world = World::of([
        super::world::accepting("near", "sub.queued < 1 && sub.expected_wait < 1s"),
        subcluster("far"),
    ])
    .with_route("near-first", "job.tasks == 1", "near");
    assert_eq!(
        world.goes(&ask(&JOB)),
        "near by rule near-first (version 4)"
    );
    world.state("near").expected_wait_ms = 1_000;
    assert_eq!(world.goes(&ask(&JOB)), "far by load");
}

#[test]
fn i10_the_order_of_places_in_memory_changes_nothing() {
    let names = ["e", "a", "d", "b", "c"];
    let world = World::of(names.map(subcluster))
        .with_class("many", "job.tasks > 1", &[("b", 3), ("d", 2), ("a", 2)])
        .with_route("gangs", "job.gang > 1", "c");
    let jobs = [1, 2, 2, 2, 1, 2, 2].map(|tasks| crate::rules::JobFacts { tasks, ..JOB });
    let mut expected = None;
    for seed in 0..50 {
        let (mut places, mut router) = (world.places(), world.router.clone());
        let mut chance = Chance::of(seed);
        let routed = jobs.each_ref().map(|job| {
            chance.shuffle(&mut places);
            router.route(&world.rules, &ask(job), &places)
        });
        let first = expected.get_or_insert_with(|| routed.clone());
        assert_eq!(*first, routed, "seed {seed}");
    }
}
