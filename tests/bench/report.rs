//! Medians and tables.

use std::fs;
use std::thread;
use std::time::Duration;

/// What was measured in turns: ours and the floor's, pair by pair.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    sublet: Vec<f64>,
    floor: Vec<f64>,
}

impl Pairs {
    pub(crate) fn push(&mut self, sublet: f64, floor: f64) {
        self.sublet.push(sublet);
        self.floor.push(floor);
    }

    /// Two times, in seconds.
    pub(crate) fn push_times(&mut self, sublet: Duration, floor: Duration) {
        self.push(sublet.as_secs_f64(), floor.as_secs_f64());
    }

    /// What is in the middle of ours.
    pub(crate) fn median_of_sublet(&self) -> f64 {
        quantile(&self.sublet, 0.5)
    }

    /// Prints the table of one quantity.
    pub(crate) fn show(&self, quantity: &str, unit: &str) {
        let ratios: Vec<_> = self
            .sublet
            .iter()
            .zip(&self.floor)
            .map(|(ours, floor)| ours / floor)
            .collect();
        print(&format!("{quantity} (pairs: {})", ratios.len()));
        for (name, values, unit) in [
            ("sublet", &self.sublet, unit),
            ("floor", &self.floor, unit),
            ("ratio", &ratios, ""),
        ] {
            let [least, middle, most] = spread(values).map(rounded);
            print(&format!(
                "  {name:<8}{middle:>12}  {:<28}{unit}",
                format!("({least} to {most})")
            ));
        }
    }
}

/// Least, median and greatest.
fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0.0, 0.5, 1.0].map(|share| quantile_of_sorted(&sorted, share))
}

/// The value below which this share of the others lies.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, share)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list that is not negative and not beyond its end"
)]
fn quantile_of_sorted(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// Three significant digits are as many as such a measurement has.
fn rounded(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// The line without which no figure means anything.
pub(crate) fn machine() -> anyhow::Result<()> {
    let processors = thread::available_parallelism()?;
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    let kernel = rustix::system::uname();
    let load = fs::read_to_string("/proc/loadavg")?;
    print(&format!(
        "machine: {processors} processors ({model}), {} {}, load {}",
        kernel.sysname().to_string_lossy(),
        kernel.release().to_string_lossy(),
        load.split(' ').next().unwrap_or("unknown"),
    ));
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are for whoever reads the terminal"
)]
pub(crate) fn print(line: &str) {
    println!("{line}");
}
