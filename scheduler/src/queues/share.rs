//! How much of the pool somebody has, and who has less: exact, in integers.
//!
//! A dominant share is the larger of two fractions, of the processors and of the memory. Brought to the common denominator
//! `pool cpu × pool memory` it is one number of at most 128 bits, and two of them over two weights are compared by
//! multiplying crosswise in 160 bits. Nothing is rounded, nothing can overflow.
//!
//! Usage over time (see [`Pool::usage`]) is a fixed point number of 48 binary places: the whole pool for one millisecond
//! is 2^48, so a user of weight 1 may have the whole pool for 2^80 milliseconds before the sum is at its end and stays there.

use core::cmp::Ordering;

use crate::Resources;

/// What shares are parts of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pool {
    total: Resources,
}

/// A dominant share over a weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightedShare {
    /// Over the common denominator of its pool. Shares of different pools are not to be compared.
    share: u128,
    weight: u32,
}

/// The place of a user among users: the least is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing {
    pub(crate) share: WeightedShare,
    pub(crate) virtual_time: u128,
}

const USAGE_PLACES: u32 = 48;

impl Pool {
    pub(crate) const fn new(total: Resources) -> Self {
        Self { total }
    }

    /// The dominant share of who holds that much.
    pub(crate) fn share(self, held: Resources, weight: u32) -> WeightedShare {
        let by_cpu = u128::from(held.cpu_millis) * u128::from(self.memory_bytes());
        let by_memory = u128::from(held.memory_bytes) * u128::from(self.cpu_millis());
        WeightedShare {
            share: by_cpu.max(by_memory),
            weight: weight.max(1),
        }
    }

    /// The dominant share in thousandths of the pool, rounded down.
    pub(crate) fn share_millis(self, held: Resources) -> u64 {
        let by_cpu = thousandths(held.cpu_millis, self.cpu_millis());
        by_cpu.max(thousandths(held.memory_bytes, self.memory_bytes()))
    }

    /// What it counts to have held that much for so long, over the weight: never nothing.
    pub(crate) fn usage(self, held: Resources, millis: u64, weight: u32) -> u128 {
        let whole = 1_u128 << USAGE_PLACES;
        let by_cpu = (u128::from(held.cpu_millis) << USAGE_PLACES) / u128::from(self.cpu_millis());
        let by_memory =
            (u128::from(held.memory_bytes) << USAGE_PLACES) / u128::from(self.memory_bytes());
        // More than the pool is held only when the pool has shrunk meanwhile.
        let part = by_cpu.max(by_memory).min(whole);
        (part * u128::from(millis) / u128::from(weight.max(1))).max(1)
    }

    /// A pool without any node is treated as if it had the least: shares are then large, and still compared rightly.
    fn cpu_millis(self) -> u64 {
        self.total.cpu_millis.max(1)
    }

    fn memory_bytes(self) -> u64 {
        self.total.memory_bytes.max(1)
    }
}

impl Ord for WeightedShare {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.weight == other.weight {
            return self.share.cmp(&other.share);
        }
        times(self.share, other.weight).cmp(&times(other.share, self.weight))
    }
}

impl PartialOrd for WeightedShare {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for WeightedShare {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for WeightedShare {}

fn thousandths(part: u64, whole: u64) -> u64 {
    // What any host has is far from the end of the numbers, where the quotient of two words is slow to work out.
    match part.checked_mul(1000) {
        Some(part) => part / whole,
        None => u64::try_from(u128::from(part) * 1000 / u128::from(whole)).unwrap_or(u64::MAX),
    }
}

/// The product in 160 bits: what is above the lower 64 bits, and these.
fn times(share: u128, weight: u32) -> (u128, u128) {
    const LOW: u128 = (1 << 64) - 1;
    let weight = u128::from(weight);
    let low = (share & LOW) * weight;
    ((share >> 64) * weight + (low >> 64), low & LOW)
}
