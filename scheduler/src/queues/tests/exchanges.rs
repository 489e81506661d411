//! Preemption: who gives a slot to whom, and that it comes to an end.

use super::fairness::{LARGE, PLENTY, cpu};
use super::random::Random;
use super::world::{HERE, SLOT, World, job, slots_max, weight};
use crate::queues::Pick;
use crate::{AttemptId, SubclusterId, UserId};

/// Ends an attempt, so that the user who asked has the slot at once.
fn exchange(world: &mut World, victim: AttemptId, for_user: u64) {
    let place = world
        .running
        .iter()
        .position(|one| one.holder.attempt == victim);
    let ended = world.end(place.expect("a victim runs"));
    let job = world
        .waiting
        .iter()
        .find(|one| one.entry.user == UserId(for_user) && one.subcluster == ended.subcluster);
    let job = job.expect("who asks waits").entry.job;
    world.start(ended.subcluster, Pick { job, tasks: 1 });
}

#[test]
fn f07_preemption_settles() {
    for seed in 0..100 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let users = 2 + random.below(4);
        let slots = 5 + random.below(25);
        let mut world = World::new(&[(slots, SLOT), (slots, LARGE)]);
        for user in 0..users {
            world.set_terms(user, weight(random.one_of(&[1, 2, 3, 10])));
        }
        // The first has everything, then all want some.
        for place in [HERE, SubclusterId(1)] {
            world.set(place, job(1 + u64::from(place.0), 0), PLENTY);
        }
        world.fill();
        for user in 0..users {
            for place in [HERE, SubclusterId(1)] {
                let number = 10 + 2 * user + u64::from(place.0);
                world.set(place, job(number, user), PLENTY);
            }
        }
        let mut exchanges = 0;
        while let Some((victim, user)) = any_victim(&world, users, &mut random) {
            exchange(&mut world, victim, user);
            exchanges += 1;
            assert!(exchanges <= 20 * slots, "{exchanges} exchanges and no end");
        }
        assert!(exchanges > 0);
        check_settled(&world, users);
    }
}

fn any_victim(world: &World, users: u64, random: &mut Random) -> Option<(AttemptId, u64)> {
    let first = random.below(users);
    let mut askers = (0..users).map(|user| (user + first) % users);
    askers.find_map(|user| {
        let mut places = [HERE, SubclusterId(1)].into_iter();
        let victim = places.find_map(|place| world.queues.victim(place, UserId(user)))?;
        Some((victim, user))
    })
}

/// No exchange is left: to take one more would put the asker above the giver.
fn check_settled(world: &World, users: u64) {
    let weight = |user| u64::from(world.terms(UserId(user)).weight);
    for one in world.running.iter() {
        for asker in 0..users {
            let giver = one.holder.user.0;
            let rest = cpu(world, giver) - one.slot.cpu_millis;
            let gain = cpu(world, asker) + one.slot.cpu_millis;
            let is_open = giver != asker && rest * weight(asker) >= gain * weight(giver);
            assert!(!is_open, "{asker} could have a slot of {giver}");
        }
    }
}

#[test]
fn f07_preemption_takes_the_youngest_attempt_of_whoever_is_most_above() {
    let mut world = World::of(6);
    world.set(HERE, job(1, 1), 4);
    world.fill();
    world.now = 10;
    world.set(HERE, job(2, 2), 2);
    world.fill();
    let youngest = world.running[3].holder.attempt;
    assert_eq!(world.queues.victim(HERE, UserId(3)), Some(youngest));
    world.set_terms(3, slots_max(0));
    assert_eq!(
        world.queues.victim(HERE, UserId(3)),
        None,
        "it could not use the slot"
    );
    assert_eq!(world.queues.victim(HERE, UserId(2)), Some(youngest));
    world.end(0);
    assert_eq!(
        world.queues.victim(HERE, UserId(2)),
        None,
        "three and two is even enough"
    );
}
