//! How much of the pool somebody holds, and who holds more: the larger part of processors and memory, over the weight.

use sublet_scheduler::Resources;

/// The whole pool, in the units of [`part_of`].
const WHOLE_PLACES: u32 = 48;

/// A dominant share over a weight. Shares of the same pool can be compared, and are so without rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// Over the product of what the pool has of both.
    part: u128,
    weight: u32,
}

impl Share {
    pub(super) fn of(pool: Resources, held: Resources, weight: u32) -> Self {
        let cpu = u128::from(held.cpu_millis) * u128::from(pool.memory_bytes.max(1));
        let memory = u128::from(held.memory_bytes) * u128::from(pool.cpu_millis.max(1));
        Self {
            part: cpu.max(memory),
            weight: weight.max(1),
        }
    }

    pub(super) fn is_above(self, other: Self) -> bool {
        self.part * u128::from(other.weight) > other.part * u128::from(self.weight)
    }

    /// What is left without as much as somebody of that share has.
    pub(super) const fn less(self, other: Self) -> Self {
        Self {
            part: self.part.saturating_sub(other.part),
            weight: self.weight,
        }
    }
}

/// The part of the pool that an amount is, rounded down: the whole is 2^48.
pub(super) fn part_of(pool: Resources, amount: Resources) -> u128 {
    let part = |amount: u64, of: u64| (u128::from(amount) << WHOLE_PLACES) / u128::from(of.max(1));
    let cpu = part(amount.cpu_millis, pool.cpu_millis);
    let memory = part(amount.memory_bytes, pool.memory_bytes);
    cpu.max(memory).min(1 << WHOLE_PLACES)
}

#[cfg(test)]
mod tests {
    use super::{Share, part_of};
    use crate::world::amount;

    #[test]
    fn the_larger_part_counts_over_the_weight() {
        let pool = amount(1_000, 1_000);
        let share = |cpu, memory, weight| Share::of(pool, amount(cpu, memory), weight);
        assert!(share(100, 300, 1).is_above(share(200, 200, 1)));
        assert!(!share(300, 0, 3).is_above(share(0, 100, 1)));
        assert!(share(301, 0, 3).is_above(share(0, 100, 1)));
        assert!(
            !share(300, 0, 1)
                .less(share(200, 0, 1))
                .is_above(share(100, 0, 1))
        );
        assert_eq!(part_of(pool, amount(250, 500)), 1 << 47);
    }
}
