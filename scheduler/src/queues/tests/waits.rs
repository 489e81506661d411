//! How long anybody waits: nobody starves (F2), and a promise to a gang is kept (F4).

use std::collections::BTreeMap;
use std::vec::Vec;

use super::random::Random;
use super::world::{HERE, Running, SLOT, World, job};
use crate::queues::Entry;
use crate::queues::question::Reservation;
use crate::{JobId, UnixMillis, UserId};

/// No attempt holds a slot for longer.
const RUN_MS: u64 = 1000;
/// Much longer than anybody waits who is not held back by the jobs of the same user.
const AGING_MS: u64 = 100 * RUN_MS;
const VICTIM: u64 = 50;
const VICTIMS_JOB: JobId = JobId(1);

fn rounds(users: u64, slots: u64) -> u64 {
    users.div_ceil(slots)
}

/// What a user waits at most who comes in or back.
fn newcomers_bound(users: u64, slots: u64) -> u64 {
    rounds(users, slots) * RUN_MS
}

/// What a user waits at most between two starts.
fn turns_bound(users: u64, slots: u64) -> u64 {
    (3 * rounds(users, slots) + 1) * RUN_MS
}

/// The others, who do what they can to come first: short and long attempts, and leaving to come back.
#[derive(Debug)]
struct Adversary {
    world: World,
    random: Random,
    users: Vec<u64>,
    jobs: u64,
}

impl Adversary {
    /// `users` in all, the victim among them. Some names come before the victim's and some after.
    fn new(seed: u64, users: u64, slots: u64) -> Self {
        let before = (1..users).filter(|other| other % 2 == 0);
        let after = (1..users).filter(|other| other % 2 == 1);
        let mut one = Self {
            world: World::aging(&[(slots, SLOT)], AGING_MS),
            random: Random(seed),
            users: before
                .map(|other| VICTIM - other)
                .chain(after.map(|other| VICTIM + other))
                .collect(),
            jobs: 100,
        };
        one.submit_missing();
        one
    }

    fn submit_missing(&mut self) {
        for user in self.users.clone() {
            let mut waiting = self.world.waiting.iter();
            if waiting.all(|one| one.entry.user != UserId(user)) {
                self.submit(user);
            }
        }
    }

    fn submit(&mut self, user: u64) {
        self.jobs += 1;
        let entry = Entry {
            timeout_ms: self.random.one_of(&[1, 10, RUN_MS, RUN_MS]),
            priority: 100,
            since: self.world.now(),
            ..job(self.jobs, user)
        };
        let tasks = self.random.one_of(&[1, 3, 1000]);
        self.world.set(HERE, entry, tasks);
    }

    /// Something ends, somebody leaves and another comes, and the slots are full again.
    fn step(&mut self) {
        self.world.end_due();
        for job in self.world.waiting.clone() {
            if job.entry.user != UserId(VICTIM) && self.random.once_in(4) {
                self.world.set(HERE, job.entry, 0);
            }
        }
        if self.random.once_in(2) {
            self.world.fill();
        }
        self.submit_missing();
        self.world.fill();
    }

    fn victim_runs(&self, job: JobId) -> bool {
        let is_it = |one: &Running| one.holder.attempt.job == job;
        self.world.running.iter().any(is_it)
    }
}

#[test]
fn f02_a_user_who_comes_in_waits_one_round_at_most() {
    let mut longest = 0;
    for seed in 0..300 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let (users, slots) = (2 + random.below(12), 1 + random.below(6));
        let mut others = Adversary::new(seed, users, slots);
        others.world.fill();
        for _ in 0..random.below(40) {
            others.step();
        }
        let came = others.world.now;
        others.world.set(HERE, job(VICTIMS_JOB.0, VICTIM), 1);
        others.world.fill();
        while !others.victim_runs(VICTIMS_JOB) {
            others.step();
            let waited = others.world.now - came;
            let bound = newcomers_bound(users, slots);
            assert!(waited <= bound, "{waited} ms of {bound} ms");
            longest = longest.max(waited * 100 / bound);
        }
    }
    assert!(
        longest > 60,
        "{longest} % of the bound: the adversary is none"
    );
}

