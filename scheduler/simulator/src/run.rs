//! A run: a workload played on a pool, event by event over virtual time, around one scheduler.
//!
//! Memory is bounded by what is alive at one time: jobs are drawn from the workload when their instant comes and
//! forgotten when they are over.

use std::sync::Arc;

use sublet_scheduler::{Preemption, UnixMillis};

use crate::audit::Watched;
use crate::pool::Pool;
use crate::report::Report;
use crate::tamper::Fault;
use crate::workload::{Contest, Kind, Room, Scale, Workload, trickle_in};

mod acts;
mod play;

mod carrying_out;
mod ground;
mod owner;
mod pool;
mod records;

mod calendar;
mod course;
mod crash;
mod words;

mod diary;
mod failure;
mod fingerprint;
mod growth;

use play::Run;

pub use crash::Trouble;
pub use failure::Failure;
pub use growth::Growth;

/// The instant at which virtual time begins.
const EPOCH: UnixMillis = UnixMillis(1_700_000_000_000);

/// Everything that a run depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Which load.
    pub load: Load,
    /// Where all chance comes from.
    pub seed: u64,
    /// How much of the load, made for a pool of how many hosts.
    pub scale: Scale,
    /// Hosts that the pool really has.
    pub hosts: u32,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
    /// What befalls the server itself.
    pub trouble: Trouble,
    /// Rules and hosts in place of the world's.
    pub pool: Option<Arc<Pool>>,
}

/// A load, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// The whole of it.
    Whole(Kind),
    /// [`Kind::Bursts`] without the burst.
    WithoutBurst,
    /// Users who want everything all the time.
    Contest(Contest),
}

/// What came of a run in which nothing was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What it was like.
    pub report: Report,
    /// Over every step: equal for equal settings.
    pub hash: u64,
    /// Events that the scheduler was told, each followed by the quick checks.
    pub steps: u64,
    /// Checks of everything.
    pub full_checks: u64,
    /// Jobs that were alive at one time, at most.
    pub alive_max: usize,
    /// How often there was something to check that is not there in every event.
    pub watched: Watched,
    /// How often the planted fault struck.
    pub struck: u64,
}

impl Load {
    /// After waiting so long a job goes before the younger ones of its user. In a contest that is to happen.
    const fn aging_ms(self) -> u64 {
        match self {
            Self::Contest(_) => 1_000,
            Self::Whole(_) | Self::WithoutBurst => 3_600_000,
        }
    }

    /// Among adversaries attempts may be ended for others, so that this is tried too.
    const fn preemption(self) -> Preemption {
        match self {
            Self::Whole(Kind::Adversaries) => Preemption::On,
            Self::Whole(_) | Self::WithoutBurst | Self::Contest(_) => Preemption::Off,
        }
    }
}

impl Setting {
    /// The whole load on the pool that it is made for, with nothing broken.
    #[must_use]
    pub const fn of(kind: Kind, seed: u64, scale: Scale) -> Self {
        Self {
            load: Load::Whole(kind),
            seed,
            scale,
            hosts: scale.hosts,
            fault: None,
            trouble: Trouble::None,
            pool: None,
        }
    }

    /// A contest on the pool that it is made for, with nothing broken.
    #[must_use]
    pub const fn contest(contest: Contest, seed: u64, scale: Scale) -> Self {
        let mut setting = Self::of(Kind::Bursts, seed, scale);
        setting.load = Load::Contest(contest);
        setting
    }

    /// The whole load on as many hosts of a pool as its scale says. Jobs ask for the slots that there are.
    #[must_use]
    pub const fn on(pool: Arc<Pool>, kind: Kind, seed: u64, scale: Scale) -> Self {
        Self {
            load: Load::Whole(kind),
            seed,
            scale,
            hosts: scale.hosts,
            fault: None,
            trouble: Trouble::None,
            pool: Some(pool),
        }
    }

    /// Plays the load to its end.
    ///
    /// # Errors
    /// The first invariant that was broken, with the last events before.
    pub fn run(&self) -> Result<Outcome, Box<Failure>> {
        let mut run = Run::new(self, None);
        match run.play() {
            Ok(()) => Ok(run.outcome()),
            Err(violation) => Err(Box::new(run.failure(violation))),
        }
    }

    fn workload(&self, room: Room) -> Workload {
        match self.load {
            Load::Whole(kind) => kind.workload_in(self.seed, self.scale, room),
            Load::WithoutBurst => trickle_in(self.seed, self.scale, room),
            Load::Contest(contest) => contest.workload(self.seed, self.scale, room),
        }
    }

    fn title(&self) -> String {
        let load = match self.load {
            Load::Whole(kind) => kind.word(),
            Load::WithoutBurst => "bursts without the burst",
            Load::Contest(_) => "contest",
        };
        let Scale {
            jobs, load_percent, ..
        } = self.scale;
        let (hosts, seed) = (self.hosts, self.seed);
        let word = if hosts == 1 { "host" } else { "hosts" };
        format!("{load}: {jobs} jobs on {hosts} {word} at a load of {load_percent} %, seed {seed}")
    }
}
