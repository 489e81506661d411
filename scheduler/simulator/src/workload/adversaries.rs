//! Adversaries: users who lie about time and memory, submit and cancel in loops, and split their work over all
//! sub-clusters; nodes whose loads and labels make rules flap; hosts that leave and return; an operator who keeps changing
//! rules, pausing a sub-cluster and draining nodes. Beside them, honest users.

use std::ops::Range;

use sublet_scheduler::Restart;

use super::{
    Act, Deed, Deeds, Ending, Manner, Room, Runs, SECOND_US, Scale, Submission, Workload,
    customers, honest, merge, trickle,
};
use crate::random::{Random, whole};
use crate::world::{self, LOAD_MAX_MILLIS, LONG, MEDIUM, SHORT, SUBCLUSTERS, amount};

const HONEST: Range<u64> = 0..5;
const LIAR: u64 = 5;
const CANCELLER: u64 = 6;
const SPLITTER: u64 = 7;

/// Of a hundred jobs so many are honest, and so many of each of the hostile users.
const HONEST_PERCENT: u64 = 55;
const LIES_PERCENT: u64 = 10;
const CANCELS_PERCENT: u64 = 25;
const SPLITS_PERCENT: u64 = 10;

/// A canceller gives a job this long at most.
const PATIENCE_US: u64 = 4_000;
/// Times that a host goes, and that the node of one that flaps changes its load and its role, over the whole load.
const DEPARTURES: u64 = 2;
const LOADS: u64 = 40;
const ROLES: u64 = 10;
/// One host in so many flaps; with more of them the pool would be too small for honest users, whatever is decided.
const FLAPPING: u32 = 4;
/// What an operator does and undoes.
const OPERATIONS: u64 = 30;
/// Loads between which nodes flap: below every entry threshold, and above every exit threshold.
const LOADS_MILLIS: [u64; 2] = [200, 980];

pub(super) fn workload(seed: u64, scale: Scale, room: Room) -> Workload {
    let gap_us = scale.gap_us(trickle::MEAN_RUN_US as f64, room.short, 1.0);
    let honest_jobs = scale.jobs * HONEST_PERCENT / 100;
    let span_us = gap_us * honest_jobs as f64;
    let hostile = |percent, make: fn(&mut Random) -> Submission, user| {
        let jobs = scale.jobs * percent / 100;
        stream(Random::of(seed, user), jobs, span_us, make)
    };
    let mut all = honest("honest", HONEST);
    all.extend(customers("liar", Manner::Hostile, LIAR..LIAR + 1));
    all.extend(customers(
        "canceller",
        Manner::Hostile,
        CANCELLER..CANCELLER + 1,
    ));
    all.extend(customers(
        "splitter",
        Manner::Hostile,
        SPLITTER..SPLITTER + 1,
    ));
    Workload {
        customers: all,
        deeds: merge(vec![
            trickle::trickle(seed, HONEST, honest_jobs, gap_us),
            hostile(LIES_PERCENT, lie, LIAR),
            hostile(CANCELS_PERCENT, regret, CANCELLER),
            hostile(SPLITS_PERCENT, split, SPLITTER),
            flapping(seed, scale.hosts, whole(span_us)),
            leaving(seed, scale.hosts, whole(span_us)),
            operating(seed, scale.hosts, whole(span_us)),
            calm(scale.hosts, whole(span_us)),
        ]),
    }
}

fn stream(
    mut random: Random,
    jobs: u64,
    span_us: f64,
    make: fn(&mut Random) -> Submission,
) -> Deeds {
    let gap_us = span_us / jobs.max(1) as f64;
    let mut at_us = 0.0;
    Box::new((0..jobs).map(move |_| {
        at_us += random.exponential(gap_us);
        Deed {
            at_us: whole(at_us),
            act: Act::Submit(make(&mut random)),
        }
    }))
}

