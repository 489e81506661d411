//! Faults again and again, at steps and moments that chance picks: nothing is waited for, only what was promised counts.

use std::time::Instant;

use super::harness::{DEADLINE, Random, eventually};
use super::matrix::{DEEDS, FRONT, WORKER};
use super::world::{Frozen, Played, World, can_be_planted, seeds, try_everything};

/// Faults in a row.
fn rounds() -> u32 {
    if try_everything() { 40 } else { 6 }
}

fn fault(chance: &mut Random) -> String {
    const OCCURRENCES: u32 = 4;
    let all: Vec<&str> = FRONT.iter().chain(&WORKER).map(|(step, _)| *step).collect();
    let mut one = || {
        let step = chance.pick(&all).expect("there are steps");
        let deed = chance.pick(&DEEDS).expect("there are deeds");
        format!("{step}@{}:{deed}", 1 + chance.below(OCCURRENCES))
    };
    format!("{},{}", one(), one())
}

#[test]
fn faults_without_end_lose_nothing_and_start_nothing_twice() {
    if !can_be_planted() {
        return;
    }
    for seed in seeds("again") {
        let _played = Played::new("again", seed);
        let mut world = World::new(seed);
        for round in 0..rounds() {
            let faults = fault(world.chance());
            println!("round {round}: {faults}");
            world.plant(&faults);
            world.load();
            let patience = world.patience();
            let begun = Instant::now();
            eventually(DEADLINE, "the next fault is due", || {
                world.tend(Frozen::IsKilled);
                (begun.elapsed() > patience).then_some(())
            });
        }
        world.settle(Frozen::IsKilled);
        world.check("after faults without end");
    }
}
