//! A set of small numbers, kept as the ranges they form. A million tasks that nobody has touched yet are one entry,
//! and so are a thousand free slots: what it costs grows with the gaps, never with the members. The first range lies in
//! the set itself, so that a job of one task and a node with one free slot need no memory beside it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

/// Indices as ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexSet {
    /// The range before all others: its first and its last index. Without one there are no others.
    lowest: Option<(u32, u32)>,
    /// The last index of each other range, by its first.
    others: BTreeMap<u32, u32>,
    len: u64,
}

impl IndexSet {
    /// How many indices are in it.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn contains(&self, index: u32) -> bool {
        self.range_around(index).is_some()
    }

    pub(crate) fn first(&self) -> Option<u32> {
        self.lowest.map(|(first, _)| first)
    }

    /// The ranges, ascending; between any two of them at least one index is missing.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u32>> {
        let others = self.others.iter().map(|(&first, &last)| (first, last));
        let all = self.lowest.into_iter().chain(others);
        all.map(|(first, last)| first..=last)
    }

    /// The ranges as a list of their own.
    pub(crate) fn to_ranges(&self) -> Vec<RangeInclusive<u32>> {
        self.ranges().collect()
    }

    pub(crate) fn insert(&mut self, index: u32) {
        self.insert_range(index..=index);
    }

    /// Adds every index of the range; those that are in already stay. An empty range adds nothing.
    pub(crate) fn insert_range(&mut self, range: RangeInclusive<u32>) {
        let (mut first, mut last) = range.into_inner();
        if first > last {
            return;
        }
        // Whatever overlaps or touches becomes part of one range. Only the nearest from the left can reach here.
        if let Some((left, end)) = self.last_at_or_before(first)
            && end >= first.saturating_sub(1)
        {
            first = left;
            last = last.max(end);
        }
        while let Some((start, end)) = self.first_within(first..=last.saturating_add(1)) {
            self.take_range(start, end);
            last = last.max(end);
        }
        self.put_range(first, last);
    }

    /// Takes one index out. Answers whether it was in.
    pub(crate) fn remove(&mut self, index: u32) -> bool {
        let Some((first, last)) = self.range_around(index) else {
            return false;
        };
        self.take_range(first, last);
        if first < index {
            self.put_range(first, index - 1);
        }
        if index < last {
            self.put_range(index + 1, last);
        }
        true
    }

    /// Takes the lowest index out.
    pub(crate) fn pop_first(&mut self) -> Option<u32> {
        let first = self.first()?;
        self.remove(first);
        Some(first)
    }

    fn range_around(&self, index: u32) -> Option<(u32, u32)> {
        self.last_at_or_before(index)
            .filter(|&(_, last)| index <= last)
    }

    /// The last range that starts at or before the index.
    fn last_at_or_before(&self, index: u32) -> Option<(u32, u32)> {
        let lowest = self.lowest.filter(|&(first, _)| first <= index)?;
        let other = self.others.range(..=index).next_back();
        Some(other.map_or(lowest, |(&first, &last)| (first, last)))
    }

    /// The first range that starts at one of these indices.
    fn first_within(&self, starts: RangeInclusive<u32>) -> Option<(u32, u32)> {
        let lowest = self.lowest.filter(|(first, _)| starts.contains(first));
        lowest.or_else(|| {
            let (&first, &last) = self.others.range(starts).next()?;
            Some((first, last))
        })
    }

    fn put_range(&mut self, first: u32, last: u32) {
        let (low, high) = match self.lowest {
            Some(lowest) if lowest.0 < first => (lowest, Some((first, last))),
            before => ((first, last), before),
        };
        self.lowest = Some(low);
        self.others.extend(high);
        self.len += count(first, last);
    }

    fn take_range(&mut self, first: u32, last: u32) {
        if self.lowest.is_some_and(|(lowest, _)| lowest == first) {
            self.lowest = self.others.pop_first();
        } else {
            self.others.remove(&first);
        }
        self.len -= count(first, last);
    }
}

impl From<RangeInclusive<u32>> for IndexSet {
    fn from(range: RangeInclusive<u32>) -> Self {
        let mut set = Self::default();
        set.insert_range(range);
        set
    }
}

fn count(first: u32, last: u32) -> u64 {
    u64::from(last - first) + 1
}

#[cfg(test)]
mod tests;
