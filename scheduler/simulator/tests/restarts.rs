//! A server that is killed and starts again, and workers that say everything twice (M2).

use sublet_simulator::workload::Contest;
use sublet_simulator::{Kind, Scale, Setting, Trouble};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;

/// Loads in which it makes no difference to a task when it runs.
fn settings(seed: u64) -> Vec<Setting> {
    let scale = |jobs, hosts, load_percent| Scale {
        jobs,
        hosts,
        load_percent,
    };
    let contest = Contest {
        gangs_percent: 10,
        ..Contest::of(5)
    };
    vec![
        Setting::of(Kind::FunctionCalls, seed, scale(1_000, 2, 70)),
        Setting::of(Kind::ClusterMix, seed, scale(1_000, 2, 70)),
        Setting::of(Kind::LongBatch, seed, scale(300, 16, 90)),
        Setting::of(Kind::Bursts, seed, scale(300, 2, 70)),
        Setting::contest(contest, seed, scale(120, 2, 400)),
    ]
}

#[test]
fn m02_a_crash_anywhere_and_a_restart_equal_no_crash() {
    let mut interrupted = 0;
    for seed in SEEDS {
        for setting in settings(seed) {
            for crashes in [2, 12] {
                let survived = setting.survives(crashes);
                interrupted += survived.unwrap_or_else(|failure| panic!("{failure}"));
            }
        }
    }
    println!("{interrupted} attempts were interrupted");
    assert!(interrupted > 500, "{interrupted}");
}

#[test]
fn m02_a_restart_among_adversaries_breaks_no_invariant() {
    for seed in SEEDS {
        let scale = Scale {
            jobs: 3_000,
            hosts: 8,
            load_percent: 70,
        };
        let setting = Setting {
            trouble: Trouble::Crashes(vec![50, 3_000, 3_001, 9_000, 15_000]),
            ..Setting::of(Kind::Adversaries, seed, scale)
        };
        let run = setting.run();
        let outcome = run.unwrap_or_else(|failure| panic!("{}", failure.shrunk()));
        let counts = &outcome.report.counts;
        assert_eq!(counts.jobs, counts.finished, "seed {seed}");
    }
}

#[test]
fn m02_what_comes_twice_changes_nothing() {
    for seed in SEEDS {
        for once in settings(seed) {
            let twice = Setting {
                trouble: Trouble::Twice,
                ..once.clone()
            };
            let run = |setting: &Setting| {
                let outcome = setting.run();
                outcome.unwrap_or_else(|failure| panic!("{failure}"))
            };
            assert_eq!(run(&once), run(&twice), "seed {seed}");
        }
    }
}
