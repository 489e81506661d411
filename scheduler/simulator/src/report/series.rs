//! A quantity over time, in a bounded number of samples. Each sample is the average over its stretch of time; when the
//! time outgrows them, two neighbours become one. All series that end at one instant have stretches of one length.

/// Samples that are kept at most.
pub const SAMPLES_MAX: u64 = 512;
const FIRST_WIDTH_US: u64 = 1_024;

/// A quantity over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    width_us: u64,
    /// The quantity times the microseconds it held, per stretch.
    areas: Vec<f64>,
    value: f64,
    since_us: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width_us: FIRST_WIDTH_US,
            areas: Vec::new(),
            value: 0.0,
            since_us: 0,
        }
    }
}

impl Series {
    /// From this instant, in microseconds since the start, the quantity has another value.
    pub fn set(&mut self, at_us: u64, value: f64) {
        self.advance(at_us);
        self.value = value;
    }

    /// Lets the present value hold up to this instant.
    pub fn advance(&mut self, at_us: u64) {
        if at_us <= self.since_us {
            return;
        }
        while (at_us - 1) / self.width_us >= SAMPLES_MAX {
            self.halve();
        }
        while self.since_us < at_us {
            let stretch = self.since_us / self.width_us;
            let until_us = ((stretch + 1) * self.width_us).min(at_us);
            let at = usize::try_from(stretch).expect("there are few samples");
            if self.areas.len() <= at {
                self.areas.resize(at + 1, 0.0);
            }
            self.areas[at] += self.value * (until_us - self.since_us) as f64;
            self.since_us = until_us;
        }
    }

    /// The averages, each with the instant in the middle of its stretch. The last stretch may be short.
    pub fn averages(&self) -> impl Iterator<Item = (u64, f64)> {
        (0..).zip(&self.areas).map(|(at, area)| {
            let from_us = at * self.width_us;
            let length_us = self.width_us.min(self.since_us - from_us);
            (from_us + length_us / 2, area / length_us as f64)
        })
    }

    /// The average over all of the time; 0 when there was none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.areas.iter().sum::<f64>() / self.since_us.max(1) as f64
    }

    /// The largest average of a stretch; 0 without any.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.averages()
            .map(|(_, average)| average)
            .fold(0.0, f64::max)
    }

    fn halve(&mut self) {
        self.areas = self.areas.chunks(2).map(|pair| pair.iter().sum()).collect();
        self.width_us *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::{SAMPLES_MAX, Series};

    #[test]
    fn the_mean_weighs_values_with_their_time() {
        let mut series = Series::default();
        series.set(0, 2.0);
        series.set(3_000_000, 6.0);
        series.advance(4_000_000);
        assert!((series.mean() - 3.0).abs() < 1e-9, "{}", series.mean());
        assert!((series.peak() - 6.0).abs() < 1e-9, "{}", series.peak());
    }

    #[test]
    fn a_long_time_takes_no_more_samples_and_keeps_its_mean() {
        let mut series = Series::default();
        for at in 0..100_000_u32 {
            series.set(u64::from(at) * 1_000_003, f64::from(at % 10));
        }
        let samples: Vec<_> = series.averages().collect();
        let bounds = SAMPLES_MAX / 2..=SAMPLES_MAX;
        assert!(bounds.contains(&u64::try_from(samples.len()).unwrap()));
        assert!(samples.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!((series.mean() - 4.5).abs() < 0.01, "{}", series.mean());
    }

    #[test]
    fn equal_ends_give_equal_stretches() {
        let (mut busy, mut idle) = (Series::default(), Series::default());
        for at in 0..1_000 {
            busy.set(at * 77_777, 1.0);
        }
        busy.advance(90_000_000);
        idle.advance(90_000_000);
        let instants = |series: &Series| series.averages().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(instants(&busy), instants(&idle));
    }
}
