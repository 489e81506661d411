//! One job of a workload: what its user says of it, and how it would really run.

use std::borrow::Cow;

use sublet_scheduler::{Resources, Restart, UserId};

use crate::random::{Random, whole};

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
    pub subcluster: Option<Cow<'static, str>>,
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

impl Submission {
    /// A job of one task that succeeds; what is not said is the plainest there is.
    pub(super) fn plain(user: u64, class: &'static str, want: Resources) -> Self {
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

#[cfg(test)]
mod tests {
    use super::Runs;

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
