//! Whose turn it is, in small cases.

use std::vec::Vec;

use super::world::{HERE, HOUR_MS, World, job, slots_max, weight};
use crate::queues::Entry;
use crate::{JobId, UnixMillis};

fn gang(number: u64, user: u64) -> Entry {
    Entry {
        gang: true,
        ..job(number, user)
    }
}

fn names(numbers: &[u64]) -> Vec<JobId> {
    numbers.iter().copied().map(JobId).collect()
}

#[test]
fn one_user_gets_higher_priority_first_then_older() {
    let mut world = World::of(4);
    let jobs = [(1, 0, 30), (2, 5, 20), (3, 0, 10), (4, 5, 10)];
    for (number, priority, since) in jobs {
        let entry = Entry {
            priority,
            since: UnixMillis(since),
            ..job(number, 1)
        };
        world.set(HERE, entry, 1);
    }
    assert_eq!(world.fill(), names(&[4, 2, 3, 1]));
}

#[test]
fn users_take_turns_whoever_came_first() {
    let mut world = World::of(4);
    world.set(HERE, job(1, 1), 10);
    world.set(HERE, job(2, 2), 10);
    assert_eq!(world.fill(), names(&[1, 2, 1, 2]));
}

#[test]
fn twice_the_weight_is_twice_the_share() {
    let mut world = World::of(9);
    world.set_terms(2, weight(2));
    world.set(HERE, job(1, 1), 10);
    world.set(HERE, job(2, 2), 10);
    world.fill();
    assert_eq!((world.held(1), world.held(2)), (3, 6));
}

#[test]
fn whoever_used_the_only_slot_for_long_lets_the_other_go_more_often() {
    let mut world = World::of(1);
    let long = Entry {
        timeout_ms: 10_000,
        ..job(1, 1)
    };
    world.set(HERE, long, 100);
    world.set(HERE, job(2, 2), 100);
    let mut starts = Vec::new();
    for _ in 0..23 {
        starts.extend(world.fill());
        world.end_due();
    }
    let long_ones = starts.iter().filter(|&&job| job == JobId(1)).count();
    assert_eq!(long_ones, 3, "{starts:?}");
}

#[test]
fn a_user_who_was_away_has_saved_nothing_up() {
    let mut world = World::of(1);
    world.set(HERE, job(1, 1), 100);
    for _ in 0..50 {
        world.fill();
        world.end_due();
    }
    world.set(HERE, job(2, 2), 10);
    world.set(HERE, job(3, 3), 10);
    let mut starts = Vec::new();
    for _ in 0..6 {
        starts.extend(world.fill());
        world.end_due();
    }
    let of_first = starts.iter().filter(|&&job| job == JobId(1)).count();
    assert_eq!(of_first, 2, "{starts:?}");
}

#[test]
fn s10_a_user_at_quota_is_stepped_over_until_a_slot_comes_back() {
    let mut world = World::of(4);
    world.set_terms(1, slots_max(1));
    world.set(HERE, job(1, 1), 3);
    world.set(HERE, job(2, 2), 1);
    assert_eq!(world.fill(), names(&[1, 2]));
    world.end(0);
    assert_eq!(world.fill(), names(&[1]));
    world.set_terms(1, slots_max(2));
    assert_eq!(world.fill(), names(&[1]));
}

#[test]
fn s10_a_gang_beyond_the_quota_lets_the_other_jobs_of_its_user_go() {
    let mut world = World::of(4);
    world.set_terms(1, slots_max(2));
    world.set(HERE, gang(1, 1), 3);
    world.set(HERE, job(2, 1), 3);
    assert_eq!(world.fill(), names(&[2, 2]));
}

#[test]
fn i15_a_gang_of_four_with_three_free_slots_waits_and_holds_nothing() {
    let mut world = World::of(4);
    world.set(HERE, job(1, 1), 1);
    world.fill();
    world.set(HERE, gang(2, 1), 4);
    assert_eq!(world.fill(), names(&[]));
    assert_eq!(world.held(1), 1);
    world.end_due();
    let pick = world.next(HERE).expect("four slots are free");
    assert_eq!((pick.job, pick.tasks), (JobId(2), 4));
}

