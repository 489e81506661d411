//! What users may rely on against each other (F3, F7, X4).

use std::vec::Vec;

use super::random::Random;
use super::world::{HERE, Running, SLOT, World, job, slots_max, weight};
use crate::queues::Entry;
use crate::{Resources, SubclusterId, UserId};

/// Three of the others.
pub(crate) const LARGE: Resources = Resources {
    cpu_millis: 300,
    memory_bytes: 3 << 20,
};
pub(crate) const PLENTY: u64 = 1_000_000;

/// Everyone has work everywhere.
fn busy_world(users: u64, slots: &[(u64, Resources)]) -> World {
    let mut world = World::new(slots);
    for user in 0..users {
        let subclusters: Vec<_> = world.slots.keys().copied().collect();
        for subcluster in subclusters {
            let number = 1 + user + users * u64::from(subcluster.0);
            world.set(subcluster, job(number, user), PLENTY);
        }
    }
    world
}

/// What a user holds in thousandths of a processor. All shapes here have as much of the one as of the other resource.
pub(crate) fn cpu(world: &World, user: u64) -> u64 {
    world.held_amount(UserId(user)).cpu_millis
}

#[test]
fn f03_shares_over_weights_differ_by_at_most_one_largest_task_while_all_have_work() {
    for seed in 0..60 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let users = 2 + random.below(4);
        let slots = [(8 + random.below(20), SLOT), (6 + random.below(9), LARGE)];
        let mut world = busy_world(users, &slots);
        for user in 0..users {
            world.set_terms(user, weight(random.one_of(&[1, 1, 2, 3])));
        }
        world.fill();
        for _ in 0..300 {
            check_distance(&world, users);
            world.now += random.below(50);
            let place = random.place(world.running.len());
            world.end(place);
            world.fill();
        }
    }
}

/// Without its last task, nobody would be above anybody.
fn check_distance(world: &World, users: u64) {
    let weight = |user| u64::from(world.terms(UserId(user)).weight);
    for one in 0..users {
        for other in 0..users {
            let less_one_task = cpu(world, one).saturating_sub(LARGE.cpu_millis);
            assert!(
                less_one_task * weight(other) <= cpu(world, other) * weight(one),
                "{one} holds {} and {other} holds {}",
                cpu(world, one),
                cpu(world, other)
            );
        }
    }
}

#[test]
fn x04_work_spread_over_many_sub_clusters_has_no_larger_share() {
    for spread in 1..=6 {
        let mut world = World::new(&[(4, SLOT); 6]);
        // One user waits in the first so many sub-clusters, the other in all of them.
        for place in 0..6 {
            let subcluster = SubclusterId(place);
            if place < spread {
                world.set(subcluster, job(1 + u64::from(place), 1), PLENTY);
            }
            world.set(subcluster, job(100 + u64::from(place), 2), PLENTY);
        }
        turn_over(&mut world, 40);
        let possible = u64::from(spread) * 4;
        assert_eq!(world.held(1), possible.min(12), "over {spread}");
        assert_eq!(world.held(2), 24 - possible.min(12), "over {spread}");
    }
}

#[test]
fn x04_slots_held_elsewhere_count_here() {
    let mut world = World::new(&[(4, SLOT), (4, SLOT)]);
    world.set(SubclusterId(1), job(1, 1), 4);
    world.fill();
    world.set(HERE, job(2, 1), 4);
    world.set(HERE, job(3, 2), 4);
    world.fill();
    assert_eq!(world.held(2), 4);
}

/// Ends the oldest attempt and fills again, so many times.
fn turn_over(world: &mut World, times: u64) {
    world.fill();
    for _ in 0..times {
        world.now += 10;
        world.end(0);
        world.fill();
    }
}

#[test]
fn f07_sharing_is_no_worse_than_a_private_nth() {
    for users in 2..=5 {
        for slots in [7, 12, 30] {
            // Whatever the others do before and besides, one has at least an n-th once a round has passed.
            let mut world = busy_world(users, &[(slots, SLOT)]);
            world.set(HERE, job(1, 0), 0);
            world.fill();
            world.set(HERE, job(1, 0), PLENTY);
            for step in 0..100 {
                world.now += 10;
                world.end(0);
                world.fill();
                if step >= slots {
                    assert!(world.held(0) >= slots / users);
                }
            }
        }
    }
}

#[test]
fn f07_nobody_would_rather_have_the_share_of_another_with_the_same_weight() {
    let mut world = busy_world(4, &[(13, SLOT)]);
    turn_over(&mut world, 100);
    let held: Vec<_> = (0..4).map(|user| world.held(user)).collect();
    let (least, most) = (held.iter().min(), held.iter().max());
    assert!(
        most.zip(least)
            .is_some_and(|(most, least)| most - least <= 1),
        "{held:?}"
    );
}

#[test]
fn f07_nothing_is_left_that_somebody_could_use() {
    let mut world = busy_world(3, &[(9, SLOT)]);
    world.set_terms(0, slots_max(1));
    world.set_terms(1, slots_max(2));
    world.fill();
    let held: Vec<_> = (0..3).map(|user| world.held(user)).collect();
    assert_eq!(held, [1, 2, 6]);
}

/// How many attempts of user 0, each of which really takes 50 to 100 ms, end within 20 seconds beside two others that declare
/// the truth, and a gang of that size now and then.
fn ended_beside_others(declared: Entry, subcluster: SubclusterId, gang_size: u64) -> u64 {
    let mut world = World::new(&[(6, SLOT), (6, LARGE)]);
    let honest = |number, user| Entry {
        timeout_ms: 100,
        ..job(number, user)
    };
    world.set(subcluster, declared, PLENTY);
    for place in [HERE, SubclusterId(1)] {
        world.set(place, honest(2 + u64::from(place.0), 1), PLENTY);
        world.set(place, honest(4 + u64::from(place.0), 2), PLENTY);
    }
    let (mut ended, mut gangs) = (0, 0);
    while world.now < 20_000 {
        if world.now.is_multiple_of(700) {
            gangs += 1;
            let gang = Entry {
                gang: true,
                timeout_ms: 100,
                ..job(1000 + gangs, 3)
            };
            world.set(HERE, gang, gang_size);
        }
        world.fill();
        world.now += 5;
        let now = world.now;
        let takes = |one: &Running| 50 + u64::from(one.holder.attempt.task) * 37 % 51;
        let over = |one: &Running| one.since + takes(one) <= now;
        while let Some(place) = world.running.iter().position(over) {
            let one = world.end(place);
            ended += u64::from(one.holder.user == UserId(0));
        }
    }
    ended
}

#[test]
fn f07_declaring_more_than_is_needed_does_not_help() {
    let honest = Entry {
        timeout_ms: 100,
        ..job(1, 0)
    };
    let truth = ended_beside_others(honest, HERE, 5);
    for timeout_ms in [150, 1000, 100_000, u64::MAX] {
        let lie = Entry {
            timeout_ms,
            ..honest
        };
        let lied = ended_beside_others(lie, HERE, 5);
        assert!(
            lied <= truth,
            "{lied} with a timeout of {timeout_ms} ms, {truth} with 100"
        );
    }
    let truth = ended_beside_others(honest, HERE, 0);
    let large = ended_beside_others(honest, SubclusterId(1), 0);
    assert!(
        large <= truth,
        "{large} in large slots, {truth} in small ones"
    );
}
