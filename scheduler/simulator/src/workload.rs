//! What users and hosts of a simulated pool do: five kinds of load, each a seeded sequence of [`Deed`]s in the order of
//! their instants. A workload decides what is asked for and how it would really run; it must not know what the
//! scheduler answers.
//!
//! Instants are in microseconds since the start. Half of the function calls run for less than a millisecond: counted in
//! milliseconds they would take no time at all, and slots would never be busy with them. The scheduler is told
//! milliseconds, as in production.

use std::fmt;
use std::iter::Peekable;

use sublet_scheduler::{Resources, Restart, UserId};

use crate::random::{Random, whole};

mod adversaries;
mod bursts;
mod cluster_mix;
mod function_calls;
mod long_batch;
mod trickle;

pub use bursts::{bursting, trickle_of};

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
    /// Hosts of the pool, as [`World`](crate::World) makes them.
    pub hosts: u32,
    /// Work that arrives per hundred of what the slots can take. Loads of tiny jobs arrive more slowly than that.
    pub load_percent: u32,
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
}

/// A job as its user hands it in, and what nobody but the simulator knows: how it would run.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Whose.
    pub user: UserId,
    /// A word that reports and rules group by.
    pub class: &'static str,
    /// Which of the modules, counted from 0.
    pub module: u32,
    /// How many tasks, at least 1.
    pub tasks: u32,
    /// Whether they start one by one or together.
    pub shape: Shape,
    /// What each of them is said to need.
    pub want: Resources,
    /// The longest that each of them may run, as declared.
    pub timeout_ms: u64,
    /// How long they would run.
    pub runs: Runs,
    /// How they would end.
    pub ending: Ending,
    /// What follows an attempt that did not succeed.
    pub restart: Restart,
    /// Within the user's own jobs.
    pub priority: i32,
    /// The sub-cluster that is asked for by name.
    pub subcluster: Option<&'static str>,
    /// The user cancels it after so many microseconds.
    pub cancelled_after_us: Option<u64>,
}

/// Whether the tasks of a job need each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each for itself.
    Array,
    /// All together or none.
    Gang,
}

/// How long the tasks of a job would run, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// All of them alike.
    Equal(u64),
    /// Each its own time around a mean.
    Around {
        /// The mean.
        mean_us: u64,
        /// Where the times of the tasks come from.
        seed: u64,
    },
}

/// How an attempt would end, left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Succeeds,
    /// With an exit code that is not 0, every time.
    Fails,
    /// For want of memory, every time: it was declared too small.
    OutgrowsMemory,
    /// By a signal of its host, so that it counts as lost, in its first attempt.
    LosesWorkerOnce,
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

    /// The load of a seed.
    #[must_use]
    pub fn workload(self, seed: u64, scale: Scale) -> Workload {
        match self {
            Self::FunctionCalls => function_calls::workload(seed, scale),
            Self::ClusterMix => cluster_mix::workload(seed, scale),
            Self::LongBatch => long_batch::workload(seed, scale),
            Self::Bursts => bursts::workload(seed, scale),
            Self::Adversaries => adversaries::workload(seed, scale),
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

impl Scale {
    /// The mean gap between submissions, in microseconds, at which jobs of so much work (slots times microseconds) load
    /// `slots` slots as wanted; at least `least_us`.
    fn gap_us(self, work_us: f64, slots: u64, least_us: f64) -> f64 {
        let taken = slots.max(1) as f64 * f64::from(self.load_percent.max(1)) / 100.0;
        (work_us / taken).max(least_us)
    }
}

impl Submission {
    /// A job of one task that succeeds; what is not said is the plainest there is.
    fn plain(user: u64, class: &'static str, want: Resources) -> Self {
        Self {
            user: UserId(user),
            class,
            module: 0,
            tasks: 1,
            shape: Shape::Array,
            want,
            timeout_ms: 30_000,
            runs: Runs::Equal(1_000),
            ending: Ending::Succeeds,
            restart: Restart::OnLoss,
            priority: 0,
            subcluster: None,
            cancelled_after_us: None,
        }
    }
}

impl Runs {
    /// How long a task would run, in microseconds: at least 1. Between nothing and three times the mean, most below it.
    #[must_use]
    pub fn of(self, task: u32) -> u64 {
        match self {
            Self::Equal(us) => us.max(1),
            Self::Around { mean_us, seed } => {
                let drawn = Random::of(seed, u64::from(task)).exponential(mean_us as f64);
                whole(drawn).clamp(1, mean_us.saturating_mul(3).max(1))
            }
        }
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

/// Several sequences as one, by instant; of equal instants the earlier sequence comes first.
struct Merged(Vec<Peekable<Deeds>>);

fn merge(sequences: Vec<Deeds>) -> Deeds {
    Box::new(Merged(
        sequences.into_iter().map(Iterator::peekable).collect(),
    ))
}

impl Iterator for Merged {
    type Item = Deed;

    fn next(&mut self) -> Option<Deed> {
        let next = |sequence: &mut Peekable<Deeds>| sequence.peek().map(|deed| deed.at_us);
        let earliest = (0..self.0.len())
            .filter_map(|at| Some((next(&mut self.0[at])?, at)))
            .min()?;
        self.0[earliest.1].next()
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Kind, Runs, Scale};

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

    #[test]
    fn tasks_around_a_mean_differ_and_stay_near_it() {
        let runs = Runs::Around {
            mean_us: 1_000,
            seed: 3,
        };
        let times: Vec<u64> = (0..10_000).map(|task| runs.of(task)).collect();
        let mean = times.iter().sum::<u64>() / 10_000;
        assert!((900..1_050).contains(&mean), "{mean}");
        assert!(times.iter().all(|us| (1..=3_000).contains(us)));
        assert_eq!(Runs::Equal(0).of(1), 1);
    }
}
