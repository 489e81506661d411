//! The shelf against an ordered map that everybody trusts.

use alloc::vec::Vec;
use std::collections::BTreeMap;

use super::Shelf;
use crate::JobId;

fn check(numbers: impl Iterator<Item = u64>) {
    let (mut shelf, mut map) = (Shelf::default(), BTreeMap::new());
    for (count, number) in numbers.enumerate() {
        let key = JobId(number);
        if count % 3 == 2 {
            assert_eq!(shelf.remove(&key), map.remove(&key));
        } else {
            assert_eq!(shelf.insert(key, count), map.insert(key, count));
        }
        assert_eq!(shelf.get(&key), map.get(&key));
        assert_eq!(shelf.get_mut(&key), map.get_mut(&key));
        assert_eq!(shelf.len(), map.len());
    }
    let all: Vec<_> = shelf.iter().collect();
    let expected: Vec<_> = map.iter().map(|(&key, value)| (key, value)).collect();
    assert_eq!(all, expected);
    let all: Vec<_> = shelf.iter_mut().map(|(key, value)| (key, *value)).collect();
    assert!(all.into_iter().eq(map));
}

/// Numbers without a pattern, of which those that lie close are many and the last digits of a `u64` some.
fn scattered(bits: u32) -> impl Iterator<Item = u64> {
    let mut state = 42_u64;
    core::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 5) & (u64::MAX >> (64 - bits))
    })
}

#[test]
fn it_is_a_map_by_number() {
    for bits in [3, 6, 7, 12, 13, 20, 64] {
        check(scattered(bits).take(5_000));
    }
    check([0, u64::MAX, u64::MAX, 0, 63, 0, 64, 4095, 64, 4096].into_iter());
}

#[test]
fn numbers_that_only_grow_leave_nothing_behind() {
    let mut shelf = Shelf::default();
    for number in 0..10_000 {
        shelf.insert(JobId(number), number);
        if let Some(old) = number.checked_sub(100) {
            assert_eq!(shelf.remove(&JobId(old)), Some(old));
        }
    }
    assert_eq!(shelf.len(), 100);
    let oldest = shelf.keys().next();
    assert_eq!(oldest, Some(JobId(9_900)));
}

#[test]
fn a_value_is_made_once() {
    let mut shelf = Shelf::default();
    *shelf.get_or_insert_with(JobId(70), || 1) += 1;
    *shelf.get_or_insert_with(JobId(70), || 1) += 1;
    assert_eq!(shelf.remove(&JobId(70)), Some(3));
    assert_eq!(shelf.len(), 0);
}
