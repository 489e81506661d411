//! The tree against a plain list, and shares where numbers are at their ends.

use std::vec::Vec;

use super::random::Random;
use super::world::{SLOT, World};
use crate::queues::share::Pool;
use crate::queues::tree::{Summary, Tree};
use crate::{Resources, UserId};

/// Of several, the least counts.
#[derive(Clone, Copy, Debug)]
struct Least(u64);

impl Summary for Least {
    fn with(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

#[test]
fn a_tree_answers_as_a_sorted_list() {
    for seed in 0..100 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let mut tree = Tree::default();
        let mut list: Vec<(u64, u64)> = Vec::new();
        for _ in 0..300 {
            let (key, value) = (random.below(60), random.below(20));
            if list.iter().any(|&(other, _)| other == key) {
                assert!(tree.remove(&key));
                list.retain(|&(other, _)| other != key);
            } else {
                assert!(!tree.remove(&key));
                tree.insert(key, Least(value));
                list.push((key, value));
                list.sort_unstable();
            }
            let (after, most) = (random.below(60), random.below(22));
            let is_small = |least: Least| least.0 <= most;
            let suits = |&&(_, value): &&(u64, u64)| value <= most;
            let first = list.iter().find(suits).map(|&(key, _)| key);
            assert_eq!(tree.first_after(None, is_small), first);
            let later = list.iter().filter(|&&(key, _)| key > after);
            let next = later.clone().find(suits).map(|&(key, _)| key);
            assert_eq!(tree.first_after(Some(&after), is_small), next);
            let place = random.place(list.len() + 2);
            assert_eq!(tree.nth(place as u64), list.get(place).map(|&(key, _)| key));
            let before = list.iter().filter(|&&(other, _)| other < key).count();
            assert_eq!(tree.count_before(|&other| other < key), before as u64);
            assert_eq!(tree.len(), list.len() as u64);
            assert_eq!(tree.is_empty(), list.is_empty());
        }
    }
}

#[test]
fn shares_are_compared_exactly_where_numbers_are_largest() {
    let most = Resources {
        cpu_millis: u64::MAX,
        memory_bytes: u64::MAX,
    };
    let pool = Pool::new(most);
    let almost = Resources {
        cpu_millis: u64::MAX - 1,
        memory_bytes: 0,
    };
    let share = |held, weight| pool.share(held, weight);
    assert!(share(almost, 1) < share(most, 1));
    assert!(share(almost, u32::MAX) < share(most, u32::MAX));
    assert!(share(most, u32::MAX) < share(almost, u32::MAX - 1));
    assert!(share(Resources::default(), 7) == share(Resources::default(), 1));
    assert!(share(most, 0) == share(most, 1), "no weight counts as 1");
    assert_eq!(pool.share_millis(most), 1000);
    assert!(pool.usage(most, u64::MAX, 1) > pool.usage(most, u64::MAX, 2));
    assert!(pool.usage(Resources::default(), 0, u32::MAX) > 0);
}

#[test]
fn a_product_of_more_than_64_bits_is_carried() {
    let pool = Pool::new(Resources {
        cpu_millis: 1,
        memory_bytes: 1,
    });
    let held = |bits: u32| Resources {
        cpu_millis: 1 << bits,
        memory_bytes: 0,
    };
    assert!(pool.share(held(63), 3) > pool.share(held(62), 2));
}

#[test]
fn halves_of_different_resources_are_the_same_share() {
    let pool = Pool::new(Resources {
        cpu_millis: 2_000,
        memory_bytes: 10,
    });
    let cpu = Resources {
        cpu_millis: 1_000,
        memory_bytes: 1,
    };
    let memory = Resources {
        cpu_millis: 1,
        memory_bytes: 5,
    };
    assert!(pool.share(cpu, 3) == pool.share(memory, 3));
    assert!(pool.share(cpu, 2) > pool.share(memory, 3));
    assert_eq!(pool.share_millis(memory), 500);
}

#[test]
fn what_a_user_holds_and_may_still_have_can_be_asked() {
    let mut world = World::of(10);
    world.set(super::world::HERE, super::world::job(1, 1), 4);
    world.set_terms(1, super::world::slots_max(7));
    world.fill();
    assert_eq!(world.queues.held(UserId(1)).slots, 4);
    assert_eq!(world.queues.share_millis(UserId(1)), 400);
    assert_eq!(world.queues.accounts.room(UserId(1), SLOT), 3);
    assert!(world.queues.accounts.room(UserId(2), SLOT) > 1 << 40);
    assert_eq!(world.queues.terms(UserId(1)).quota.slots, 7);
}

#[test]
#[should_panic(expected = "closed while it is in use")]
fn a_sub_cluster_in_use_is_not_closed() {
    let mut world = World::of(1);
    world.set(super::world::HERE, super::world::job(1, 1), 1);
    world.queues.close(super::world::HERE);
}

#[test]
fn a_sub_cluster_that_is_empty_is_closed_and_can_be_opened_again() {
    let mut world = World::of(1);
    world.queues.close(super::world::HERE);
    world.queues.open(super::world::HERE, SLOT);
    world.set(super::world::HERE, super::world::job(1, 1), 1);
    assert!(world.start_next(super::world::HERE).is_some());
}
