//! The set of ranges against a plain set of numbers.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use proptest::prelude::*;

use super::IndexSet;

#[derive(Clone, Debug)]
enum Step {
    Insert(RangeInclusive<u32>),
    Remove(u32),
    PopFirst,
}

/// Few enough numbers that ranges meet, at the lower or at the upper end of what an index can be.
fn step(base: u32) -> impl Strategy<Value = Step> {
    let index = move || (0..40_u32).prop_map(move |offset| base + offset);
    prop_oneof![
        (index(), index()).prop_map(|(first, last)| Step::Insert(first..=last)),
        index().prop_map(Step::Remove),
        Just(Step::PopFirst),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![Just(0), Just(u32::MAX - 39)]
        .prop_flat_map(|base| prop::collection::vec(step(base), 0..60))
}

proptest! {
    #[test]
    fn behaves_as_a_plain_set(steps in steps()) {
        let mut set = IndexSet::default();
        let mut plain = BTreeSet::new();
        for step in steps {
            match step {
                Step::Insert(range) => {
                    plain.extend(range.clone());
                    set.insert_range(range);
                }
                Step::Remove(index) => prop_assert_eq!(set.remove(index), plain.remove(&index)),
                Step::PopFirst => prop_assert_eq!(set.pop_first(), plain.pop_first()),
            }
            prop_assert_eq!(set.len(), plain.len() as u64);
            prop_assert_eq!(set.first(), plain.first().copied());
            prop_assert!(set.ranges().flatten().eq(plain.iter().copied()));
        }
    }

    #[test]
    fn ranges_never_overlap_nor_touch(steps in steps()) {
        let mut set = IndexSet::default();
        for step in steps {
            if let Step::Insert(range) = step {
                set.insert_range(range);
            }
            let ranges = set.to_ranges();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()));
        }
    }
}

#[test]
fn a_million_untouched_indices_are_one_range() {
    let mut set = IndexSet::from(0..=999_999);
    assert_eq!(set.len(), 1_000_000);
    assert_eq!(set.pop_first(), Some(0));
    assert!(set.remove(500_000));
    assert_eq!(set.to_ranges(), vec![1..=499_999, 500_001..=999_999]);
}

#[test]
fn every_index_there_is_fits() {
    let mut set = IndexSet::from(0..=u32::MAX);
    assert_eq!(set.len(), 1 << 32);
    assert!(set.remove(u32::MAX));
    assert!(set.remove(0));
    assert_eq!(set.to_ranges(), vec![1..=u32::MAX - 1]);
}
