//! The one place that asks what time it is.
//!
//! Two clocks. [`now`] is that of the host, which somebody may put forward or back: certificates go by it. [`onward`] is
//! the one that pauses and the order of events are kept in, so it does not go back. Where the host's is put back, it goes
//! on at half its pace until that one has caught up; where the host's is put forward, it follows at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use sublet_scheduler::UnixMillis;
use sublet_worker::fault;

/// Now. A clock before 1970 reads as 1970.
pub(crate) fn now() -> UnixMillis {
    millis(since_epoch())
}

/// Now, and never before what it was when somebody else asked.
pub(crate) fn onward() -> UnixMillis {
    static ONWARD: Mutex<Option<Onward>> = Mutex::new(None);
    let mut onward = ONWARD.lock().unwrap_or_else(PoisonError::into_inner);
    let (told, steady) = (since_epoch(), Instant::now());
    let before = onward.unwrap_or(Onward { told, at: steady });
    let now = before.then(told, steady.saturating_duration_since(before.at));
    *onward = Some(Onward {
        told: now,
        at: steady,
    });
    millis(now)
}

/// [`now`], for those who look at certificates.
#[derive(Debug)]
pub(crate) struct OfCertificates;

impl TimeProvider for OfCertificates {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(since_epoch()))
    }
}

fn since_epoch() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    fault::shown_by_the_clock(since.unwrap_or_default())
}

fn millis(since_epoch: Duration) -> UnixMillis {
    UnixMillis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// What was told last, and when by a clock that nobody can set.
#[derive(Clone, Copy, Debug)]
struct Onward {
    told: Duration,
    at: Instant,
}

impl Onward {
    /// What is told so much later, when the host says that it is `host`.
    fn then(self, host: Duration, passed: Duration) -> Duration {
        host.max(self.told.saturating_add(passed / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const DAY: Duration = Duration::from_secs(86_400);

    /// What is told each time when the host's clock shows these times, an hour after each other.
    fn told(host: &[Duration]) -> Vec<Duration> {
        let mut onward = Onward {
            told: host[0],
            at: Instant::now(),
        };
        let later = host.iter().map(|host| {
            onward.told = onward.then(*host, HOUR);
            onward.told
        });
        later.collect()
    }

    #[test]
    fn the_clock_of_the_host_is_followed() {
        let host: Vec<_> = (0..5).map(|hours| DAY + HOUR * hours).collect();
        assert_eq!(told(&host)[1..], host[1..]);
    }

    #[test]
    fn one_that_is_put_forward_is_followed_at_once() {
        assert_eq!(
            told(&[DAY, DAY * 30, DAY * 30 + HOUR])[1..],
            [DAY * 30, DAY * 30 + HOUR]
        );
    }

    #[test]
    fn one_that_is_put_back_is_waited_for_at_half_the_pace() {
        let host: Vec<_> = (0..10).map(|hours| DAY - HOUR * 3 + HOUR * hours).collect();
        let all = [&[DAY][..], &host].concat();
        let told = told(&all);
        assert!(told.is_sorted(), "{told:?}");
        for pair in told[1..].windows(2) {
            let passed = pair[1] - pair[0];
            assert!((HOUR / 2..=HOUR).contains(&passed), "{passed:?}");
        }
        assert_eq!(told.last(), host.last(), "it caught up");
    }

    #[test]
    fn nobody_is_told_an_earlier_time_than_before() {
        let times: Vec<_> = (0..1_000).map(|_| onward()).collect();
        assert!(times.is_sorted());
    }
}
