//! Random courses: each pick is compared with a plain model's (M4), and after each step what must always hold is checked.

use std::collections::BTreeMap;
use std::vec::Vec;

use super::random::Random;
use super::reference::{easy, fair_share, first_come};
use super::world::{HOUR_MS, SLOT, World};
use crate::queues::{Entry, Pick};
use crate::{JobId, Quota, Resources, SubclusterId, Terms, UnixMillis, UserId};

const STEPS: u64 = 150;
const WIDE: Resources = Resources {
    cpu_millis: 50,
    memory_bytes: 3 << 20,
};

/// Who comes in a course, and with what.
#[derive(Clone, Copy, Debug)]
struct Kind {
    users: u64,
    gangs: Gangs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gangs {
    Some,
    None,
}

#[derive(Debug)]
struct Course {
    kind: Kind,
    random: Random,
    world: World,
    jobs: u64,
}

impl Course {
    fn new(seed: u64, kind: Kind) -> Self {
        let mut random = Random(seed);
        let shapes = [SLOT, WIDE, SLOT];
        let count = 1 + random.place(3);
        let slots: Vec<_> = shapes[..count]
            .iter()
            .map(|&shape| (1 + random.below(6), shape))
            .collect();
        Self {
            kind,
            world: World::new(&slots),
            random,
            jobs: 0,
        }
    }

    fn subcluster(&mut self) -> SubclusterId {
        let all: Vec<_> = self.world.slots.keys().copied().collect();
        self.random.one_of(&all)
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0..5 => self.submit(),
            5..8 => self.end(),
            8 | 9 => self.world.now += self.random.one_of(&[0, 1, 300, 2000, HOUR_MS / 3]),
            10 => self.change_job(),
            _ if self.random.once_in(3) => self.change_terms(),
            _ if self.random.once_in(3) => self.resize(),
            _ => {}
        }
    }

    fn submit(&mut self) {
        self.jobs += 1;
        let entry = Entry {
            job: JobId(self.jobs),
            user: UserId(self.random.below(self.kind.users)),
            priority: self.random.one_of(&[-1, 0, 0, 2]),
            since: UnixMillis(self.world.now),
            gang: self.kind.gangs == Gangs::Some && self.random.once_in(3),
            spare: 0,
            timeout_ms: self
                .random
                .one_of(&[1, 200, 300, 1000, 3000, HOUR_MS, u64::MAX]),
        };
        let (subcluster, tasks) = (self.subcluster(), 1 + self.random.below(5));
        self.world.set(subcluster, entry, tasks);
    }

    fn end(&mut self) {
        if !self.world.running.is_empty() {
            let place = self.random.place(self.world.running.len());
            self.world.end(place);
        }
    }

    /// Some of a job's tasks are cancelled or come back, or it has another priority.
    fn change_job(&mut self) {
        if self.world.waiting.is_empty() {
            return;
        }
        let place = self.random.place(self.world.waiting.len());
        let mut job = self.world.waiting[place];
        if self.random.once_in(3) {
            job.entry.priority += 1;
        }
        let ready = self.random.below(5);
        self.world.set(job.subcluster, job.entry, ready);
    }

    fn change_terms(&mut self) {
        let user = self.random.below(self.kind.users);
        let quota = Quota {
            slots: self.random.one_of(&[0, 1, 3, u64::MAX]),
            cpu_millis: self.random.one_of(&[120, 450, u64::MAX]),
            memory_bytes: self.random.one_of(&[5 << 20, 9 << 20, u64::MAX]),
            ..Quota::UNLIMITED
        };
        let weight = self.random.one_of(&[1, 1, 2, 3, 7]);
        self.world.set_terms(user, Terms { weight, quota });
    }

    fn resize(&mut self) {
        let (subcluster, slots) = (self.subcluster(), 1 + self.random.below(7));
        self.world.resize(subcluster, slots);
    }