#[test]
fn f02_a_user_with_work_starts_something_in_every_turn() {
    for seed in 0..200 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let (users, slots) = (2 + random.below(8), 1 + random.below(4));
        let mut others = Adversary::new(seed, users, slots);
        others
            .world
            .set(HERE, job(VICTIMS_JOB.0, VICTIM), 1_000_000);
        others.world.fill();
        let (mut left, mut last) = (1_000_000, 0);
        for _ in 0..400 {
            others.step();
            let now_left = others.world.job(HERE, VICTIMS_JOB).ready;
            if now_left < left {
                (left, last) = (now_left, others.world.now);
            }
            let (waited, bound) = (others.world.now - last, turns_bound(users, slots));
            assert!(waited <= bound, "{waited} ms of {bound} ms");
        }
    }
}

#[test]
fn f02_a_job_of_low_priority_starts_once_it_is_aged_and_its_elders_have() {
    for seed in 0..40 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let (users, slots) = (2 + random.below(4), 1 + random.below(3));
        let mut others = Adversary::new(seed, users, slots);
        let elder = Entry {
            priority: 5,
            ..job(2, VICTIM)
        };
        let elders = random.below(4);
        others.world.set(HERE, elder, elders);
        let low = Entry {
            priority: -5,
            ..job(VICTIMS_JOB.0, VICTIM)
        };
        others.world.set(HERE, low, 1);
        // Its own user has something younger and more urgent at any time.
        let urgent = Entry {
            priority: 9,
            ..job(3, VICTIM)
        };
        others.world.set(HERE, urgent, 1_000_000);
        others.world.fill();
        let bound = AGING_MS + (elders + 1) * turns_bound(users, slots);
        while !others.victim_runs(VICTIMS_JOB) {
            others.step();
            let waited = others.world.now;
            assert!(waited <= bound, "{waited} ms of {bound} ms");
        }
        assert!(others.world.now >= AGING_MS, "nothing urgent was before it");
    }
}

#[test]
fn f04_the_head_never_starts_later_than_first_promised() {
    let mut watch = Watch::default();
    for seed in 0..300 {
        std::println!("seed {seed}");
        let mut random = Random(seed);
        let mut world = World::of(6 + random.below(10));
        watch.promised.clear();
        for number in 1..120 {
            submit_any(&mut world, &mut random, number);
            watch.fill(&mut world);
            let until = world.now + random.below(300);
            while world.now <= until && !world.running.is_empty() {
                end_one_or_due(&mut world, &mut random);
                watch.fill(&mut world);
            }
            world.now = until.max(world.now);
        }
    }
    let Watch { kept, passed, .. } = watch;
    assert!(kept > 500 && passed > 150, "{kept} kept, {passed} passed");
}

/// What gangs were promised first, and what came of it.
#[derive(Debug, Default)]
struct Watch {
    promised: BTreeMap<JobId, UnixMillis>,
    kept: u64,
    passed: u64,
}

impl Watch {
    fn fill(&mut self, world: &mut World) {
        loop {
            self.note_promise(world);
            let Some(pick) = world.start_next(HERE) else {
                break;
            };
            if let Some(at) = self.promised.remove(&pick.job) {
                assert!(world.now() <= at, "{pick:?} was promised {at:?}");
                self.kept += 1;
            } else if !self.promised.is_empty() {
                self.passed += 1;
            }
        }
        self.note_promise(world);
    }

    fn note_promise(&mut self, world: &World) {
        let free = world.free(HERE);
        let reservation: Option<Reservation> = world.queues.reservation(world.now(), HERE, free);
        if let Some(gang) = reservation {
            let at = self.promised.entry(gang.holder);
            let at = at.or_insert(gang.promise.at);
            assert!(gang.promise.at <= *at, "{gang:?} was promised {at:?}");
        }
    }
}

fn submit_any(world: &mut World, random: &mut Random, number: u64) {
    let gang = random.once_in(5);
    let entry = Entry {
        gang,
        since: world.now(),
        timeout_ms: random.one_of(&[50, 200, 500, 1500]),
        ..job(number, random.below(4))
    };
    let most = if gang { world.slots[&HERE].0 } else { 3 };
    world.set(HERE, entry, 1 + random.below(most));
}

/// An attempt ends before its timeout, or time passes until one is at it.
fn end_one_or_due(world: &mut World, random: &mut Random) {
    if random.once_in(2) {
        let place = random.place(world.running.len());
        let next_due = world.running.iter().map(|one| one.until).min();
        let left = next_due.map_or(0, |at| at - world.now);
        world.now += random.below(left + 1);
        world.end(place);
    } else {
        world.end_due();
    }
}
