//! The mix of a cluster: sizes over ten decades with a tail so heavy that one job of a hundred is nearly all of the
//! work, and the largest few decide how busy the pool is.

use sublet_scheduler::UserId;

use super::{Act, Deed, Room, Runs, SECOND_US, Scale, Submission, Workload, honest};
use crate::random::{Random, whole};
use crate::world::{LONG, MEDIUM, SHORT, amount};

const USERS: u64 = 12;
const INDEX: f64 = 0.7;
/// Seconds of processor time of the smallest and of the largest job.
const LEAST_S: f64 = 1e-6;
const MOST_S: f64 = 1e4;
/// All jobs together take this long to arrive at least.
const SPAN_LEAST_US: f64 = 10.0 * SECOND_US as f64;

pub(super) fn workload(seed: u64, scale: Scale, room: Room) -> Workload {
    let least_us = SPAN_LEAST_US / scale.jobs.max(1) as f64;
    let gap_us = scale.gap_us(mean_us(), room.all, least_us);
    let mut random = Random::of(seed, 0);
    let mut at_us = 0.0;
    let deeds = (0..scale.jobs).map(move |_| {
        at_us += random.exponential(gap_us);
        Deed {
            at_us: whole(at_us),
            act: Act::Submit(job(&mut random)),
        }
    });
    Workload {
        customers: honest("team", 0..USERS),
        deeds: Box::new(deeds),
    }
}

/// The mean of the bounded tail, by its formula.
fn mean_us() -> f64 {
    let cut = 1.0 - (LEAST_S / MOST_S).powf(INDEX);
    let rest = 1.0 - INDEX;
    INDEX / rest * LEAST_S.powf(INDEX) * (MOST_S.powf(rest) - LEAST_S.powf(rest)) / cut
        * SECOND_US as f64
}

/// Declares up to eight times what it takes, and memory by its length.
fn job(random: &mut Random) -> Submission {
    let run_us = whole(random.bounded_pareto(INDEX, LEAST_S, MOST_S) * SECOND_US as f64).max(1);
    let declared_ms = (run_us / 1_000 * (2 + random.below(7))).max(1_000);
    let (class, want) = if declared_ms <= SHORT.timeout_ms_max {
        ("short", amount(250, 128))
    } else if declared_ms <= MEDIUM.timeout_ms_max {
        ("medium", amount(500, 512))
    } else {
        ("long", LONG.slot)
    };
    let mut job = Submission::plain(0, class, want);
    // Low numbers are the busy teams.
    job.user = UserId(random.below(USERS).min(random.below(USERS)));
    job.timeout_ms = declared_ms;
    job.runs = Runs::Equal(run_us);
    job.module = random.below_u32(100);
    job
}

#[cfg(test)]
mod tests {
    use crate::workload::{Act, Kind, Runs, Scale};

    /// Fewer jobs miss the rare giants, and with them the tail.
    const JOBS: u64 = 1_000_000;

    #[test]
    fn w2_one_job_of_a_hundred_has_nearly_all_of_the_work() {
        for seed in 1..=3 {
            let scale = Scale {
                jobs: JOBS,
                hosts: 8,
                load_percent: 70,
            };
            let deeds = Kind::ClusterMix.workload(seed, scale).deeds;
            let mut works: Vec<u64> = deeds.filter_map(|deed| work(&deed.act)).collect();
            works.sort_unstable();
            let all: u64 = works.iter().sum();
            let top: u64 = works.iter().rev().take(works.len() / 100).sum();
            assert!(top * 100 >= all * 95, "seed {seed}: {top} of {all}");
        }
    }

    fn work(act: &Act) -> Option<u64> {
        match act {
            Act::Submit(job) => match job.runs {
                Runs::Equal(us) => Some(us),
                Runs::Around { .. } => None,
            },
            _ => None,
        }
    }
}
