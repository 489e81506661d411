//! Rates: so much per second, with a burst.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::lock::lock;

/// One token, in the unit that buckets count: tokens times nanoseconds, so that no rate is lost to rounding.
const TOKEN: i128 = 1_000_000_000;

/// The longest that anything waits for tokens at a time; a rate of zero is asked again once a day.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// A token bucket. Pure: told the time since some origin, which must not go back.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_s: u64,
    burst: u64,
    level: i128,
    at: Duration,
}

impl Bucket {
    /// Full, at its origin.
    pub(crate) fn new(per_s: u64, burst: u64) -> Self {
        Self {
            per_s,
            burst,
            level: i128::from(burst) * TOKEN,
            at: Duration::ZERO,
        }
    }

    /// Whole tokens that are there.
    pub(crate) fn available(&mut self, now: Duration) -> u64 {
        self.refill(now);
        u64::try_from(self.level / TOKEN).unwrap_or(0)
    }

    /// Takes tokens, also those that are not there yet: who comes later waits longer.
    pub(crate) fn charge(&mut self, tokens: u64, now: Duration) {
        self.refill(now);
        self.level -= i128::from(tokens) * TOKEN;
    }

    /// How long until so many tokens are there, at most a day.
    pub(crate) fn wait(&mut self, tokens: u64, now: Duration) -> Duration {
        self.refill(now);
        let missing = i128::from(tokens.min(self.burst.max(1))) * TOKEN - self.level;
        let per_s = i128::from(self.per_s);
        if missing <= 0 {
            return Duration::ZERO;
        }
        if per_s == 0 {
            return WAIT_MAX;
        }
        let wait_ns = missing / per_s + i128::from(missing % per_s != 0);
        u64::try_from(wait_ns).map_or(WAIT_MAX, |ns| Duration::from_nanos(ns).min(WAIT_MAX))
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.at);
        self.at = self.at.max(now);
        let elapsed_ns = i128::try_from(elapsed.as_nanos()).unwrap_or(i128::MAX);
        let refilled = elapsed_ns.saturating_mul(self.per_s.into());
        let full = i128::from(self.burst) * TOKEN;
        self.level = self.level.saturating_add(refilled).min(full);
    }
}

/// A bucket of a nic with the clock that it runs by; without a rate there is no bound.
#[derive(Debug)]
pub(crate) struct Rate {
    bucket: Option<Mutex<Bucket>>,
    origin: Instant,
    /// Tokens worth waking up for: a hundredth of a second of them, at least one, and never more than the burst.
    enough: usize,
}

impl Rate {
    /// The burst is a tenth of a second, and at least `burst_min`.
    pub(crate) fn new(per_s: Option<u64>, burst_min: u64) -> Self {
        let bucket = |per_s: u64| {
            // A rate of nothing has no burst either.
            let burst = burst_min
                .max(per_s / 10)
                .min(per_s.saturating_mul(u64::MAX));
            Mutex::new(Bucket::new(per_s, burst))
        };
        Self {
            bucket: per_s.map(bucket),
            origin: Instant::now(),
            enough: usize::try_from(per_s.unwrap_or(0) / 100)
                .unwrap_or(usize::MAX)
                .max(1),
        }
    }

    /// Tokens that are there; many where there is no bound.
    pub(crate) fn available(&self) -> usize {
        self.with(|bucket, now| bucket.available(now))
            .map_or(usize::MAX, |tokens| {
                usize::try_from(tokens).unwrap_or(usize::MAX)
            })
    }

    /// Tokens to use now: all that are there, or none where these are too few for what is wanted and not enough to be
    /// worth a turn either. Who is handed each few as they drip in is never asleep, and moves a few bytes per turn.
    pub(crate) fn permit(&self, wanted: usize) -> usize {
        let tokens = self.available();
        if tokens < self.least(wanted) {
            0
        } else {
            tokens
        }
    }

    /// Takes tokens, if need be those of the future.
    pub(crate) fn charge(&self, tokens: usize) {
        let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
        let _unbounded = self.with(|bucket, now| bucket.charge(tokens, now));
    }

    /// Takes one token if it is there.
    pub(crate) fn try_take(&self) -> bool {
        self.with(|bucket, now| {
            let there = bucket.available(now) > 0;
            if there {
                bucket.charge(1, now);
            }
            there
        })
        .unwrap_or(true)
    }

    /// Takes one token and says how long to wait before using it; takes none if that is longer than `wait_max`.
    pub(crate) fn reserve(&self, wait_max: Duration) -> Option<Duration> {
        self.with(|bucket, now| {
            let wait = bucket.wait(1, now);
            let soon = wait <= wait_max;
            if soon {
                bucket.charge(1, now);
            }
            soon.then_some(wait)
        })
        .unwrap_or(Some(Duration::ZERO))
    }

    /// Ready when [`Rate::permit`] gives any for the same. The alarm belongs to the one who waits.
    pub(crate) fn poll(&self, cx: &mut Context<'_>, alarm: &mut Alarm, wanted: usize) -> Poll<()> {
        let least = u64::try_from(self.least(wanted)).unwrap_or(u64::MAX);
        loop {
            match self.with(|bucket, now| bucket.wait(least, now)) {
                None | Some(Duration::ZERO) => return Poll::Ready(()),
                Some(wait) => ready!(alarm.poll(cx, wait)),
            }
        }
    }

    /// The fewest tokens that are handed out: what is wanted, if that is little.
    fn least(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.enough)
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Bucket, Duration) -> T) -> Option<T> {
        let bucket = self.bucket.as_ref()?;
        Some(ask(&mut lock(bucket), self.origin.elapsed()))
    }
}

/// A timer that is made only when somebody must wait.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once, after a time that begins with the first call. Needs a tokio runtime.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, wait: Duration) -> Poll<()> {
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
        ready!(sleep.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Duration, WAIT_MAX};

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(1_000, 100);
        assert_eq!(bucket.available(Duration::ZERO), 100);
        bucket.charge(100, Duration::ZERO);
        assert_eq!(bucket.available(Duration::from_micros(999)), 0);
        assert_eq!(bucket.available(Duration::from_millis(1)), 1);
        assert_eq!(bucket.available(Duration::from_secs(60)), 100);
    }

    #[test]
    fn a_bucket_says_how_long_to_wait_and_keeps_debts() {
        let mut bucket = Bucket::new(3, 3);
        bucket.charge(6, Duration::ZERO);
        let wait = bucket.wait(1, Duration::ZERO);
        assert_eq!(wait, Duration::from_nanos(1_333_333_334));
        assert_eq!(bucket.available(wait - Duration::from_nanos(1)), 0);
        assert_eq!(bucket.available(wait), 1);
    }

    #[test]
    fn a_rate_of_nothing_waits_and_does_not_overflow() {
        let mut bucket = Bucket::new(0, 0);
        assert_eq!(bucket.available(Duration::MAX), 0);
        bucket.charge(u64::MAX, Duration::MAX);
        assert_eq!(bucket.wait(1, Duration::MAX), WAIT_MAX);
    }
}
