//! Users who want everything all the time: whose turn it is (F2, F3), and what the head was promised (F4).

use sublet_simulator::workload::{Contest, Nodes, Weights};
use sublet_simulator::{Outcome, Scale, Setting, Watched};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// Work for four times as long as it takes to hand it in.
const SCALE: Scale = Scale {
    jobs: 360,
    hosts: 2,
    load_percent: 400,
};

fn play(contest: Contest, seed: u64) -> Outcome {
    let setting = Setting::contest(contest, seed, SCALE);
    let outcome = setting.run();
    outcome.unwrap_or_else(|failure| panic!("{}", failure.shrunk()))
}

fn watched(contest: Contest) -> Vec<Watched> {
    SEEDS.map(|seed| play(contest, seed).watched).collect()
}

#[test]
fn f02_f03_nobody_starves_and_nobody_is_ahead_by_more_than_a_task() {
    for users in [2, 5, 60] {
        for weights in [Weights::Equal, Weights::Different] {
            let contest = Contest {
                weights,
                ..Contest::of(users)
            };
            let watched = watched(contest);
            println!("{users} users, {weights:?}: {watched:?}");
            assert!(watched.iter().all(|one| one.turns > 1_000), "{watched:?}");
            if users == 60 {
                // So many more than some sub-clusters have slots: the bound is not out of reach.
                let longest = watched.iter().map(|one| one.waited_percent).max();
                assert!(longest > Some(40), "{watched:?}");
            }
            if users == 5 {
                assert!(
                    watched.iter().all(|one| one.distances > 1_000),
                    "{watched:?}"
                );
            }
        }
    }
}

/// As many users as slots and more, with gangs among them, over many seeds.
#[test]
#[ignore = "takes minutes, and wants a release build"]
fn many_contests_break_no_invariant() {
    for seed in 1..=200 {
        for (users, gangs_percent) in [(3, 10), (4, 30), (12, 5), (60, 0), (90, 3)] {
            for weights in [Weights::Equal, Weights::Different] {
                let contest = Contest {
                    weights,
                    gangs_percent,
                    ..Contest::of(users)
                };
                play(contest, seed);
            }
        }
    }
}

#[test]
fn f04_every_head_starts_as_it_was_promised_first() {
    let mut heads = 0;
    for gangs_percent in [2, 5, 10, 30] {
        let contest = Contest {
            gangs_percent,
            ..Contest::of(6)
        };
        let watched = watched(contest);
        println!("{gangs_percent} % gangs: {watched:?}");
        heads += watched.iter().map(|one| one.heads).sum::<u64>();
    }
    assert!(heads > 20, "{heads} heads were known");
}

/// A slot that is held on a node that drains is promised to nobody, and no slot is kept for who cannot start without it.
#[test]
fn f01_f04_gangs_larger_than_a_node_are_promised_what_stays_only() {
    const FOUR_HOSTS: Scale = Scale { hosts: 4, ..SCALE };
    for gangs_percent in [5, 30, 70] {
        let contest = Contest {
            gangs_percent,
            nodes: Nodes::Drain,
            ..Contest::of(6)
        };
        for seed in SEEDS {
            let outcome = Setting::contest(contest, seed, FOUR_HOSTS).run();
            outcome.unwrap_or_else(|failure| panic!("{}", failure.shrunk()));
        }
    }
}
