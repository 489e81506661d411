//! A slot's share of the processors: a bucket of processor time that fills with the wall clock and is emptied by use.
//!
//! The shares of all slots of a host never add up to more than it has, so where each keeps to its own, each has its own.
//! The bucket belongs to the slot and not to the instance: many short instances, one after the other, have no more than
//! one long one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The bucket holds what comes in during this time. A slot that was idle may use as much at once, so that short jobs
/// start and end without being held back.
const HELD: Duration = Duration::from_secs(1);

/// What an instance may do when its share is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Burst {
    /// Go on with processor time that nobody else wants.
    Allowed,
    /// Wait until it has some again.
    Forbidden,
}

/// The share of one slot. Clones are the same share.
#[derive(Clone, Debug)]
pub struct Share {
    bucket: Arc<Mutex<Bucket>>,
    burst: Burst,
}

impl Share {
    /// A share of so many thousandths of a processor, nothing of which is used yet.
    #[must_use]
    pub fn new(cpu_millis: u64, burst: Burst) -> Self {
        Self {
            bucket: Arc::new(Mutex::new(Bucket::full(cpu_millis, Instant::now()))),
            burst,
        }
    }

    /// What happens beyond it.
    #[must_use]
    pub const fn burst(&self) -> Burst {
        self.burst
    }

    /// Takes what was used.
    pub(crate) fn take(&self, spent: Duration) {
        self.lock().take(spent, Instant::now());
    }

    /// How long until something is left; nothing where something is.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.lock().wait(Instant::now())
    }

    /// Nothing that can panic runs under the lock, so the bucket is whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Processor time that may be used. It can be less than nothing: a slice is taken after it was used, and a bulk
/// operation cannot be cut into slices.
#[derive(Debug)]
pub struct Bucket {
    /// Thousandths of a processor, which is also thousandths of a nanosecond that come in within a nanosecond.
    cpu_millis: i64,
    /// In thousandths of a nanosecond, so that nothing is lost however often it is asked.
    level: i64,
    filled_at: Instant,
}

/// Units of the level in a nanosecond.
const UNITS: i64 = 1000;

impl Bucket {
    /// A full bucket for a share of so many thousandths of a processor.
    #[must_use]
    pub fn full(cpu_millis: u64, now: Instant) -> Self {
        let cpu_millis = i64::try_from(cpu_millis).unwrap_or(i64::MAX).max(1);
        Self {
            cpu_millis,
            level: capacity(cpu_millis),
            filled_at: now,
        }
    }

    /// Takes what was used.
    pub fn take(&mut self, spent: Duration, now: Instant) {
        self.fill(now);
        self.level = self
            .level
            .saturating_sub(nanoseconds(spent).saturating_mul(UNITS));
    }

    /// How long until something is left; nothing where something is.
    pub fn wait(&mut self, now: Instant) -> Option<Duration> {
        self.fill(now);
        let missing = self.level.checked_neg().filter(|missing| *missing >= 0)?;
        let wait = missing / self.cpu_millis + 1;
        Some(Duration::from_nanos(u64::try_from(wait).unwrap_or(0)))
    }

    /// How long what is left lasts for somebody who uses one whole processor.
    pub fn lasts(&mut self, now: Instant) -> Duration {
        self.fill(now);
        Duration::from_nanos(u64::try_from(self.level / UNITS).unwrap_or(0))
    }

    fn fill(&mut self, now: Instant) {
        let since = nanoseconds(now.saturating_duration_since(self.filled_at));
        self.filled_at = self.filled_at.max(now);
        self.level = self
            .level
            .saturating_add(since.saturating_mul(self.cpu_millis))
            .min(capacity(self.cpu_millis));
    }
}

fn capacity(cpu_millis: i64) -> i64 {
    nanoseconds(HELD).saturating_mul(cpu_millis)
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn an_idle_slot_holds_what_comes_in_during_a_second_and_no_more() {
        let start = Instant::now();
        let mut bucket = Bucket::full(50, start);
        assert_eq!(bucket.lasts(start), millis(50));
        assert_eq!(bucket.lasts(start + SECOND * 100), millis(50));
        bucket.take(millis(50), start + SECOND * 100);
        assert!(bucket.wait(start + SECOND * 100).is_some());
    }

    #[test]
    fn what_was_used_too_much_is_waited_for() {
        let start = Instant::now();
        let mut bucket = Bucket::full(500, start);
        bucket.take(millis(1500), start);
        let wait = bucket.wait(start).unwrap();
        assert!(
            wait >= SECOND * 2 && wait < SECOND * 2 + millis(1),
            "{wait:?}"
        );
        assert!(bucket.wait(start + wait).is_none());
    }

    #[test]
    fn asking_often_loses_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::full(1, start);
        bucket.take(millis(2), start);
        let mut now = start;
        for _ in 0..1_000_000 {
            now += Duration::from_nanos(7);
            assert!(bucket.wait(now).is_some());
        }
        let owed = SECOND - millis(7);
        assert_eq!(bucket.wait(now), Some(owed + Duration::from_nanos(1)));
    }

    #[test]
    fn a_share_of_a_whole_processor_is_never_used_up() {
        let start = Instant::now();
        let mut bucket = Bucket::full(1000, start);
        for turn in 1..1000 {
            let now = start + millis(10) * turn;
            bucket.take(millis(10), now);
            assert_eq!(bucket.wait(now), None);
        }
    }
}
