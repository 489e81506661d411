//! How often progress is told: people read a few lines a second, and a job may pass millions of steps.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Between two reports.
const PERIOD: Duration = Duration::from_millis(200);
/// Most steps without a look at the clock, so that a job that slows down is noticed.
const STRIDE_MAX: u32 = 1 << 16;

/// When something was told last, and how many steps may pass before the clock is looked at, which costs a call as well.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    told: Cell<Option<Instant>>,
    stride: Cell<u32>,
    passed: Cell<u32>,
}

impl Pace {
    /// Whether this step is to be told.
    pub(crate) fn is_due(&self) -> bool {
        let passed = self.passed.get() + 1;
        self.passed.set(passed);
        if passed <= self.stride.get() {
            return false;
        }
        self.look(Instant::now())
    }

    fn look(&self, now: Instant) -> bool {
        self.passed.set(0);
        let is_due = self.told.get().is_none_or(|told| now - told >= PERIOD);
        if is_due {
            self.told.set(Some(now));
            self.stride.set(self.stride.get() / 2);
        } else {
            let longer = (self.stride.get() * 2).max(1);
            self.stride.set(longer.min(STRIDE_MAX));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_told_and_the_next_only_after_the_period() {
        let pace = Pace::default();
        let start = Instant::now();
        assert!(pace.look(start));
        assert!(!pace.look(start + PERIOD / 2));
        assert!(pace.look(start + PERIOD));
    }

    #[test]
    fn many_quick_steps_look_at_the_clock_ever_less_but_not_never() {
        let pace = Pace::default();
        let start = Instant::now();
        for _ in 0..100 {
            pace.look(start);
        }
        assert_eq!(pace.stride.get(), STRIDE_MAX);
        assert!(pace.look(start + PERIOD));
        assert_eq!(pace.stride.get(), STRIDE_MAX / 2);
    }

    #[test]
    fn steps_within_the_stride_are_not_told() {
        let pace = Pace::default();
        assert!(pace.is_due());
        pace.stride.set(2);
        pace.told.set(None);
        assert_eq!(
            [pace.is_due(), pace.is_due(), pace.is_due()],
            [false, false, true]
        );
    }
}
