//! Round numbers for an axis.

/// Lines across an axis, the one at 0 not counted, are never more than this.
const TICKS_MAX: f64 = 6.0;

/// The round number at or above the largest value, at least 1.
pub(super) fn nice_top(peak: f64) -> f64 {
    let peak = peak.max(1.0);
    let step = step(peak);
    (peak / step).ceil() * step
}

/// The round numbers from 0 to the end of an axis.
pub(super) fn ticks(end: f64) -> impl Iterator<Item = f64> {
    let step = step(end);
    (0..=6_u32)
        .map(move |count| f64::from(count) * step)
        .take_while(move |&tick| tick <= end * (1.0 + 1e-9))
}

/// 1, 2 or 5 times a power of ten.
fn step(end: f64) -> f64 {
    let least = end.max(f64::MIN_POSITIVE) / TICKS_MAX;
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::{nice_top, ticks};

    #[test]
    fn axes_end_at_round_numbers() {
        let tops = [0.0, 1.0, 7.0, 61.0, 1_234.0].map(nice_top);
        assert_eq!(tops, [1.0, 1.0, 8.0, 80.0, 1_500.0]);
    }

    #[test]
    fn ticks_are_few_and_round() {
        let found: Vec<f64> = ticks(1_400.0).collect();
        assert_eq!(found, [0.0, 500.0, 1_000.0]);
        for end in [0.001, 1.0, 3.3, 59.9, 1e9] {
            assert!((2..=7).contains(&ticks(end).count()), "{end}");
        }
    }
}
