//! Each load played on a small pool, with every step checked. A failing seed is printed, with the smallest load of it that
//! fails.
//!
//! `SUBLET_SIM_SEED=17 cargo test -p sublet-simulator` plays one seed again; a nightly run hands in a fresh one.
//! `cargo test -p sublet-simulator --release -- --ignored` plays the large ones.

#![expect(
    clippy::print_stdout,
    reason = "a run's report is what its reader wants to see"
)]

use std::time::Instant;

use sublet_simulator::{Kind, Outcome, Scale, Setting};

/// Seeds in which something was found once, with what it was. They stay here.
const KEPT: &[(Kind, u64, Scale, &str)] = &[(
    Kind::Adversaries,
    1,
    Scale {
        jobs: 39,
        hosts: 8,
        load_percent: 70,
    },
    "a drained node that is given back while it still has work was taken for one that moves with it",
)];

fn seeds() -> Vec<u64> {
    match std::env::var("SUBLET_SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("SUBLET_SIM_SEED is a number")],
        Err(_) => vec![1, 2, 3],
    }
}

fn play(setting: &Setting) -> Outcome {
    setting
        .run()
        .unwrap_or_else(|failure| panic!("{}", failure.shrunk()))
}

fn plays(kind: Kind, jobs: u64, hosts: u32, load_percent: u32) {
    for seed in seeds() {
        let scale = Scale {
            jobs,
            hosts,
            load_percent,
        };
        let outcome = play(&Setting::of(kind, seed, scale));
        println!(
            "{}\n{} steps, {} full checks, at most {} jobs alive, {:?}\n",
            outcome.report, outcome.steps, outcome.full_checks, outcome.alive_max, outcome.watched
        );
        let counts = &outcome.report.counts;
        assert_eq!(counts.jobs, counts.finished, "seed {seed}");
    }
}

#[test]
fn w1_function_calls_break_no_invariant() {
    plays(Kind::FunctionCalls, 10_000, 2, 70);
}

#[test]
fn w2_a_cluster_mix_breaks_no_invariant() {
    plays(Kind::ClusterMix, 10_000, 2, 70);
}

#[test]
fn w3_long_batches_break_no_invariant() {
    plays(Kind::LongBatch, 2_000, 16, 90);
}

#[test]
fn w4_bursts_break_no_invariant() {
    plays(Kind::Bursts, 3_000, 4, 70);
}

#[test]
fn w5_adversaries_break_no_invariant() {
    plays(Kind::Adversaries, 5_000, 8, 70);
}

#[test]
fn seeds_in_which_something_was_found_once_are_clean() {
    for &(kind, seed, scale, what) in KEPT {
        println!("{kind}, seed {seed}: {what}");
        play(&Setting::of(kind, seed, scale));
    }
}

/// A thousand hosts and a million jobs of each load, with every step checked. A long batch job has 20 tasks and more, so
/// that 50,000 of them are a million tasks.
#[test]
#[ignore = "takes minutes, and wants a release build"]
fn the_large_pool_breaks_no_invariant() {
    for kind in Kind::ALL {
        for seed in seeds().into_iter().take(1) {
            let is_of_gangs = kind == Kind::LongBatch;
            let scale = Scale {
                jobs: if is_of_gangs { 50_000 } else { 1_000_000 },
                hosts: 1_000,
                load_percent: 80,
            };
            let begun = Instant::now();
            let outcome = play(&Setting::of(kind, seed, scale));
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{}\n{} steps, {} full checks, at most {} jobs alive; {seconds:.1} s: {:.0} jobs/s, {:.0} steps/s, {} MiB\n",
                outcome.report,
                outcome.steps,
                outcome.full_checks,
                outcome.alive_max,
                scale.jobs as f64 / seconds,
                outcome.steps as f64 / seconds,
                memory_peak_mib(),
            );
        }
    }
}

/// The most memory that this process had at one time, as far as the system tells.
fn memory_peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