/// Says too little or too much, of time or of memory, or brings its worker down.
fn lie(random: &mut Random) -> Submission {
    let mut job = Submission::plain(LIAR, "lie", SHORT.slot);
    job.tasks = 1 + random.below_u32(8);
    job.restart = Restart::OnFailure {
        retries: 2,
        backoff_ms: 10,
    };
    job.runs = Runs::Equal(20_000 + random.below(400_000));
    match random.below(5) {
        0 => job.timeout_ms = 10,
        1 => job.timeout_ms = 100 * 24 * 3_600_000,
        2 => (job.want, job.ending) = (amount(1, 1), Ending::OutgrowsMemory),
        3 => job.want = amount(1_000_000, 1 << 20),
        _ => job.ending = Ending::LosesWorkerOnce,
    }
    job
}

/// Submits, and takes it back before or just after it starts.
fn regret(random: &mut Random) -> Submission {
    let mut job = Submission::plain(CANCELLER, "regret", amount(250, 64));
    job.tasks = 1 + random.below_u32(40);
    job.priority = 1_000;
    job.runs = Runs::Equal(SECOND_US);
    job.cancelled_after_us = Some(random.below(PATIENCE_US));
    job
}

/// A part of a large piece of work, sent to one sub-cluster after the other by name.
fn split(random: &mut Random) -> Submission {
    let mut job = Submission::plain(SPLITTER, "split", amount(100, 64));
    job.subcluster = Some(random.pick(&SUBCLUSTERS).name.into());
    job.tasks = 1 + random.below_u32(20);
    job.runs = Runs::Around {
        mean_us: SECOND_US / 5,
        seed: random.next(),
    };
    job
}

/// Loads that go up and down, and labels that say another role each time.
fn flapping(seed: u64, hosts: u32, span_us: u64) -> Deeds {
    let mut random = Random::of(seed, 2_000);
    let flapping = hosts.div_ceil(FLAPPING);
    let changes = u64::from(flapping) * (LOADS + ROLES);
    let gap_us = span_us as f64 / changes.max(1) as f64;
    let mut at_us = 0.0;
    Box::new((0..changes).map(move |number| {
        at_us += random.exponential(gap_us);
        let host = random.below_u32(flapping) * FLAPPING;
        let act = if number % (LOADS + ROLES) < LOADS {
            let load_millis = random.pick(&LOADS_MILLIS);
            Act::Load { host, load_millis }
        } else {
            let role = random.pick(&[SHORT, LONG]).name;
            Act::Role { host, role }
        };
        Deed {
            at_us: whole(at_us),
            act,
        }
    }))
}

/// Each host in its turn goes and comes back: one at a time, so that the pool is never gone.
fn leaving(seed: u64, hosts: u32, span_us: u64) -> Deeds {
    let mut random = Random::of(seed, 3_000);
    let departures = u64::from(hosts) * DEPARTURES;
    let turn_us = span_us / departures.max(1);
    Box::new((0..departures).flat_map(move |number| {
        let host = u32::try_from(number % u64::from(hosts)).expect("it is below a number of hosts");
        let leaves_us = number * turn_us + random.below(turn_us / 2);
        let away_us = 1 + random.below(turn_us / 2);
        [
            Deed {
                at_us: leaves_us,
                act: Act::HostLeaves(host),
            },
            Deed {
                at_us: leaves_us + away_us,
                act: Act::HostReturns(host),
            },
        ]
    }))
}

/// An operator with a restless hand: each thing that is done is undone a little later.
fn operating(seed: u64, hosts: u32, span_us: u64) -> Deeds {
    let mut random = Random::of(seed, 4_000);
    let turn_us = span_us / OPERATIONS;
    Box::new((0..OPERATIONS).flat_map(move |number| {
        let at_us = number * turn_us + random.below(turn_us / 2);
        let until_us = at_us + 1 + random.below(turn_us / 2);
        let host = random.below_u32(hosts);
        let (load_max_millis, usual) = (LOADS_MILLIS[0] + random.below(700), LOAD_MAX_MILLIS);
        let [done, undone] = match number % 3 {
            0 => [Act::NodeDrained(host), Act::NodeResumed(host)],
            1 => [
                Act::Paused(MEDIUM.name.into()),
                Act::Unpaused(MEDIUM.name.into()),
            ],
            _ => [load_max_millis, usual]
                .map(|load_max_millis| Act::RulesChanged { load_max_millis }),
        };
        [(at_us, done), (until_us, undone)].map(|(at_us, act)| Deed { at_us, act })
    }))
}

