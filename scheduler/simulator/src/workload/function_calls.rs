//! Function calls: the rates of the modules span eight decades, half of the modules run for less than a millisecond on
//! average, and timers go off together at the start of each minute. A fifth of the modules and more is never called.

use std::collections::VecDeque;

use sublet_scheduler::UserId;

use super::{Deed, MINUTE_US, Room, Runs, SECOND_US, Scale, Submission, Workload, honest};
use crate::random::{Random, whole};
use crate::workload::Act;
use crate::world::{SHORT, amount};

const MODULES: u32 = 1_000;
const USERS: u64 = 20;
/// The most popular module is called this many times as often as the least popular one.
const DECADES: f64 = 8.0;
/// Average run times are lognormal in seconds of a cloud's functions, and a thousandth of that here.
const MU: f64 = -0.38;
const SIGMA: f64 = 2.36;
const SECONDS_TO_US: f64 = 1_000.0;
/// Calls in a hundred that a timer makes.
const TIMERS_PERCENT: u64 = 10;
/// Calls are spread over this long at least, so that there are minutes to begin.
const SPAN_LEAST_US: u64 = 5 * MINUTE_US;
/// How late after the minute a timer goes off.
const TIMER_DELAY_US: u64 = SECOND_US / 2;

pub(super) fn workload(seed: u64, scale: Scale, room: Room) -> Workload {
    let modules = Modules::of(seed);
    let least_us = SPAN_LEAST_US as f64 / scale.jobs.max(1) as f64;
    let gap_us = scale.gap_us(modules.mean_us(), room.short, least_us);
    let calls = Calls {
        random: Random::of(seed, 1),
        modules,
        per_minute: whole(MINUTE_US as f64 / gap_us).max(1),
        left: scale.jobs,
        minute: 0,
        ready: VecDeque::new(),
    };
    Workload {
        customers: honest("tenant", 0..USERS),
        deeds: Box::new(calls),
    }
}

/// What is fixed about the modules.
struct Modules {
    /// Sums of the rates up to each module, the last one 1.
    popularity: Vec<f64>,
    average_us: Vec<f64>,
}

impl Modules {
    fn of(seed: u64) -> Self {
        let mut random = Random::of(seed, 0);
        let exponent = DECADES / f64::from(MODULES).log10();
        let rates: Vec<f64> = (1..=MODULES)
            .map(|rank| f64::from(rank).powf(-exponent))
            .collect();
        let all: f64 = rates.iter().sum();
        let sums = rates.iter().scan(0.0, |sum, rate| {
            *sum += rate / all;
            Some(*sum)
        });
        let average_us = (0..MODULES).map(|_| random.lognormal(MU, SIGMA) * SECONDS_TO_US);
        Self {
            popularity: sums.collect(),
            average_us: average_us.collect(),
        }
    }

    fn mean_us(&self) -> f64 {
        let mut before = 0.0;
        let shares = self.popularity.iter().map(|&sum| {
            let share = sum - before;
            before = sum;
            share
        });
        shares
            .zip(&self.average_us)
            .map(|(share, us)| share * us)
            .sum()
    }

    fn draw(&self, random: &mut Random) -> usize {
        let at = random.unit();
        let last = self.popularity.len() - 1;
        self.popularity.partition_point(|&sum| sum < at).min(last)
    }
}

/// The calls, made one minute at a time so that those of its start can be put in order.
struct Calls {
    random: Random,
    modules: Modules,
    per_minute: u64,
    left: u64,
    minute: u64,
    ready: VecDeque<Deed>,
}

impl Calls {
    fn prepare_minute(&mut self) {
        let calls = self.per_minute.min(self.left);
        self.left -= calls;
        let start = self.minute * MINUTE_US;
        self.minute += 1;
        // The last minute may be cut short, and keeps the rate of the others.
        let length = whole(MINUTE_US as f64 * calls as f64 / self.per_minute as f64).max(1);
        let mut deeds: Vec<_> = (0..calls).map(|_| self.call(start, length)).collect();
        deeds.sort_by_key(|deed| deed.at_us);
        self.ready = deeds.into();
    }

    fn call(&mut self, start_us: u64, length_us: u64) -> Deed {
        let span_us = if self.random.percent(TIMERS_PERCENT) {
            TIMER_DELAY_US
        } else {
            length_us
        };
        let at_us = start_us + self.random.below(span_us);
        let module = self.modules.draw(&mut self.random);
        let mean_us = self.modules.average_us[module];
        let run_us = whole(self.random.exponential(mean_us)).max(1);
        let module = u32::try_from(module).expect("modules are few");
        let mut job = Submission::plain(0, "call", amount(250, [32, 64, 256][module as usize % 3]));
        job.user = UserId(u64::from(module) % USERS);
        job.module = module;
        job.timeout_ms = (run_us / 1_000 * 4).clamp(1_000, SHORT.timeout_ms_max);
        job.runs = Runs::Equal(run_us);
        Deed {
            at_us,
            act: Act::Submit(job),
        }
    }
}

impl Iterator for Calls {
    type Item = Deed;

    fn next(&mut self) -> Option<Deed> {
        if self.ready.is_empty() && self.left > 0 {
            self.prepare_minute();
        }
        self.ready.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{MODULES, Modules, SECOND_US};
    use crate::workload::{Act, Kind, Scale};

    const SCALE: Scale = Scale {
        jobs: 200_000,
        hosts: 8,
        load_percent: 70,
    };

    #[test]
    fn rates_span_eight_decades() {
        let sums = Modules::of(1).popularity;
        let last = sums.len() - 1;
        let decades = (sums[0] / (sums[last] - sums[last - 1])).log10();
        assert!((decades - 8.0).abs() < 0.01, "{decades}");
    }

    #[test]
    fn w1_a_fifth_of_the_modules_is_idle() {
        for seed in 1..=3 {
            let mut called = BTreeSet::new();
            for deed in Kind::FunctionCalls.workload(seed, SCALE).deeds {
                if let Act::Submit(job) = deed.act {
                    called.insert(job.module);
                }
            }
            let idle = MODULES as usize - called.len();
            assert!(idle * 5 >= MODULES as usize, "seed {seed}: {idle} are idle");
        }
    }

    #[test]
    fn w1_half_of_the_modules_run_for_less_than_a_millisecond() {
        for seed in 1..=20 {
            let averages = Modules::of(seed).average_us;
            let quick = averages.iter().filter(|&&us| us < 1_000.0).count();
            assert!(
                quick * 2 >= MODULES as usize,
                "seed {seed}: {quick} of {MODULES}"
            );
        }
    }

    #[test]
    fn w1_the_start_of_each_minute_has_three_times_the_mean() {
        for seed in 1..=3 {
            let mut seconds: BTreeMap<u64, u64> = BTreeMap::new();
            for deed in Kind::FunctionCalls.workload(seed, SCALE).deeds {
                *seconds.entry(deed.at_us / SECOND_US).or_default() += 1;
            }
            let last = *seconds.last_key_value().expect("there are calls").0;
            let mean = SCALE.jobs / (last + 1);
            for start in (0..=last).step_by(60).filter(|start| start + 60 <= last) {
                let peak = seconds[&start];
                assert!(
                    peak >= 3 * mean,
                    "seed {seed}, second {start}: {peak} of {mean}"
                );
            }
        }
    }
}
