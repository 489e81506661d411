//! Chance from a seed, and the distributions that workloads are made of. The integers are the same on every machine; a
//! distribution goes through logarithms and may differ in its last bit on another processor, so a seed is replayed on
//! the kind of machine that found it.

use std::f64::consts::TAU;

/// A small generator (splitmix64): eight bytes of state, equal for equal seeds.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own for one purpose, so that one stream does not move when another draws more.
    #[must_use]
    pub const fn of(seed: u64, purpose: u64) -> Self {
        Self(mix(seed ^ mix(purpose.wrapping_add(1))))
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// One of `0..bound`; 0 when the bound is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        match self.next().checked_rem(bound) {
            Some(number) => number,
            None => 0,
        }
    }

    /// As [`below`](Self::below), for small numbers.
    pub fn below_u32(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below(u64::from(bound))).expect("it is below a bound of 32 bits")
    }

    /// True so many times in a hundred.
    pub const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the list, which has one.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let bound = u64::try_from(from.len()).expect("a length fits into 64 bits");
        let at = usize::try_from(self.below(bound)).expect("it is below a length");
        from[at]
    }

    /// Even over 0 to 1, without the 0, so that its logarithm is finite.
    pub fn unit(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        ((self.next() >> 11) + 1) as f64 / STEPS
    }

    /// Gaps between arrivals that know nothing of each other.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }

    /// Mean 0, deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (TAU * self.unit()).cos()
    }

    /// A value whose logarithm has mean `mu` and deviation `sigma`.
    pub fn lognormal(&mut self, mu: f64, sigma: f64) -> f64 {
        (mu + sigma * self.normal()).exp()
    }

    /// A heavy tail of the given index between two ends, by inverting its distribution.
    pub fn bounded_pareto(&mut self, index: f64, least: f64, most: f64) -> f64 {
        let cut = 1.0 - (least / most).powf(index);
        (least * (1.0 - self.unit() * cut).powf(-1.0 / index)).clamp(least, most)
    }

    /// Gaps that come in clumps (shape below 1) or evenly (above it), by Marsaglia and Tsang.
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.unit().powf(1.0 / shape);
            return boost * self.gamma(shape + 1.0, scale);
        }
        let third = shape - 1.0 / 3.0;
        let slope = 1.0 / (9.0 * third).sqrt();
        loop {
            let normal = self.normal();
            let cube = (1.0 + slope * normal).powi(3);
            let limit = 0.5 * normal * normal + third - third * cube + third * cube.max(0.0).ln();
            if cube > 0.0 && self.unit().ln() < limit {
                return third * cube * scale;
            }
        }
    }
}

const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A drawn amount as a whole number; below 0 is 0, beyond 64 bits is the largest.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and that is what is wanted"
)]
pub const fn whole(amount: f64) -> u64 {
    amount.round() as u64
}

#[cfg(test)]
mod tests {
    use super::{Random, whole};

    const DRAWS: u32 = 200_000;

    fn mean(mut draw: impl FnMut() -> f64) -> f64 {
        (0..DRAWS).map(|_| draw()).sum::<f64>() / f64::from(DRAWS)
    }

    #[test]
    fn equal_seeds_give_equal_numbers_and_purposes_keep_apart() {
        let drawn = |mut random: Random| [random.next(), random.next(), random.next()];
        assert_eq!(drawn(Random::new(7)), drawn(Random::new(7)));
        assert_ne!(drawn(Random::of(7, 0)), drawn(Random::of(7, 1)));
        assert_ne!(drawn(Random::of(7, 0)), drawn(Random::of(8, 0)));
    }

    #[test]
    fn each_distribution_has_its_mean() {
        let mut random = Random::new(1);
        let cases = [
            ("unit", mean(|| random.unit()), 0.5),
            ("exponential", mean(|| random.exponential(3.0)), 3.0),
            ("normal", mean(|| 1.0 + random.normal()), 1.0),
            ("clumped gamma", mean(|| random.gamma(0.4, 5.0)), 2.0),
            ("even gamma", mean(|| random.gamma(4.0, 0.5)), 2.0),
            (
                "lognormal",
                mean(|| random.lognormal(0.0, 0.5)),
                0.125_f64.exp(),
            ),
            ("pareto", mean(|| random.bounded_pareto(2.0, 1.0, 1e6)), 2.0),
        ];
        for (name, found, expected) in cases {
            assert!(
                (found / expected - 1.0).abs() < 0.03,
                "{name}: {found}, not {expected}"
            );
        }
    }

    #[test]
    fn a_bounded_tail_stays_between_its_ends() {
        let mut random = Random::new(2);
        for _ in 0..DRAWS {
            let drawn = random.bounded_pareto(0.7, 1e-6, 1e4);
            assert!((1e-6..=1e4).contains(&drawn), "{drawn}");
        }
    }

    #[test]
    fn amounts_beyond_the_numbers_end_at_them() {
        assert_eq!(
            [-1.0, 0.4, 0.6, 1e30, f64::NAN].map(whole),
            [0, 0, 1, u64::MAX, 0]
        );
    }

    #[test]
    fn below_nothing_is_nothing() {
        assert_eq!(Random::new(3).below(0), 0);
    }
}
