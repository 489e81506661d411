//! Who waits until when, and for which instant the owner of the clock has been asked to wake us. It knows instants and
//! names; what becomes of a task whose instant has come is decided elsewhere.

use alloc::collections::BTreeSet;

use crate::{JobId, UnixMillis};

/// The tasks whose next attempt waits for an instant, and the one alarm clock that everybody shares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alarms {
    waiting: BTreeSet<(UnixMillis, JobId, u32)>,
    /// The instant last asked for, until it has come.
    asked: Option<UnixMillis>,
}

impl Alarms {
    pub(crate) fn insert(&mut self, until: UnixMillis, job: JobId, task: u32) {
        self.waiting.insert((until, job, task));
    }

    pub(crate) fn remove(&mut self, until: UnixMillis, job: JobId, task: u32) {
        self.waiting.remove(&(until, job, task));
    }

    /// Takes out one task whose instant has come.
    pub(crate) fn pop_due(&mut self, now: UnixMillis) -> Option<(JobId, u32)> {
        let &(until, job, task) = self.waiting.first()?;
        if until > now {
            return None;
        }
        self.waiting.pop_first();
        Some((job, task))
    }

    /// The clock rang. Should it have rung too early, the same instant is asked for again.
    pub(crate) fn rang(&mut self) {
        self.asked = None;
    }

    /// The instant to ask for, when it is another one than the one asked for last. An instant that nobody waits for any
    /// more is left to ring: it costs nothing.
    pub(crate) fn ask(&mut self, others: Option<UnixMillis>) -> Option<UnixMillis> {
        let first = self.waiting.first().map(|&(until, _, _)| until);
        let earliest = first.into_iter().chain(others).min()?;
        if self.asked == Some(earliest) {
            return None;
        }
        self.asked = Some(earliest);
        self.asked
    }
}
