//! How often which length occurred, in memory that does not grow with the number of lengths. A quantile is at most one
//! part in 64 too high, and never above the largest length seen.

/// Equal steps within each power of two.
const STEPS: u64 = 64;
const STEPS_BITS: u32 = STEPS.ilog2();

/// Counts of lengths, in microseconds or any other unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    all: u64,
    sum: u128,
    max: u64,
}

impl Histogram {
    /// Counts one more.
    pub fn add(&mut self, length: u64) {
        let at = bucket(length);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.all += 1;
        self.sum += u128::from(length);
        self.max = self.max.max(length);
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.all
    }

    /// The largest, exactly; 0 without any.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The mean, exactly but for rounding; 0 without any.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.all.max(1) as f64
    }

    /// The length that so many in a thousand do not exceed; 0 without any.
    #[must_use]
    pub fn permille(&self, permille: u64) -> u64 {
        let wanted = (self.all * permille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (at, count) in (0..).zip(&self.counts) {
            seen += count;
            if seen >= wanted {
                return last_of(at).min(self.max);
            }
        }
        self.max
    }
}

fn bucket(length: u64) -> usize {
    let power = length.checked_ilog2().unwrap_or(0);
    let shift = power.saturating_sub(STEPS_BITS);
    let at = u64::from(shift) * STEPS + (length >> shift);
    usize::try_from(at).expect("there are few buckets")
}

/// The largest length that is counted in a bucket.
const fn last_of(bucket: u64) -> u64 {
    let shift = (bucket / STEPS).saturating_sub(1);
    let step = bucket - shift * STEPS;
    // The last bucket of all ends at the largest number, where the sum would not fit.
    (step << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::{Histogram, bucket, last_of};
    use crate::random::Random;

    #[test]
    fn every_length_is_at_most_a_64th_below_the_end_of_its_bucket() {
        let mut random = Random::new(1);
        let drawn = (0..10_000).map(|_| random.next() >> random.below(64));
        for length in drawn.chain([0, 1, 63, 64, 127, 128, u64::MAX - 1, u64::MAX]) {
            let end = last_of(u64::try_from(bucket(length)).unwrap());
            assert!(end >= length, "{length}: {end}");
            assert!(end - length <= length / 64, "{length}: {end}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        let mut histogram = Histogram::default();
        for length in (1..=1_000).rev() {
            histogram.add(length);
        }
        for permille in [1, 500, 900, 990] {
            let found = histogram.permille(permille);
            assert!(
                (permille..=permille + permille / 64).contains(&found),
                "{permille}: {found}"
            );
        }
        assert_eq!(histogram.permille(1_000), 1_000);
        assert_eq!((histogram.max(), histogram.count()), (1_000, 1_000));
        assert!((histogram.mean() - 500.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_has_no_length() {
        let nothing = Histogram::default();
        assert_eq!((nothing.permille(990), nothing.max()), (0, 0));
        assert!(nothing.mean() < f64::EPSILON);
    }
}
