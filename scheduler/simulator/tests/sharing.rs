//! Whether sharing is worth it (F7): whole runs are held against each other. That preemption settles is a story.

use sublet_simulator::workload::{Contest, Present, Stance, Wants};
use sublet_simulator::{Report, Scale, Setting};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;
/// Nothing runs for longer.
const LONGEST_RUN_US: u64 = 60_000;

/// Hosts of which each quarter has nodes of every sub-cluster.
const HOSTS: u32 = 8;
const USERS: u64 = 4;

const SCALE: Scale = Scale {
    jobs: 480,
    hosts: HOSTS,
    load_percent: 400,
};

fn report(contest: Contest, seed: u64, hosts: u32) -> Report {
    let setting = Setting {
        hosts,
        ..Setting::contest(contest, seed, SCALE)
    };
    let run = setting.run();
    run.unwrap_or_else(|failure| panic!("{failure}")).report
}

fn ends(report: &Report) -> Vec<u64> {
    report.ends_of_users.iter().map(|end| end.of).collect()
}

/// In a run of its own on a quarter of the hosts nobody would be done sooner, by more than the run of a task that was in
/// the way.
#[test]
fn f07_sharing_is_no_worse_than_a_quarter_of_ones_own() {
    for wants in [Wants::Alike, Wants::OneHasLess] {
        for seed in SEEDS {
            let contest = Contest {
                wants,
                ..Contest::of(USERS)
            };
            let shared = ends(&report(contest, seed, HOSTS));
            for (user, &end) in (0..USERS).zip(&shared) {
                let present = Present::Only(user);
                let alone = report(Contest { present, ..contest }, seed, HOSTS / 4);
                let private = alone.ends_of_users.iter().map(|one| one.of).max();
                let private = private.unwrap_or_default();
                println!("seed {seed}, {wants:?}, {user}: {end} µs shared, {private} µs alone");
                assert!(
                    end <= private + LONGEST_RUN_US,
                    "seed {seed}: user {user} is done after {end} µs, and alone after {private} µs"
                );
            }
        }
    }
}

/// The first of the users says something else of the same work. It is done no sooner than with the truth, by more than a
/// run.
#[test]
fn f07_no_lie_about_the_same_work_helps() {
    for gangs_percent in [0, 10] {
        for seed in SEEDS {
            let truth = Contest {
                gangs_percent,
                ..Contest::of(USERS)
            };
            let honest = ends(&report(truth, seed, HOSTS))[0];
            for stance in [
                Stance::LongTimeouts,
                Stance::LargeSlots,
                Stance::ManyJobs,
                Stance::Urgent,
            ] {
                let lied = ends(&report(Contest { stance, ..truth }, seed, HOSTS))[0];
                println!(
                    "seed {seed}, {gangs_percent} % gangs: {honest} µs, {stance:?}: {lied} µs"
                );
                assert!(
                    lied + LONGEST_RUN_US >= honest,
                    "seed {seed}: {stance:?} makes it {lied} µs instead of {honest} µs"
                );
            }
        }
    }
}

/// With the same work and the same weight, nobody would rather have been another: all are done together.
#[test]
fn f07_nobody_would_rather_have_the_share_of_another() {
    for users in [2, 3, 5] {
        for seed in SEEDS {
            let ends = ends(&report(Contest::of(users), seed, HOSTS));
            println!("seed {seed}: {ends:?}");
            let (first, last) = (ends.iter().min(), ends.iter().max());
            let apart = first.zip(last).map(|(first, last)| last - first);
            assert!(apart <= Some(2 * LONGEST_RUN_US), "seed {seed}: {ends:?}");
        }
    }
}

/// While everybody has work, every slot is somebody's: nothing is left that would help one and harm none.
#[test]
fn f07_nothing_is_left_while_anybody_wants_it() {
    for seed in SEEDS {
        let report = report(Contest::of(USERS), seed, HOSTS);
        let middle = report.length_us / 6..report.length_us / 3;
        let taken: Vec<f64> = report
            .cpu
            .averages()
            .filter(|(at_us, _)| middle.contains(at_us))
            .map(|(_, part)| part)
            .collect();
        assert!(taken.len() > 10, "{taken:?}");
        assert!(taken.iter().all(|part| *part > 0.999), "{taken:?}");
    }
}
