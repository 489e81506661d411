//! How long slots are held and how often tasks end, as far as it was seen: what waits are estimated from. Estimates
//! order choices and are shown; nothing is promised by them.

use crate::shelf::Shelf;
use crate::{SubclusterId, UnixMillis};

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paces {
    /// Mean time for which a slot is held, in sixteenths of milliseconds.
    held: Shelf<SubclusterId, u64>,
    settled: Settled,
}

/// The ends of tasks.
#[derive(Clone, Copy, Debug, Default)]
struct Settled {
    last: Option<UnixMillis>,
    /// Ends at that very instant, which have no gap between them yet.
    at_once: u64,
    /// Mean gap between two ends, in microseconds.
    gap_us: u64,
}

/// Each new value moves the mean by one part in so many: the last few dozen count.
const MEMORY: u64 = 16;
/// What a hold is taken to last before one was seen.
const FIRST_HOLD_MS: u64 = 1_000;
/// Bounds of what somebody who is sent away is told to wait.
const RETRY_AFTER_MS: (u64, u64) = (1_000, 3_600_000);

impl Paces {
    /// A slot came back after so long.
    pub(crate) fn held(&mut self, subcluster: SubclusterId, held_ms: u64) {
        let mean = self
            .held
            .get_or_insert_with(subcluster, || held_ms.saturating_mul(MEMORY));
        *mean = mean.saturating_sub(*mean / MEMORY).saturating_add(held_ms);
    }

    pub(crate) fn forget(&mut self, subcluster: SubclusterId) {
        self.held.remove(&subcluster);
    }

    /// How long a task that comes in now would wait, at the pace that was seen.
    pub(crate) fn expected_wait_ms(
        &self,
        subcluster: SubclusterId,
        queued: u64,
        slots: u64,
        free: u64,
    ) -> u64 {
        if queued < free {
            return 0;
        }
        let mean = self
            .held
            .get(&subcluster)
            .map_or(FIRST_HOLD_MS, |mean| mean / MEMORY);
        let turns = queued - free + 1;
        turns
            .saturating_mul(mean)
            .checked_div(slots)
            .unwrap_or(u64::MAX)
    }

    /// Tasks were settled.
    pub(crate) fn settled(&mut self, now: UnixMillis, tasks: u64) {
        let settled = &mut self.settled;
        let Some(last) = settled.last.filter(|last| *last < now) else {
            settled.last = Some(now);
            settled.at_once += tasks;
            return;
        };
        let gap_us = (now.0 - last.0).saturating_mul(1000) / settled.at_once.max(1);
        settled.gap_us = match settled.gap_us {
            0 => gap_us,
            mean => mean - mean / MEMORY + gap_us / MEMORY,
        };
        (settled.last, settled.at_once) = (Some(now), tasks);
    }

    /// When somebody may come again who is so many tasks over a bound.
    pub(crate) fn retry_after_ms(&self, over: u64) -> u64 {
        let (least, most) = RETRY_AFTER_MS;
        let wait_us = self.settled.gap_us.saturating_mul(over);
        (wait_us / 1000).clamp(least, most)
    }
}

#[cfg(test)]
mod tests {
    use super::Paces;
    use crate::{SubclusterId, UnixMillis};

    const SHORT: SubclusterId = SubclusterId(0);

    #[test]
    fn a_free_slot_is_no_wait_and_a_full_one_is_its_share_of_the_mean_hold() {
        let mut paces = Paces::default();
        for _ in 0..100 {
            paces.held(SHORT, 400);
        }
        assert_eq!(paces.expected_wait_ms(SHORT, 1, 4, 2), 0);
        assert_eq!(paces.expected_wait_ms(SHORT, 7, 4, 0), 800);
        assert_eq!(paces.expected_wait_ms(SHORT, 0, 0, 0), u64::MAX);
    }

    #[test]
    fn the_mean_follows_what_is_seen() {
        let mut paces = Paces::default();
        paces.held(SHORT, 10);
        for _ in 0..200 {
            paces.held(SHORT, 5_000);
        }
        assert!(paces.expected_wait_ms(SHORT, 0, 1, 0) > 4_900);
    }

    #[test]
    fn who_is_sent_away_comes_back_when_as_many_have_ended() {
        let mut paces = Paces::default();
        for second in 0..100 {
            paces.settled(UnixMillis(second * 1000), 10);
        }
        assert_eq!(paces.retry_after_ms(50), 5_000);
        assert_eq!(paces.retry_after_ms(1), 1_000);
        assert_eq!(paces.retry_after_ms(u64::MAX), 3_600_000);
    }
}
