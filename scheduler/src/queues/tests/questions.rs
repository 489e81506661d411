//! What is said to whoever asks why a job waits.

use super::world::{HERE, HOUR_MS, World, job, slots_max};
use crate::queues::{Bound, Entry, Hold, Wait};
use crate::{JobId, UnixMillis};

#[test]
fn why_a_job_waits_is_said_with_numbers() {
    let mut world = World::of(4);
    world.set(HERE, job(1, 1), 2);
    world.fill();
    let gang = Entry {
        gang: true,
        ..job(2, 2)
    };
    world.set(HERE, gang, 3);
    let long = Entry {
        timeout_ms: HOUR_MS,
        ..job(3, 1)
    };
    world.set(HERE, long, 2);
    world.set(HERE, job(4, 1), 1);
    world.fill();
    // Job 3 took the spare slot, job 4 ends in time: all four slots are taken.
    check(&world, 2, Hold::Gang { wants: 3, free: 0 }, Some(1000));
    let behind = Hold::Behind {
        jobs: 0,
        tasks: 0,
        users: 1,
    };
    check(&world, 3, behind, Some(1000));
    world.end(0);
    let kept = Hold::Reservation {
        holder: JobId(2),
        at: UnixMillis(1000),
    };
    world.fill();
    check(&world, 3, kept, Some(1000));
    world.set_terms(1, slots_max(4));
    check(&world, 3, kept, Some(1000));
    world.set_terms(1, slots_max(2));
    let quota = Hold::Quota {
        which: Bound::Slots,
        held: 3,
        limit: 2,
    };
    check(&world, 3, quota, None);
}

fn check(world: &World, number: u64, hold: Hold, starts_about: Option<u64>) {
    let free = world.free(HERE);
    let wait = world
        .queues
        .why_waiting(world.now(), HERE, JobId(number), free)
        .expect("the job waits");
    let expected = Wait {
        hold,
        starts_about: starts_about.map(UnixMillis),
    };
    assert_eq!(wait, expected, "job {number}");
}
