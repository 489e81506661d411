//! Processor time of one instance, by the clock of the threads that poll it.
//!
//! File operations run on other threads and are not in it: they cost the host little, and the guest waits for them.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Adds up the slices that an instance had.
#[derive(Debug, Default)]
pub(crate) struct Processor {
    spent: Duration,
}

impl Processor {
    /// Runs `slice`, counts what it took and tells it. It stays on one thread, because it does not suspend.
    pub(crate) fn charge<T>(&mut self, slice: impl FnOnce() -> T) -> (T, Duration) {
        let before = thread_time();
        let result = slice();
        let took = thread_time().saturating_sub(before);
        self.spent += took;
        (result, took)
    }

    pub(crate) const fn spent(&self) -> Duration {
        self.spent
    }
}

pub(crate) fn thread_time() -> Duration {
    time_of(ClockId::ThreadCPUTime)
}

/// Of all threads of this process together.
pub(crate) fn process_time() -> Duration {
    time_of(ClockId::ProcessCPUTime)
}

fn time_of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    // These clocks start at zero, so neither part is negative.
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
