//! The jobs of one user that wait in one sub-cluster, and which of them is next: higher priority first, then older; but
//! who has waited long enough to count as aged goes before all who have not. It finds the first that may start among any
//! number of jobs without looking at the others. It must not know other users, nor why a size or a timeout is asked for.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;

use crate::queues::NO_TIMEOUT;
use crate::queues::tree::{Summary, Tree};
use crate::{JobId, UnixMillis};

/// The waiting jobs, by how many slots have to be free for each: 1, or the size of the gang, and what stays free. The sizes are few where jobs are
/// many: with `n` different ones, more than `n² / 2` tasks wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backlog {
    by_size: BTreeMap<u64, Jobs>,
}

/// Jobs of one size, in both orders that may count.
#[derive(Clone, Debug, Default)]
struct Jobs {
    by_turn: Tree<Turn, Timeout>,
    by_age: Tree<Age, Timeout>,
}

/// Of several, the least counts.
#[derive(Clone, Copy, Debug)]
struct Timeout(u64);

impl Summary for Timeout {
    fn with(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

/// The place of a job among those of its user while it is not aged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    pub(crate) priority: Reverse<i32>,
    pub(crate) age: Age,
}

/// Older first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Age {
    pub(crate) since: UnixMillis,
    pub(crate) job: JobId,
}

/// The place of a job among those of its user at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Aged(Age),
    Young(Turn),
}

/// Who counts as aged: whoever came at this instant or before; nobody, when there is no such instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AgedSince(pub(crate) Option<UnixMillis>);

/// Which jobs may start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    /// The most slots a job may need at once.
    pub(crate) size_max: u64,
    /// Up to so many slots, a job may take as long as this.
    pub(crate) size_at_leisure: u64,
    pub(crate) leisure_ms: u64,
    /// With more, it must be over after this time.
    pub(crate) timeout_ms: u64,
}

/// A job that may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) job: JobId,
    pub(crate) size: u64,
}

impl AgedSince {
    pub(crate) fn place(self, turn: Turn) -> Place {
        match self.0 {
            Some(instant) if turn.age.since <= instant => Place::Aged(turn.age),
            _ => Place::Young(turn),
        }
    }
}

impl Fit {
    /// Whoever needs at most so many slots.
    pub(crate) const fn any(size_max: u64) -> Self {
        Self {
            size_max,
            size_at_leisure: size_max,
            leisure_ms: NO_TIMEOUT,
            timeout_ms: NO_TIMEOUT,
        }
    }

    pub(crate) const fn at_most(self, size: u64) -> Self {
        Self {
            size_max: if self.size_max < size {
                self.size_max
            } else {
                size
            },
            ..self
        }
    }

    /// The longest timeout that a job of that size may have.
    const fn timeout_of(self, size: u64) -> u64 {
        if size <= self.size_at_leisure {
            self.leisure_ms
        } else {
            self.timeout_ms
        }
    }

    pub(crate) const fn allows(self, size: u64, timeout_ms: u64) -> bool {
        size <= self.size_max && timeout_ms <= self.timeout_of(size)
    }
}

impl Backlog {
    pub(crate) fn insert(&mut self, turn: Turn, size: u64, timeout_ms: u64) {
        let jobs = self.by_size.entry(size).or_default();
        jobs.by_turn.insert(turn, Timeout(timeout_ms));
        jobs.by_age.insert(turn.age, Timeout(timeout_ms));
    }

    pub(crate) fn remove(&mut self, turn: Turn, size: u64) {
        let jobs = self
            .by_size
            .get_mut(&size)
            .expect("who is taken out was put in with that size");
        jobs.by_turn.remove(&turn);
        jobs.by_age.remove(&turn.age);
        if jobs.by_turn.is_empty() {
            self.by_size.remove(&size);
        }
    }

    /// The fewest slots that any of its jobs needs at once; nothing, when nobody waits.
    pub(crate) fn least_size(&self) -> Option<u64> {
        self.by_size.first_key_value().map(|(&size, _)| size)
    }

    /// All of them, in no order that matters.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = JobId> {
        let all = self.by_size.values().map(|jobs| &jobs.by_age);
        all.flat_map(|ages| (0..ages.len()).filter_map(|place| Some(ages.nth(place)?.job)))
    }

    /// The first job that may start.
    pub(crate) fn first(&self, aged: AgedSince, fit: Fit) -> Option<Candidate> {
        let sizes = self.by_size.range(..=fit.size_max);
        let firsts = sizes.filter_map(|(&size, jobs)| {
            let place = jobs.first(aged, fit.timeout_of(size))?;
            Some((place, size))
        });
        let (place, size) = firsts.min()?;
        Some(Candidate {
            job: place.job(),
            size,
        })
    }
}

impl Jobs {
    fn first(&self, aged: AgedSince, timeout_ms: u64) -> Option<Place> {
        let is_short = |timeout: Timeout| timeout.0 <= timeout_ms;
        let oldest = self.by_age.first_after(None, is_short)?;
        match aged.0 {
            Some(instant) if oldest.since <= instant => Some(Place::Aged(oldest)),
            _ => self.by_turn.first_after(None, is_short).map(Place::Young),
        }
    }
}

impl Place {
    const fn job(self) -> JobId {
        match self {
            Self::Aged(age) => age.job,
            Self::Young(turn) => turn.age.job,
        }
    }
}
