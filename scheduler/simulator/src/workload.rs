//! What users and hosts of a simulated pool do: five kinds of load, each a seeded sequence of [`Deed`]s in the order of
//! their instants. A workload decides what is asked for and how it would really run; it must not know what the
//! scheduler answers.
//!
//! Instants are in microseconds since the start. Half of the function calls run for less than a millisecond: counted in
//! milliseconds they would take no time at all, and slots would never be busy with them. The scheduler is told
//! milliseconds, as in production.

use std::borrow::Cow;
use std::fmt;

use sublet_scheduler::UserId;

mod adversaries;
mod bursts;
mod cluster_mix;
mod contest;
mod function_calls;
mod long_batch;
mod merged;
mod submission;
mod trickle;

pub use bursts::{bursting, trickle_in, trickle_of};
pub use contest::{Contest, Nodes, Present, Stance, Wants, Weights};
pub use submission::{Ending, Runs, Shape, Submission};

use merged::merge;

use crate::world::{self, LONG, SHORT, SUBCLUSTERS};

/// Microseconds of a second.
pub const SECOND_US: u64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE_US: u64 = 60 * SECOND_US;

/// The five loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Calls of modules of very different popularity, many under a millisecond, with timers on the minute.
    FunctionCalls,
    /// Sizes over ten decades: almost all of the work is in one job of a hundred.
    ClusterMix,
    /// Gangs that run for minutes and hours, by day more than by night, with timeouts far too long.
    LongBatch,
    /// One user's mice, all at once, beside the steady trickle of the others.
    Bursts,
    /// Users and hosts that lie, flap, cancel, split and vanish, beside honest users.
    Adversaries,
}

/// How much of a load is wanted, and for a pool of which size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Submissions, at least 1. Bursts and adversaries may end a few per cent beside it.
    pub jobs: u64,
    /// Hosts of the pool, as [`world`] makes them.
    pub hosts: u32,
    /// Work that arrives per hundred of what the slots can take. Loads of tiny jobs arrive more slowly than that.
    pub load_percent: u32,
}

/// The slots that a load is measured by: with more of them it comes faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Those for mice.
    pub short: u64,
    /// Those for elephants.
    pub long: u64,
    /// Those of all sub-clusters.
    pub all: u64,
}

/// Something that somebody does.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// When, in microseconds since the start.
    pub at_us: u64,
    /// What.
    pub act: Act,
}

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A user hands in a job.
    Submit(Submission),
    /// The first node of a host reports another load.
    Load {
        /// The host, counted from 0.
        host: u32,
        /// Thousandths; 1000 is as much as it can do.
        load_millis: u64,
    },
    /// The first node of a host gets another role.
    Role {
        /// The host, counted from 0.
        host: u32,
        /// The value of its label `role`.
        role: &'static str,
    },
    /// A host is gone, with all that runs on it.
    HostLeaves(u32),
    /// The host is back, empty.
    HostReturns(u32),
    /// The operator takes the second node of a host out of service.
    NodeDrained(u32),
    /// It is in service again.
    NodeResumed(u32),
    /// The operator lets nothing start in a sub-cluster.
    Paused(Cow<'static, str>),
    /// Its work goes on.
    Unpaused(Cow<'static, str>),
    /// The operator changes the load above which nodes have to leave, in thousandths.
    RulesChanged {
        /// The new one.
        load_max_millis: u64,
    },
}

/// A user of the simulated pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who.
    pub user: UserId,
    /// As reports show it.
    pub name: String,
    /// Against the other weights.
    pub weight: u32,
    /// Whether a bound on waiting is owed to them.
    pub manner: Manner,
}

/// How a user behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Says what it knows.
    Honest,
    /// Tries to gain from lying, or to harm the others.
    Hostile,
}

/// A load, ready to be played.
pub struct Workload {
    /// Who takes part.
    pub customers: Vec<Customer>,
    /// What happens, by instant.
    pub deeds: Box<dyn Iterator<Item = Deed> + Send>,
}

