//! A sweep over one parameter: each task of an array takes one value, and says how chaotic the logistic map is with it.

use serde::{Deserialize, Serialize};
use sublet_job::prelude::*;

const GROWTH_MIN: f64 = 2.8;
const GROWTH_MAX: f64 = 4.0;
const STEPS: u32 = 100_000;

#[derive(Debug, Deserialize, Serialize)]
struct Out {
    growth: f64,
    /// Above 0: two neighbours drift apart, so the future cannot be told.
    exponent: f64,
    chaotic: bool,
}

#[sublet_job::main]
fn main(job: &Job) -> Out {
    let task = job.task();
    let part = f64::from(task.index) / f64::from(task.count.max(2) - 1);
    let growth = GROWTH_MIN + (GROWTH_MAX - GROWTH_MIN) * part;
    let exponent = exponent(growth);
    Out {
        growth: thousandths(growth),
        exponent: thousandths(exponent),
        chaotic: exponent > 0.0,
    }
}

/// The mean growth of a small distance, per step (the Lyapunov exponent).
fn exponent(growth: f64) -> f64 {
    let mut x = 0.4;
    let mut sum = 0.0;
    for _ in 0..STEPS {
        x = growth * x * (1.0 - x);
        sum += (growth * (1.0 - 2.0 * x)).abs().max(f64::MIN_POSITIVE).ln();
    }
    sum / f64::from(STEPS)
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use sublet_job::test::Run;

    use super::*;

    #[test]
    fn the_first_task_is_calm_and_the_last_is_chaotic() {
        let first: Out = Run::of(main).task(0, 9).finish();
        let last: Out = Run::of(main).task(8, 9).finish();
        assert_eq!((first.growth, first.chaotic), (2.8, false));
        assert_eq!((last.growth, last.exponent), (4.0, 0.693));
    }
}
