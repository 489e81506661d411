//! Attempts that hold their slots and cannot be started yet: workers died in the place of theirs a moment ago, or the host
//! has no descriptor, process or memory left. Both pass and are no fault of the task; otherwise a minute of it would end
//! all that is queued.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use sublet_scheduler::{AttemptId, JobId};

use super::Driver;

/// Before what the host had no means for is tried again.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Why an attempt that has its slot is not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Workers died in the place of its one.
    Deaths,
    /// The host has no means for it.
    Means,
}

/// Those who wait, in the order of the instants up to which they do.
#[derive(Debug, Default)]
pub(crate) struct HeldBack(VecDeque<(Instant, AttemptId, Obstacle)>);

impl HeldBack {
    pub(super) fn hold(&mut self, attempt: AttemptId, until: Instant, obstacle: Obstacle) {
        let place = self.0.partition_point(|(at, ..)| *at <= until);
        self.0.insert(place, (until, attempt, obstacle));
    }

    /// Up to when the first of a job's attempts waits, and why.
    pub(crate) fn first_of(&self, job: JobId) -> Option<(Instant, Obstacle)> {
        let first = self.0.iter().find(|(_, attempt, _)| attempt.job == job);
        first.map(|(at, _, obstacle)| (*at, *obstacle))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long until the first of them.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let (at, ..) = self.0.front()?;
        Some(at.saturating_duration_since(now))
    }

    /// Takes out those whose time has come.
    pub(super) fn due(&mut self, now: Instant) -> Vec<AttemptId> {
        let count = self.0.partition_point(|(at, ..)| *at <= now);
        self.0
            .drain(..count)
            .map(|(_, attempt, _)| attempt)
            .collect()
    }
}

impl Driver {
    /// Starts of which it was not the time yet.
    pub(super) fn start_what_was_held_back(&mut self) {
        let due = self.held_back.due(Instant::now());
        if due.is_empty() {
            return;
        }
        for attempt in due {
            // Some were cancelled meanwhile.
            if self.live.get(&attempt).is_some_and(|live| !live.is_over) {
                self.start(attempt);
            }
        }
        self.workers.flush();
    }
}

/// Whether something failed because the host has no means for it now.
pub(crate) fn is_for_want_of_means(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.any(|cause| {
        let errno = cause
            .downcast_ref::<io::Error>()
            .and_then(Errno::from_io_error);
        let means = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN];
        errno.is_some_and(|errno| means.contains(&errno))
    })
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::JobId;

    use super::*;
    use crate::workers::StartError;

    #[test]
    fn what_the_host_has_no_means_for_is_told_from_what_never_works() {
        let of = |errno: Errno| io::Error::from(errno);
        for passes in [
            StartError::Process(of(Errno::MFILE)),
            StartError::Process(of(Errno::AGAIN)),
            StartError::Directory(of(Errno::NFILE)),
            StartError::Directory(io::Error::other(sublet_store::Error::Files {
                doing: "make a directory",
                source: of(Errno::NOMEM),
            })),
        ] {
            assert!(is_for_want_of_means(&passes), "{passes:?}");
        }
        for stays in [
            StartError::Process(of(Errno::NOENT)),
            StartError::Directory(of(Errno::NOSPC)),
            StartError::Process(io::Error::other("its user has no network")),
        ] {
            assert!(!is_for_want_of_means(&stays), "{stays:?}");
        }
    }

    #[test]
    fn who_is_held_back_is_let_go_in_time_and_in_order() {
        let (mut held, now) = (HeldBack::default(), Instant::now());
        assert_eq!(held.patience(now), None);
        let attempt = |task| AttemptId {
            job: JobId(1),
            task,
            number: 1,
        };
        held.hold(attempt(2), now + 2 * PAUSE, Obstacle::Deaths);
        held.hold(attempt(0), now + PAUSE, Obstacle::Means);
        held.hold(attempt(1), now + PAUSE, Obstacle::Deaths);
        assert_eq!(held.patience(now), Some(PAUSE));
        assert_eq!(
            held.first_of(JobId(1)),
            Some((now + PAUSE, Obstacle::Means))
        );
        assert_eq!(held.first_of(JobId(2)), None);
        assert_eq!(held.due(now), []);
        assert_eq!(held.due(now + PAUSE), [attempt(0), attempt(1)]);
        assert_eq!(held.due(now + 9 * PAUSE), [attempt(2)]);
    }
}