impl Kind {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 5] = [
        Self::FunctionCalls,
        Self::ClusterMix,
        Self::LongBatch,
        Self::Bursts,
        Self::Adversaries,
    ];

    /// The word for it on a command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FunctionCalls => "function-calls",
            Self::ClusterMix => "cluster-mix",
            Self::LongBatch => "long-batch",
            Self::Bursts => "bursts",
            Self::Adversaries => "adversaries",
        }
    }

    /// The load of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The load of a seed, on the world.
    #[must_use]
    pub fn workload(self, seed: u64, scale: Scale) -> Workload {
        self.workload_in(seed, scale, Room::of_world(scale.hosts))
    }

    /// The load of a seed, on a pool with these slots.
    #[must_use]
    pub fn workload_in(self, seed: u64, scale: Scale, room: Room) -> Workload {
        match self {
            Self::FunctionCalls => function_calls::workload(seed, scale, room),
            Self::ClusterMix => cluster_mix::workload(seed, scale, room),
            Self::LongBatch => long_batch::workload(seed, scale, room),
            Self::Bursts => bursts::workload(seed, scale, room),
            Self::Adversaries => adversaries::workload(seed, scale, room),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workload")
            .field("customers", &self.customers)
            .finish_non_exhaustive()
    }
}

impl Room {
    /// The slots of the world with so many hosts, when every node is where it was at first.
    #[must_use]
    pub fn of_world(hosts: u32) -> Self {
        Self {
            short: world::slots(hosts, SHORT),
            long: world::slots(hosts, LONG),
            all: SUBCLUSTERS
                .iter()
                .map(|&one| world::slots(hosts, one))
                .sum(),
        }
    }
}

impl Scale {
    /// The mean gap between submissions, in microseconds, at which jobs of so much work (slots times microseconds) load
    /// `slots` slots as wanted; at least `least_us`.
    fn gap_us(self, work_us: f64, slots: u64, least_us: f64) -> f64 {
        let taken = slots.max(1) as f64 * f64::from(self.load_percent.max(1)) / 100.0;
        (work_us / taken).max(least_us)
    }
}

/// Honest users with equal weights, called by a word and a number.
fn honest(word: &str, users: std::ops::Range<u64>) -> Vec<Customer> {
    customers(word, Manner::Honest, users)
}

fn customers(word: &str, manner: Manner, users: std::ops::Range<u64>) -> Vec<Customer> {
    let customer = |user| Customer {
        user: UserId(user),
        name: format!("{word}-{user}"),
        weight: 1,
        manner,
    };
    users.map(customer).collect()
}

type Deeds = Box<dyn Iterator<Item = Deed> + Send>;

#[cfg(test)]
mod tests {
    use super::{Act, Kind, Scale};

    const SCALE: Scale = Scale {
        jobs: 3_000,
        hosts: 8,
        load_percent: 70,
    };

    #[test]
    fn deeds_come_in_the_order_of_their_instants_and_a_seed_repeats_them() {
        for kind in Kind::ALL {
            let deeds: Vec<_> = kind.workload(5, SCALE).deeds.collect();
            assert!(
                deeds.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us),
                "{kind}"
            );
            assert!(kind.workload(5, SCALE).deeds.eq(deeds.clone()), "{kind}");
            assert!(kind.workload(6, SCALE).deeds.ne(deeds), "{kind}");
        }
    }

    #[test]
    fn every_load_has_about_the_jobs_that_were_asked_for_and_only_known_users() {
        for kind in Kind::ALL {
            let workload = kind.workload(5, SCALE);
            let mut jobs = 0_u64;
            for deed in workload.deeds {
                let Act::Submit(job) = deed.act else { continue };
                jobs += 1;
                assert!(job.tasks > 0 && job.timeout_ms > 0, "{kind}: {job:?}");
                assert!(
                    workload
                        .customers
                        .iter()
                        .any(|customer| customer.user == job.user),
                    "{kind}: {job:?}"
                );
            }
            assert!(
                jobs.abs_diff(SCALE.jobs) <= SCALE.jobs / 10,
                "{kind}: {jobs}"
            );
        }
    }

    #[test]
    fn every_word_leads_back_to_its_load() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_word(&kind.to_string()), Some(kind));
        }
        assert_eq!(Kind::of_word("mice"), None);
    }
}
