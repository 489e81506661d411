//! Plain models of whose turn it is: they look at everything each time, and remember nothing but usage and promises.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::vec::Vec;

use super::world::{HOUR_MS, Waiting, World};
use crate::queues::Pick;
use crate::{JobId, Resources, SubclusterId, UserId};

/// First come, first served, among the jobs of one user.
pub(crate) fn first_come(world: &World, subcluster: SubclusterId) -> Option<Pick> {
    let first = waiting_in(world, subcluster).min_by_key(|job| place_within_user(world, job));
    first
        .filter(|_| world.free(subcluster) > 0)
        .map(|job| pick(&job))
}

/// Fair share, for jobs that are no gangs: sort everything.
pub(crate) fn fair_share(world: &World, subcluster: SubclusterId) -> Option<Pick> {
    let jobs = in_order(world, subcluster);
    let first = jobs.into_iter().find(|_| world.free(subcluster) > 0)?;
    Some(pick(&first))
}

/// Fair share with one reservation for the first gang that does not fit; `holders` remembers who has it.
pub(crate) fn easy(
    world: &World,
    subcluster: SubclusterId,
    holders: &mut BTreeMap<SubclusterId, JobId>,
) -> Option<Pick> {
    let free = world.free(subcluster);
    if free == 0 {
        return None;
    }
    let all_slots = world.slots[&subcluster].0;
    let mut jobs = in_order(world, subcluster);
    jobs.retain(|job| pick(job).tasks <= all_slots);
    let holder = holders.remove(&subcluster);
    let head = jobs.iter().find(|job| Some(job.entry.job) == holder);
    let head = pick(head.or_else(|| jobs.first())?);
    if head.tasks <= free {
        return Some(head);
    }
    holders.insert(subcluster, head.job);
    let ends = |by: u64| {
        let running = world.running.iter();
        let ended =
            running.filter(|one| one.subcluster == subcluster && one.until.max(world.now) <= by);
        free + ended.count() as u64
    };
    let instants = world.running.iter().map(|one| one.until.max(world.now));
    let at = instants.filter(|&at| ends(at) >= head.tasks).min()?;
    let spare = ends(at) - head.tasks;
    let passes = |job: &&Waiting| {
        let (tasks, timeout) = (pick(job).tasks, job.entry.timeout_ms);
        timeout < u64::MAX && tasks <= free && (tasks <= spare || world.now + timeout <= at)
    };
    jobs.iter().find(passes).map(pick)
}

fn pick(job: &Waiting) -> Pick {
    Pick {
        job: job.entry.job,
        tasks: if job.entry.gang { job.ready } else { 1 },
    }
}

fn waiting_in(world: &World, subcluster: SubclusterId) -> impl Iterator<Item = Waiting> {
    let waiting = world.waiting.iter().copied();
    waiting.filter(move |job| job.subcluster == subcluster)
}

/// Everybody whose quota allows it, first the one whose turn it is.
fn in_order(world: &World, subcluster: SubclusterId) -> Vec<Waiting> {
    let slot = world.slots[&subcluster].1;
    let mut jobs: Vec<Waiting> = waiting_in(world, subcluster)
        .filter(|job| has_room(world, job.entry.user, pick(job).tasks, slot))
        .collect();
    jobs.sort_by(|one, other| {
        compare_users(world, one.entry.user, other.entry.user)
            .then_with(|| place_within_user(world, one).cmp(&place_within_user(world, other)))
    });
    jobs
}

type Place = (bool, (Reverse<i32>, u64, u64));

fn place_within_user(world: &World, job: &Waiting) -> Place {
    let Waiting { entry, .. } = job;
    let is_aged = entry.since.0 + HOUR_MS <= world.now;
    let priority = if is_aged { 0 } else { entry.priority };
    (!is_aged, (Reverse(priority), entry.since.0, entry.job.0))
}

fn compare_users(world: &World, one: UserId, other: UserId) -> Ordering {
    let weighted_share = |user, by: UserId| {
        let held = world.held_amount(user);
        let by_cpu = u128::from(held.cpu_millis) * u128::from(world.pool.memory_bytes);
        let by_memory = u128::from(held.memory_bytes) * u128::from(world.pool.cpu_millis);
        by_cpu.max(by_memory) * u128::from(world.terms(by).weight)
    };
    weighted_share(one, other)
        .cmp(&weighted_share(other, one))
        .then_with(|| world.usage.of(one).cmp(&world.usage.of(other)))
        .then(one.cmp(&other))
}

fn has_room(world: &World, user: UserId, tasks: u64, slot: Resources) -> bool {
    let (held, quota) = (world.held_amount(user), world.terms(user).quota);
    world.held(user.0) + tasks <= quota.slots
        && held.cpu_millis + tasks * slot.cpu_millis <= quota.cpu_millis
        && held.memory_bytes + tasks * slot.memory_bytes <= quota.memory_bytes
}

/// What each user has used over weight, worked out from the rule as it is written.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    used: BTreeMap<UserId, u128>,
    floor: u128,
}

impl Usage {
    fn of(&self, user: UserId) -> u128 {
        self.used.get(&user).copied().unwrap_or(0)
    }

    pub(crate) fn catches_up(&mut self, user: UserId) {
        let used = self.of(user).max(self.floor);
        self.used.insert(user, used);
    }

    pub(crate) fn add(&mut self, user: UserId, part: u128, millis: u64, weight: u32) {
        let usage = part * u128::from(millis) / u128::from(weight);
        *self.used.entry(user).or_default() += usage.max(1);
    }

    /// To be called after each change, with who is busy now and whose change it was.
    pub(crate) fn settle(&mut self, busy: &[UserId], last: UserId) {
        let least = busy.iter().map(|&user| self.of(user)).min();
        self.floor = self.floor.max(least.unwrap_or_else(|| self.of(last)));
    }
}
