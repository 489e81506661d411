//! Long batch jobs: gangs whose sizes are mostly powers of two, arriving in clumps and by day more than by night, with
//! timeouts that are far too long and, now and then, too short.

use std::f64::consts::TAU;

use sublet_scheduler::{Restart, UserId};

use super::{
    Act, Deed, Ending, MINUTE_US, Room, Runs, SECOND_US, Scale, Shape, Submission, Workload, honest,
};
use crate::random::{Random, whole};
use crate::world::LONG;

const USERS: u64 = 8;
const DAY_US: f64 = (24 * 60 * MINUTE_US) as f64;
/// Gaps of a gamma distribution with a shape below 1 come in clumps.
const CLUMPING: f64 = 0.45;
/// By how much the rate swings around its mean over a day.
const SWING: f64 = 0.7;
/// Sizes in a hundred that are drawn from the powers of two. Some of the others hit one by chance.
const POWERS_PERCENT: u64 = 65;
/// No gang has more tasks than this, nor more than half of the slots there are.
const SIZE_MAX: u64 = 64;
/// Lognormal run times: the median is eight minutes.
const MEDIAN_S: f64 = 480.0;
const SIGMA: f64 = 1.0;
/// Jobs in a hundred that run beyond their timeout, and that fail by themselves.
const OVERRUN_PERCENT: u64 = 3;
const FAILING_PERCENT: u64 = 4;
/// The part of its timeout that a job uses is an even draw to this power: 58 in 100 use less than a fifth.
const OVERESTIMATE: i32 = 3;
/// Limits that people type, in minutes.
const USUAL_MINUTES: [u64; 8] = [10, 30, 60, 120, 240, 720, 1_440, 10_080];

pub(super) fn workload(seed: u64, scale: Scale, room: Room) -> Workload {
    let sizes = Sizes::up_to((room.long / 2).clamp(1, SIZE_MAX));
    let mean_run_us = MEDIAN_S * (SIGMA * SIGMA / 2.0).exp() * SECOND_US as f64;
    let gap_us = scale.gap_us(mean_run_us * sizes.mean(), room.long, 1.0);
    let mut random = Random::of(seed, 0);
    let mut at_us = 0.0;
    let deeds = (0..scale.jobs).map(move |_| {
        let rate = 1.0 + SWING * (TAU * at_us / DAY_US).sin();
        at_us += random.gamma(CLUMPING, gap_us / CLUMPING) / rate;
        Deed {
            at_us: whole(at_us),
            act: Act::Submit(job(&mut random, sizes)),
        }
    });
    Workload {
        customers: honest("lab", 0..USERS),
        deeds: Box::new(deeds),
    }
}

/// The sizes of gangs.
#[derive(Clone, Copy)]
struct Sizes {
    most: u64,
    /// The powers of two up to it: 1, 2, 4 …
    powers: u32,
}

impl Sizes {
    const fn up_to(most: u64) -> Self {
        Self {
            most,
            powers: most.ilog2() + 1,
        }
    }

    fn draw(self, random: &mut Random) -> u64 {
        if random.percent(POWERS_PERCENT) {
            1 << random.below(u64::from(self.powers))
        } else {
            1 + random.below(self.most)
        }
    }

    fn mean(self) -> f64 {
        let powers = ((1_u64 << self.powers) - 1) as f64 / f64::from(self.powers);
        let others = (1 + self.most) as f64 / 2.0;
        let part = POWERS_PERCENT as f64 / 100.0;
        part * powers + (1.0 - part) * others
    }
}

fn job(random: &mut Random, sizes: Sizes) -> Submission {
    let tasks = sizes.draw(random);
    let run_us = whole(random.lognormal(MEDIAN_S.ln(), SIGMA) * SECOND_US as f64).max(SECOND_US);
    let mut job = Submission::plain(0, "batch", LONG.slot);
    job.user = UserId(random.below(USERS));
    job.tasks = u32::try_from(tasks).expect("gangs are small");
    job.shape = if tasks > 1 { Shape::Gang } else { Shape::Array };
    job.timeout_ms = declared_ms(random, run_us);
    job.runs = Runs::Equal(run_us);
    job.restart = Restart::OnFailure {
        retries: 1,
        backoff_ms: 5_000,
    };
    if random.percent(FAILING_PERCENT) {
        job.ending = Ending::Fails;
    }
    job
}

/// The usual limit above what the user fears; for some, one that is too short.
fn declared_ms(random: &mut Random, run_us: u64) -> u64 {
    if random.percent(OVERRUN_PERCENT) {
        return (run_us / 2_000).max(1);
    }
    let part = random.unit().powi(OVERESTIMATE).max(1e-3);
    let feared_minutes = whole(run_us as f64 / part / MINUTE_US as f64) + 1;
    let usual = USUAL_MINUTES
        .into_iter()
        .find(|&usual| usual >= feared_minutes);
    usual.unwrap_or(feared_minutes) * 60_000
}

#[cfg(test)]
mod tests {
    use super::DAY_US;
    use crate::workload::{Act, Deed, Kind, Runs, Scale, Submission};

    const SCALE: Scale = Scale {
        jobs: 20_000,
        hosts: 32,
        load_percent: 70,
    };

    fn jobs(seed: u64) -> Vec<(u64, Submission)> {
        let submitted = |deed: Deed| match deed.act {
            Act::Submit(job) => Some((deed.at_us, job)),
            _ => None,
        };
        let deeds = Kind::LongBatch.workload(seed, SCALE).deeds;
        deeds.filter_map(submitted).collect()
    }

    #[test]
    fn w3_most_sizes_are_powers_of_two() {
        for seed in 1..=3 {
            let jobs = jobs(seed);
            let powers = jobs
                .iter()
                .filter(|(_, job)| job.tasks.is_power_of_two())
                .count();
            assert!(powers * 100 >= jobs.len() * 60, "seed {seed}: {powers}");
        }
    }

    #[test]
    fn w3_half_of_the_jobs_use_less_than_a_fifth_of_their_timeout() {
        for seed in 1..=3 {
            let jobs = jobs(seed);
            let is_over = |job: &Submission| match job.runs {
                Runs::Equal(us) => us / 1_000 * 5 < job.timeout_ms,
                Runs::Around { .. } => false,
            };
            let generous = jobs.iter().filter(|(_, job)| is_over(job)).count();
            assert!(generous * 2 >= jobs.len(), "seed {seed}: {generous}");
        }
    }

    #[test]
    fn w3_days_are_busier_than_nights() {
        let jobs = jobs(1);
        let by_day = |at_us: u64| (at_us as f64 / DAY_US).fract() < 0.5;
        let last_day = (jobs[jobs.len() - 1].0 as f64 / DAY_US).floor() * DAY_US;
        let whole_days = || jobs.iter().filter(|(at_us, _)| (*at_us as f64) < last_day);
        let day = whole_days().filter(|(at_us, _)| by_day(*at_us)).count();
        let night = whole_days().count() - day;
        assert!(day > night * 3 / 2, "{day} by day, {night} by night");
    }

    #[test]
    fn w3_gaps_come_in_clumps() {
        let jobs = jobs(1);
        let gaps: Vec<f64> = jobs
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0) as f64)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!(
            variance > 1.5 * mean * mean,
            "even gaps: {mean}, {variance}"
        );
    }
}
