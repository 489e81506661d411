//! Attempts that the host had no means to start: no descriptor, process or memory was left. That passes, and is no fault
//! of the task, so they keep their slots and are tried again; otherwise a minute of it would end all that is queued.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use sublet_scheduler::AttemptId;

use super::Driver;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Those who wait, and until when.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    attempts: VecDeque<AttemptId>,
    again_at: Option<Instant>,
}

impl PutOff {
    /// Says whether it is the first one.
    pub(super) fn add(&mut self, attempt: AttemptId) -> bool {
        self.attempts.push_back(attempt);
        self.again_at = Some(Instant::now() + PAUSE);
        self.attempts.len() == 1
    }

    /// How long until they are tried again.
    pub(super) fn patience(&self) -> Option<Duration> {
        let at = self.again_at?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    fn take_due(&mut self) -> VecDeque<AttemptId> {
        if self.patience().is_none_or(|left| left > Duration::ZERO) {
            return VecDeque::new();
        }
        self.again_at = None;
        std::mem::take(&mut self.attempts)
    }
}

impl Driver {
    pub(super) fn start_what_was_put_off(&mut self) {
        let due = self.put_off.take_due();
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
}
