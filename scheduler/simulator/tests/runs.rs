//! What holds of runs as a whole: the same seed gives the same run, a burst harms its own user, more hosts do not harm.

use sublet_simulator::workload::bursting;
use sublet_simulator::{Kind, Load, Report, Scale, Setting};

const SCALE: Scale = Scale {
    jobs: 1_500,
    hosts: 4,
    load_percent: 70,
};

fn report(setting: &Setting) -> Report {
    setting
        .run()
        .unwrap_or_else(|failure| panic!("{failure}"))
        .report
}

#[test]
fn m01_the_same_seed_gives_the_same_run() {
    for kind in Kind::ALL {
        let run = |seed| {
            let outcome = Setting::of(kind, seed, SCALE).run();
            outcome.unwrap_or_else(|failure| panic!("{failure}"))
        };
        let (one, again, other) = (run(7), run(7), run(8));
        assert_eq!(one, again, "{kind}");
        assert_ne!(one.hash, other.hash, "{kind}");
    }
}

/// While the others want less than their fair shares, a task of theirs may have to wait for the next slot that a mouse
/// gives back, and no longer: a mouse runs for 6 ms at most. Beyond its fair share a user waits like everybody else.
#[test]
fn w4_a_burst_of_one_user_leaves_the_others_where_they_were() {
    const MOUSE_US: u64 = 6_000;
    let scale = Scale {
        jobs: 4_000,
        load_percent: 25,
        ..SCALE
    };
    let whole = Setting::of(Kind::Bursts, 1, scale);
    let with = report(&whole);
    let without = report(&Setting {
        load: Load::WithoutBurst,
        ..whole
    });
    let p99 = |report: &Report| report.waits_of_classes["steady"].permille(990);
    assert!(with.counts.starts > without.counts.starts + 30_000);
    assert!(
        p99(&with) <= p99(&without) * 11 / 10 + MOUSE_US,
        "p99 is {} µs with the burst of {:?} and {} µs without",
        p99(&with),
        bursting(),
        p99(&without)
    );
}

/// With fewer users than slots, whoever holds nothing has the next slot that comes back: after the longest run at the
/// latest. Of some thousand runs of 0.2 s on average the longest takes about 2 s.
#[test]
fn w5_honest_users_wait_no_longer_than_the_longest_run() {
    const LONGEST_RUN_US: u64 = 2_000_000;
    let scale = Scale {
        jobs: 5_000,
        hosts: 8,
        load_percent: 50,
    };
    for seed in 1..=3 {
        let report = report(&Setting::of(Kind::Adversaries, seed, scale));
        let p99 = report.waits_of_classes["steady"].permille(990);
        assert!(p99 <= LONGEST_RUN_US, "seed {seed}: {p99} µs\n{report}");
    }
}

/// Anomalies are possible and are printed; what is asserted is that none of them is large.
#[test]
fn m03_more_hosts_do_not_make_the_whole_much_slower() {
    for (kind, hosts) in [
        (Kind::FunctionCalls, 2),
        (Kind::LongBatch, 16),
        (Kind::Adversaries, 16),
    ] {
        let growth = Setting::of(kind, 1, Scale { hosts, ..SCALE })
            .with_more_hosts(2)
            .unwrap_or_else(|failure| panic!("{failure}"));
        let word = if growth.is_anomaly() {
            "an anomaly"
        } else {
            "as hoped"
        };
        println!(
            "{kind}: {word}: {:+.2} % time, {growth:?}",
            growth.slower() * 100.0
        );
        assert!(growth.slower() < 0.10, "{kind}: {growth:?}");
    }
}

#[test]
fn text_and_picture_have_every_part() {
    let report = report(&Setting::of(Kind::Adversaries, 1, SCALE));
    let text = report.to_string();
    for part in [
        "wait by user",
        "wait by class",
        "wait by sub-cluster",
        "dominant share",
        "refusals",
        "node changes",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let picture = report.picture();
    for part in [
        "tasks that wait",
        "nodes, by sub-cluster",
        "dominant share",
        "splitter-7",
        "draining",
        "virtual time in s",
    ] {
        assert!(picture.contains(part), "no {part} in {picture}");
    }
}
