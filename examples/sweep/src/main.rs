//! A sweep over one parameter: each task of an array takes one value, and says how chaotic the logistic map is with it. Where
//! there are results to read, they are drawn instead.

mod picture;

use std::fs;
use std::io::Write as _;

use serde::{Deserialize, Serialize};
use sublet_job::prelude::*;

const GROWTH_MIN: f64 = 2.8;
const GROWTH_MAX: f64 = 4.0;
const STEPS: u32 = 100_000;

/// Where results are to be read.
const RESULTS: &str = "/in";

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Out {
    Value(Value),
    /// So many were drawn.
    Drawn {
        values: usize,
    },
}

#[derive(Debug, Deserialize, Serialize)]
struct Value {
    growth: f64,
    /// Above 0: two neighbours drift apart, so the future cannot be told.
    exponent: f64,
    chaotic: bool,
}

#[sublet_job::main]
fn main(job: &Job) -> Result<Out> {
    match results()? {
        results if results.is_empty() => Ok(Out::Value(value(job.task()))),
        results => draw(job, results),
    }
}

fn value(task: sublet_job::Task) -> Value {
    let part = f64::from(task.index) / f64::from(task.count.max(2) - 1);
    let growth = GROWTH_MIN + (GROWTH_MAX - GROWTH_MIN) * part;
    let exponent = exponent(growth);
    Value {
        growth: thousandths(growth),
        exponent: thousandths(exponent),
        chaotic: exponent > 0.0,
    }
}

/// Those of an earlier sweep, if there are any.
fn results() -> Result<Vec<Value>> {
    let Ok(files) = fs::read_dir(RESULTS) else {
        return Ok(Vec::new());
    };
    let mut values = Vec::new();
    for file in files {
        let path = file?.path();
        let value = serde_json::from_slice(&fs::read(&path)?);
        values.push(value.or_permanent(path.display())?);
    }
    Ok(values)
}

fn draw(job: &Job, values: Vec<Value>) -> Result<Out> {
    let chaotic = values.iter().filter(|value| value.chaotic).count();
    let points: Vec<_> = values
        .iter()
        .map(|value| (value.growth, value.exponent))
        .collect();
    let mut picture = job.artifact("picture.svg", "image/svg+xml")?;
    picture.write_all(picture::of(&points).as_bytes())?;
    picture.finish()?;
    job.summary(&format!(
        "{} values, {chaotic} of them chaotic",
        values.len()
    ));
    Ok(Out::Drawn {
        values: values.len(),
    })
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
        let first: Value = Run::of(main).task(0, 9).finish();
        let last: Value = Run::of(main).task(8, 9).finish();
        assert_eq!((first.growth, first.chaotic), (2.8, false));
        assert_eq!((last.growth, last.exponent), (4.0, 0.693));
    }
}