#[test]
fn f04_only_who_is_over_in_time_or_takes_a_spare_slot_passes_the_head() {
    let mut world = World::of(4);
    world.set(HERE, job(1, 1), 2);
    world.fill();
    // Two slots are free, the others come back at 1000: the gang of three is promised then, with one slot to spare.
    world.set(HERE, gang(2, 2), 3);
    assert_eq!(world.next(HERE), None);
    let lasting = |number, timeout_ms| Entry {
        timeout_ms,
        ..job(number, 3)
    };
    world.set(HERE, lasting(3, 5000), 2);
    assert_eq!(world.fill(), names(&[3]), "one slot is to spare, no more");
    world.set(HERE, lasting(4, 1001), 1);
    assert_eq!(world.fill(), names(&[]), "a millisecond too long");
    world.set(HERE, lasting(5, 1000), 1);
    assert_eq!(world.fill(), names(&[5]), "over just in time");
    world.end_due();
    assert_eq!(world.now, 1000);
    assert_eq!(world.fill(), names(&[2]));
}

#[test]
fn f04_a_job_without_a_timeout_never_passes() {
    let mut world = World::of(2);
    let endless = |number, user| Entry {
        timeout_ms: u64::MAX,
        ..job(number, user)
    };
    world.set(HERE, endless(1, 1), 1);
    world.fill();
    world.set(HERE, gang(2, 2), 2);
    assert_eq!(world.fill(), names(&[]));
    world.set(HERE, endless(3, 3), 1);
    assert_eq!(
        world.fill(),
        names(&[]),
        "nobody knows when the gang starts"
    );
    world.set(HERE, job(4, 3), 1);
    assert_eq!(world.fill(), names(&[4]), "this one ends before that");
}

#[test]
fn f01_a_gang_that_is_larger_than_the_sub_cluster_holds_nobody_up() {
    let mut world = World::of(2);
    world.set(HERE, gang(1, 1), 3);
    world.set(HERE, job(2, 2), 5);
    assert_eq!(world.fill(), names(&[2, 2]));
}

#[test]
fn f04_a_slot_that_will_not_be_granted_again_is_promised_to_nobody() {
    let mut world = World::of(4);
    world.set(HERE, job(1, 1), 2);
    world.fill();
    world.set(HERE, gang(2, 2), 4);
    let long = Entry {
        timeout_ms: HOUR_MS,
        ..job(3, 3)
    };
    world.set(HERE, long, 1);
    assert_eq!(world.fill(), names(&[]), "the gang is promised four slots");
    let held = world.running[0].holder.attempt;
    for _ in 0..2 {
        world.queues.count_out(HERE, held);
    }
    assert_eq!(world.queues.to_come(HERE), 1);
    for _ in 0..2 {
        world.queues.count_in(HERE, held);
    }
    assert_eq!(world.fill(), names(&[]), "it is promised them again");
    world.queues.count_out(HERE, held);
    assert_eq!(world.fill(), names(&[3]), "three slots are all there are");
}

#[test]
fn f01_a_gang_whose_user_spent_the_quota_elsewhere_loses_its_reservation() {
    let mut world = World::of(3);
    world.set_terms(2, slots_max(3));
    world.set(HERE, job(1, 1), 2);
    world.fill();
    world.set(HERE, gang(2, 2), 3);
    let long = Entry {
        timeout_ms: HOUR_MS,
        ..job(3, 3)
    };
    world.set(HERE, long, 1);
    assert_eq!(world.fill(), names(&[]), "the gang is protected");
    world.set_terms(2, slots_max(2));
    assert_eq!(world.fill(), names(&[3]));
}

#[test]
fn f02_an_aged_job_goes_before_every_younger_one_of_its_user() {
    let mut world = World::of(1);
    let at = |number, priority, since| Entry {
        priority,
        since: UnixMillis(since),
        ..job(number, 1)
    };
    world.set(HERE, at(1, 0, 0), 1);
    world.set(HERE, at(2, 9, 5), 1);
    world.now = HOUR_MS - 1;
    assert_eq!(world.next(HERE).map(|pick| pick.job), Some(JobId(2)));
    world.now = HOUR_MS;
    assert_eq!(world.next(HERE).map(|pick| pick.job), Some(JobId(1)));
}

#[test]
fn f04_a_gang_that_left_and_comes_back_has_no_reservation_any_more() {
    let mut world = World::of(3);
    world.set(HERE, job(1, 1), 2);
    world.fill();
    let long = Entry {
        timeout_ms: HOUR_MS,
        ..job(3, 3)
    };
    world.set(HERE, gang(2, 4), 3);
    assert_eq!(world.fill(), names(&[]));
    world.set(HERE, gang(2, 4), 0);
    world.set(HERE, gang(2, 4), 3);
    world.set(HERE, long, 1);
    assert_eq!(world.fill(), names(&[3]), "it is the turn of user 3");
}
