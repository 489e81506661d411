//! What will happen in the simulated pool by itself: starts, ends and returns of attempts, cancels of impatient users.
//! Of equal instants the one that was noted first comes first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sublet_scheduler::{AttemptId, JobId, Outcome};

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// The first instruction of an attempt.
    Starts(AttemptId),
    /// Its end.
    Ends(AttemptId, Outcome),
    /// What it held is released.
    Returns(AttemptId),
    /// A user loses patience.
    Regrets(JobId),
}

/// All that will happen, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    entries: BinaryHeap<Reverse<Entry>>,
    noted: u64,
}

#[derive(Debug)]
struct Entry {
    at_us: u64,
    order: u64,
    what: Happening,
}

impl Calendar {
    pub(super) fn note(&mut self, at_us: u64, what: Happening) {
        let order = self.noted;
        self.noted += 1;
        self.entries.push(Reverse(Entry { at_us, order, what }));
    }

    /// No attempt goes on.
    pub(super) fn forget_attempts(&mut self) {
        self.entries
            .retain(|Reverse(entry)| matches!(entry.what, Happening::Regrets(_)));
    }

    /// The instant of the next one.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.entries.peek().map(|Reverse(entry)| entry.at_us)
    }

    pub(super) fn pop(&mut self) -> Option<Happening> {
        self.entries.pop().map(|Reverse(entry)| entry.what)
    }
}

impl Entry {
    const fn key(&self) -> (u64, u64) {
        (self.at_us, self.order)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::JobId;

    use super::{Calendar, Happening};

    #[test]
    fn earlier_comes_first_and_of_equals_the_one_noted_first() {
        let mut calendar = Calendar::default();
        for (at_us, job) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            calendar.note(at_us, Happening::Regrets(JobId(job)));
        }
        let order: Vec<_> = std::iter::from_fn(|| {
            let at_us = calendar.next_us()?;
            Some((at_us, calendar.pop()?))
        })
        .collect();
        let expected = [(3, 2), (3, 4), (5, 1), (5, 3)];
        assert_eq!(
            order,
            expected.map(|(at_us, job)| (at_us, Happening::Regrets(JobId(job))))
        );
    }
}
