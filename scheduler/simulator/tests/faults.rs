//! Planted faults: an auditor that misses one would miss it in the scheduler too.

use sublet_simulator::{Fault, Kind, Scale, Setting};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;

/// A load in which everything occurs that some fault needs.
fn setting(fault: Fault, seed: u64) -> Setting {
    let scale = Scale {
        jobs: 6_000,
        hosts: 8,
        load_percent: 70,
    };
    Setting {
        fault: Some(fault),
        ..Setting::of(Kind::Adversaries, seed, scale)
    }
}

#[test]
fn m05_every_planted_fault_is_caught() {
    let (mut caught, mut missed) = (0, Vec::new());
    for fault in Fault::ALL {
        let mut by = Vec::new();
        for seed in SEEDS {
            match setting(fault, seed).run() {
                Err(failure) => {
                    caught += 1;
                    by.push(format!(
                        "{} at step {}",
                        failure.violation.invariant, failure.step
                    ));
                }
                Ok(outcome) => missed.push((fault, seed, outcome.struck)),
            }
        }
        println!("{fault:?}: {}", by.join(", "));
    }
    println!("{caught} caught of {}", caught + missed.len());
    assert!(
        missed.is_empty(),
        "missed (fault, seed, times it struck): {missed:?}"
    );
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
