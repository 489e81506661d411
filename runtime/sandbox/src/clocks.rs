//! The guest's clocks, in steps of a millisecond: enough for programs, little for someone who measures a neighbour.

use std::time::{Duration, Instant, SystemTime};

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

const STEP: Duration = Duration::from_millis(1);

/// Time of day.
pub(crate) struct WallClock;

/// Time since the instance began.
pub(crate) struct MonotonicClock {
    began: Instant,
}

impl MonotonicClock {
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        STEP
    }

    fn now(&self) -> Duration {
        // A host whose clock stands before 1970 shows its guests 1970.
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

impl HostMonotonicClock for MonotonicClock {
    fn resolution(&self) -> u64 {
        nanoseconds(STEP)
    }

    fn now(&self) -> u64 {
        let step = nanoseconds(STEP);
        nanoseconds(self.began.elapsed()) / step * step
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