/// In the end every node is where it was at first, so that what waits can start.
fn calm(hosts: u32, at_us: u64) -> Deeds {
    Box::new((0..hosts).flat_map(move |host| {
        let load_millis = LOADS_MILLIS[0];
        let role = world::role(host, 0).name;
        let acts = [Act::Load { host, load_millis }, Act::Role { host, role }];
        acts.map(|act| Deed { at_us, act })
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{CANCELLER, CANCELS_PERCENT, HONEST, LIAR, SPLITTER};
    use crate::workload::{Act, Kind, Scale};
    use crate::world::SUBCLUSTERS;

    const SCALE: Scale = Scale {
        jobs: 10_000,
        hosts: 8,
        load_percent: 70,
    };

    #[test]
    fn w5_every_kind_of_hostile_act_is_there_in_its_measure() {
        for seed in 1..=3 {
            let (mut jobs, mut cancels, mut cheap_lies, mut greedy_lies) =
                (BTreeMap::new(), 0, 0, 0);
            let mut targets = BTreeSet::new();
            let (mut loads, mut roles) = (0, 0);
            for deed in Kind::Adversaries.workload(seed, SCALE).deeds {
                match deed.act {
                    Act::Submit(job) => {
                        *jobs.entry(job.user.0).or_insert(0) += 1;
                        cancels += u64::from(job.cancelled_after_us.is_some());
                        cheap_lies += u64::from(job.user.0 == LIAR && job.timeout_ms == 10);
                        greedy_lies += u64::from(job.user.0 == LIAR && job.want.cpu_millis > 4_000);
                        targets.extend(job.subcluster);
                    }
                    Act::Load { .. } => loads += 1,
                    Act::Role { .. } => roles += 1,
                    _ => {}
                }
            }
            let honest: u64 = HONEST.map(|user| jobs[&user]).sum();
            assert!(honest * 2 > SCALE.jobs, "seed {seed}: {honest} are honest");
            assert_eq!(cancels, SCALE.jobs * CANCELS_PERCENT / 100);
            assert_eq!(jobs[&CANCELLER], cancels);
            assert!(
                cheap_lies > 100 && greedy_lies > 100,
                "{cheap_lies}, {greedy_lies}"
            );
            assert!(jobs[&SPLITTER] > 500);
            assert_eq!(targets.len(), SUBCLUSTERS.len());
            assert_eq!((loads, roles), (2 * 40 + 8, 2 * 10 + 8));
        }
    }

    #[test]
    fn w5_what_an_operator_does_is_undone() {
        let (mut done, mut undone) = (0, 0);
        for deed in Kind::Adversaries.workload(1, SCALE).deeds {
            match deed.act {
                Act::NodeDrained(_) | Act::Paused(_) => done += 1,
                Act::NodeResumed(_) | Act::Unpaused(_) => undone += 1,
                _ => {}
            }
        }
        assert_eq!((done, undone), (20, 20));
    }

    #[test]
    fn w5_every_host_that_leaves_returns_before_the_next_one_leaves() {
        let mut away = None;
        let mut departures = 0;
        for deed in Kind::Adversaries.workload(1, SCALE).deeds {
            match deed.act {
                Act::HostLeaves(host) => {
                    assert_eq!(away.replace(host), None);
                    departures += 1;
                }
                Act::HostReturns(host) => assert_eq!(away.take(), Some(host)),
                _ => {}
            }
        }
        assert_eq!((away, departures), (None, 16));
    }
}
