//! Planted faults: an auditor that misses one would miss it in the scheduler too.

mod common;

use sublet_simulator::workload::Contest;
use sublet_simulator::{Failure, Fault, Kind, Scale, Setting};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;
/// How often a server is killed that forgets something.
const CRASHES: u64 = 12;

/// A load in which everything occurs that the fault needs.
fn setting(fault: Fault, seed: u64) -> Setting {
    let scale = Scale {
        jobs: 6_000,
        hosts: 8,
        load_percent: 70,
    };
    let contested = Scale {
        jobs: 360,
        hosts: 2,
        load_percent: 400,
    };
    let batches = Scale {
        jobs: 2_000,
        hosts: 16,
        load_percent: 90,
    };
    let few_batches = Scale {
        jobs: 300,
        ..batches
    };
    let sound = match fault {
        Fault::WeighWrongly | Fault::ForgetAge => Setting::contest(Contest::of(5), seed, contested),
        Fault::TrustHaste => Setting::of(Kind::LongBatch, seed, batches),
        Fault::ForgetFailures => Setting::of(Kind::LongBatch, seed, few_batches),
        Fault::SpreadWrongly => Setting::on(common::spread(), Kind::FunctionCalls, seed, scale),
        _ => Setting::of(Kind::Adversaries, seed, scale),
    };
    let fault = Some(fault);
    Setting { fault, ..sound }
}

/// The faults that break one promise and nothing else.
const fn broken_by(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::QuotaOffByOne => Some("S10"),
        Fault::ForgetAge => Some("F2"),
        Fault::WeighWrongly => Some("F3"),
        Fault::TrustHaste => Some("F4"),
        Fault::SpreadWrongly => Some("F5"),
        Fault::ForgetFailures => Some("M2"),
        _ => None,
    }
}

/// Answers how often the fault struck, when it was not caught. What a restart forgets is seen by comparing runs.
fn play(fault: Fault, seed: u64) -> Result<u64, Box<Failure>> {
    let setting = setting(fault, seed);
    match fault {
        Fault::ForgetFailures => setting.survives(CRASHES),
        _ => setting.run().map(|outcome| outcome.struck),
    }
}

#[test]
fn m05_every_planted_fault_is_caught() {
    let (mut caught, mut missed, mut mistaken) = (0, Vec::new(), Vec::new());
    for fault in Fault::ALL {
        let mut by = Vec::new();
        for seed in SEEDS {
            match play(fault, seed) {
                Err(failure) => {
                    caught += 1;
                    let found = failure.violation.invariant;
                    by.push(format!("{found} at step {}", failure.step));
                    if broken_by(fault).is_some_and(|expected| expected != found) {
                        mistaken.push(failure.to_string());
                    }
                }
                Ok(struck) => missed.push((fault, seed, struck)),
            }
        }
        println!("{fault:?}: {}", by.join(", "));
    }
    println!("{caught} caught of {}", caught + missed.len());
    assert!(
        missed.is_empty(),
        "missed (fault, seed, times it struck): {missed:?}"
    );
    assert!(mistaken.is_empty(), "{}", mistaken.join("\n"));
}

/// While nobody waits, no slot is missed by anybody: only the check of everything sees it.
#[test]
fn m05_a_leak_that_nobody_waits_for_is_caught_by_counting() {
    let scale = Scale {
        jobs: 12_000,
        hosts: 64,
        load_percent: 1,
    };
    let setting = Setting {
        fault: Some(Fault::LeakSlot),
        ..Setting::of(Kind::ClusterMix, 1, scale)
    };
    let failure = setting.run().expect_err("a slot leaked");
    assert_eq!(failure.violation.invariant, "S3", "{failure}");
}

#[test]
fn a_failure_says_how_to_find_it_again_and_is_shrunk() {
    let failure = setting(Fault::LoseReturn, 3)
        .run()
        .expect_err("a return was lost");
    let text = failure.to_string();
    assert!(
        text.contains("seed 3") && text.contains("LoseReturn"),
        "{text}"
    );
    assert!(
        text.contains("Reclaim"),
        "the last steps are missing: {text}"
    );
    let shrunk = failure.clone().shrunk();
    assert!(
        shrunk.setting.scale.jobs < failure.setting.scale.jobs,
        "{shrunk}"
    );
    let again = shrunk.setting.run().expect_err("the small load fails too");
    assert_eq!(*again, shrunk);
}
