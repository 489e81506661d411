//! The scheduler in a simulated world. Chance is a seed: users submit, cancel and retry, instances end in every way there
//! is, workers die, messages come late or twice, submissions are withdrawn, the server is killed and comes back from what
//! was durable. After every event a second, plain model of the rules checks what the scheduler decided.
//!
//! `SUBLET_SIM_SEED=17 cargo test -p sublet-scheduler --test sim` plays one seed again.

#[path = "sim/check.rs"]
mod check;
#[path = "sim/compare.rs"]
mod compare;
#[path = "sim/events.rs"]
mod events;
#[path = "sim/faults.rs"]
mod faults;
#[path = "sim/model.rs"]
mod model;
#[path = "sim/random.rs"]
mod random;
#[path = "sim/server.rs"]
mod server;
#[path = "sim/users.rs"]
mod users;
#[path = "sim/workers.rs"]
mod workers;
#[path = "sim/world.rs"]
mod world;

use faults::{FAULTS, Fault};
use world::World;

const STEPS: u32 = 3_000;

fn seeds() -> Vec<u64> {
    match std::env::var("SUBLET_SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("SUBLET_SIM_SEED is a number")],
        Err(_) => (1..=24).collect(),
    }
}

#[test]
fn every_invariant_holds_after_every_event_and_everything_ends() {
    for seed in seeds() {
        let mut world = World::new(seed, Fault::None);
        let played = world.play(STEPS).and_then(|()| world.come_to_rest());
        if let Err(violation) = played {
            panic!(
                "seed {seed}: {violation}\nthe last events were\n{}",
                world.last_events()
            );
        }
    }
}

#[test]
fn m01_the_same_seed_gives_the_same_actions() {
    let hash = |seed| {
        let mut world = World::new(seed, Fault::None);
        world.play(500).expect("no invariant is broken");
        world.hash()
    };
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

#[test]
fn the_world_does_everything_that_it_is_there_for() {
    let mut world = World::new(1, Fault::None);
    world.play(STEPS).expect("no invariant is broken");
    let missing: Vec<_> = world
        .counts()
        .iter()
        .filter(|(_, count)| **count == 0)
        .collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
}

#[test]
fn m05_each_planted_fault_is_caught_by_the_invariant_it_breaks() {
    for &(fault, invariant) in FAULTS {
        let mut world = World::new(3, fault);
        let played = world.play(STEPS).and_then(|()| world.come_to_rest());
        let violation = played.expect_err(&format!("{fault:?} was not caught"));
        assert_eq!(
            violation.invariant, invariant,
            "{fault:?} was caught as: {violation}"
        );
    }
}
