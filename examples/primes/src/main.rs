//! Counts primes for a long time, and goes on from where it was when it is stopped.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sublet_job::prelude::*;

/// Numbers between two looks at whether to stop.
const BLOCK: u64 = 1000;
/// Between two checkpoints.
const PERIOD: Duration = Duration::from_secs(10);

/// What is known so far.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
struct State {
    /// The first number that was not looked at.
    next: u64,
    primes: u64,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Out {
    primes: u64,
    /// Where this attempt began.
    begun_at: u64,
}

#[sublet_job::main]
fn main(below: u64, job: &Job) -> Result<Out> {
    let mut state: State = job.checkpoint().load()?.unwrap_or_default();
    let begun_at = state.next;
    let mut progress = job.progress("numbers").of(below).from(begun_at);
    while state.next < below {
        let end = below.min(state.next + BLOCK);
        state.primes += (state.next..end)
            .map(|number| u64::from(is_prime(number)))
            .sum::<u64>();
        state.next = end;
        progress.set(end);
        job.checkpoint().every(PERIOD).save(&state)?;
        if job.stopping() && end < below {
            return Err(Fail::yielded());
        }
    }
    job.checkpoint().save(&state)?;
    Ok(Out {
        primes: state.primes,
        begun_at,
    })
}

fn is_prime(number: u64) -> bool {
    let mut divisors = (2..).take_while(|divisor| divisor * divisor <= number);
    number > 1 && !divisors.any(|divisor| number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use sublet_job::test::Run;

    use super::*;

    #[test]
    fn a_stopped_count_goes_on_where_it_was() {
        let stopped = Run::of(main)
            .input(&10_000)
            .stop_after_progress(3)
            .expect_yield();
        assert_eq!(stopped.checkpoint::<State>().unwrap().next, 3000);
        let out: Out = stopped.resume().finish();
        let expected = Out {
            primes: 1229,
            begun_at: 3000,
        };
        assert_eq!(out, expected);
    }
}