    /// Starts all that can start in one sub-cluster, and compares each answer with the model's.
    fn fill(&mut self, mut model: impl FnMut(&World, SubclusterId) -> Option<Pick>) -> u64 {
        let subcluster = self.subcluster();
        for picks in 0.. {
            let expected = model(&self.world, subcluster);
            let pick = self.world.next(subcluster);
            assert_eq!(pick, expected, "in {subcluster:?} of {:#?}", self.world);
            let Some(pick) = pick else { return picks };
            self.world.start(subcluster, pick);
            self.check_quotas(pick.job);
            self.check_accounts();
        }
        0
    }

    /// Who just started something is within quota.
    fn check_quotas(&self, job: JobId) {
        let running = self.world.running.iter();
        let mut of_job = running.filter(|one| one.holder.attempt.job == job);
        let user = of_job.next().expect("it was started").holder.user;
        let (held, quota) = (self.world.held_amount(user), self.world.terms(user).quota);
        assert!(self.world.held(user.0) <= quota.slots, "{user:?}");
        assert!(held.cpu_millis <= quota.cpu_millis, "{user:?}");
        assert!(held.memory_bytes <= quota.memory_bytes, "{user:?}");
    }

    fn check_accounts(&self) {
        for user in (0..self.kind.users).map(UserId) {
            let held = self.world.queues.held(user);
            assert_eq!(held.slots, self.world.held(user.0));
            assert_eq!(held.amount, self.world.held_amount(user));
        }
        for &subcluster in self.world.slots.keys() {
            let waiting = self.world.waiting.iter();
            let here: Vec<_> = waiting.filter(|one| one.subcluster == subcluster).collect();
            let queues = &self.world.queues;
            assert_eq!(queues.jobs(subcluster), here.len() as u64);
            let tasks: u64 = here.iter().map(|one| one.ready).sum();
            assert_eq!(queues.tasks(subcluster), tasks);
        }
    }
}

/// Answers how many picks were compared.
fn compare(kind: Kind, seeds: u64, model: impl Fn(&World, SubclusterId) -> Option<Pick>) -> u64 {
    let mut picks = 0;
    for seed in 0..seeds {
        std::println!("seed {seed}");
        let mut course = Course::new(seed, kind);
        for _ in 0..STEPS {
            course.step();
            picks += course.fill(&model);
        }
    }
    picks
}

#[test]
fn m04_one_user_is_served_as_first_come_first_served_has_it() {
    let kind = Kind {
        users: 1,
        gangs: Gangs::None,
    };
    // Terms that bound nothing: first come knows no quota.
    for seed in 0..200 {
        std::println!("seed {seed}");
        let mut course = Course::new(seed, kind);
        for _ in 0..STEPS {
            course.step();
            course.world.set_terms(0, Terms::default());
            course.fill(first_come);
        }
    }
}

#[test]
fn m04_s10_users_are_served_as_sorting_everything_has_it_and_within_quota() {
    let kind = Kind {
        users: 5,
        gangs: Gangs::None,
    };
    let picks = compare(kind, 400, fair_share);
    assert!(picks > 10_000, "{picks} picks are few");
}

#[test]
fn m04_s10_gangs_are_served_as_brute_force_has_it_and_within_quota() {
    let kind = Kind {
        users: 4,
        gangs: Gangs::Some,
    };
    for seed in 0..600 {
        std::println!("seed {seed}");
        let mut course = Course::new(seed, kind);
        let mut holders = BTreeMap::new();
        for _ in 0..STEPS {
            course.step();
            let waiting = course.world.waiting.clone();
            // A gang that left has lost what it was promised, also when it comes back.
            holders.retain(|&subcluster, &mut job| {
                let mut jobs = waiting.iter();
                jobs.any(|one| (one.subcluster, one.entry.job) == (subcluster, job))
            });
            course.fill(|world, subcluster| easy(world, subcluster, &mut holders));
        }
    }
}
