//! How fast it decides. To be run by hand, in release:
//! `cargo test --release -p sublet-scheduler --lib decisions_per_second -- --ignored --nocapture`

use std::time::Instant;
use std::vec::Vec;

use super::random::Random;
use super::world::{HOUR_MS, SLOT};
use crate::queues::{Entry, Holder, Queues};
use crate::{AttemptId, JobId, Resources, SubclusterId, Terms, UnixMillis, UserId};

const USERS: u64 = 1_000;
const SUBCLUSTERS: u32 = 100;
const SLOTS_EACH: usize = 20;
const DECISIONS: u32 = 300_000;

#[derive(Debug)]
struct Bench {
    queues: Queues,
    random: Random,
    running: Vec<(SubclusterId, AttemptId)>,
    now: UnixMillis,
}

impl Bench {
    fn new(jobs: u64) -> Self {
        let mut queues = Queues::new(Terms::default(), HOUR_MS);
        let slots = u64::from(SUBCLUSTERS) * SLOTS_EACH as u64;
        for number in 0..SUBCLUSTERS {
            queues.open(SubclusterId(number), SLOT);
        }
        queues.set_pool(Resources {
            cpu_millis: SLOT.cpu_millis * slots,
            memory_bytes: SLOT.memory_bytes * slots,
        });
        let mut bench = Self {
            queues,
            random: Random(1),
            running: Vec::new(),
            now: UnixMillis(1),
        };
        for number in 0..jobs {
            let subcluster = bench.random.below(u64::from(SUBCLUSTERS));
            let subcluster = u32::try_from(subcluster).expect("there are few");
            bench.submit(SubclusterId(subcluster), number);
        }
        bench
    }

    fn entry(&mut self, number: u64) -> Entry {
        Entry {
            job: JobId(number),
            // Always the same user for a job, spread evenly.
            user: UserId(number.wrapping_mul(7919) % USERS),
            priority: 0,
            since: UnixMillis(1),
            gang: false,
            spare: 0,
            timeout_ms: 1 + number % 1000,
        }
    }

    /// A job of so many tasks that none of them leaves the queue.
    fn submit(&mut self, subcluster: SubclusterId, number: u64) {
        let entry = self.entry(number);
        self.queues.set(subcluster, &entry, u64::from(u32::MAX));
    }

    /// Asks once and starts the pick, as the scheduler does.
    fn decide(&mut self, subcluster: SubclusterId, number: u32) {
        let pick = self.queues.next(self.now, subcluster, 1);
        let Some(pick) = pick else { return };
        let entry = self.entry(pick.job.0);
        let attempt = AttemptId {
            job: pick.job,
            task: number,
            number: 1,
        };
        let holder = Holder {
            is_of_gang: false,
            user: entry.user,
            attempt,
        };
        self.queues
            .started(self.now, subcluster, holder, entry.timeout_ms);
        let left = u64::from(u32::MAX) - u64::from(number);
        self.queues.set(subcluster, &entry, left);
        self.running.push((subcluster, attempt));
    }

    fn end_any(&mut self) -> SubclusterId {
        let place = self.random.place(self.running.len());
        let (subcluster, attempt) = self.running.swap_remove(place);
        self.queues.ended(self.now, subcluster, attempt);
        subcluster
    }
}

#[test]
#[ignore = "a measurement, to be run in release"]
fn decisions_per_second() {
    for jobs in [1_000, 100_000, 1_000_000] {
        let mut bench = Bench::new(jobs);
        for number in 0..SUBCLUSTERS {
            for place in 0..SLOTS_EACH {
                let task = number * 1000 + u32::try_from(place).expect("there are few");
                bench.decide(SubclusterId(number), task);
            }
        }
        let start = Instant::now();
        for number in 0..DECISIONS {
            bench.now = bench.now.plus(u64::from(number % 10 == 0));
            let subcluster = bench.end_any();
            bench.decide(subcluster, 1_000_000 + number);
        }
        let per_second = f64::from(DECISIONS) / start.elapsed().as_secs_f64();
        std::println!(
            "{jobs} jobs queued: {per_second:.0} decisions per second (ended + next + started + set)"
        );
    }
}
