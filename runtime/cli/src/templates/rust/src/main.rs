//! Counts the words of some lines.

use serde::{Deserialize, Serialize};
use sublet_job::prelude::*;

/// What the job is given, as JSON.
#[derive(Deserialize, Serialize)]
struct In {
    lines: Vec<String>,
}

/// What it gives back.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Out {
    words: usize,
    longest: String,
}

#[sublet_job::main]
fn main(input: In, job: &Job) -> Result<Out> {
    let mut words = 0;
    let mut longest = "";
    for line in job.progress("lines").over(&input.lines) {
        for word in line.split_whitespace() {
            words += 1;
            if word.len() > longest.len() {
                longest = word;
            }
        }
        if job.stopping() {
            return Err(Fail::yielded());
        }
    }
    if words == 0 {
        return Err(Fail::permanent("there are no words").code(3));
    }
    Ok(Out {
        words,
        longest: longest.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sublet_job::test::Run;

    fn given(lines: &[&str]) -> Run {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Run::of(main).input(&In { lines })
    }

    #[test]
    fn words_are_counted() {
        let out: Out = given(&["one two", "three"]).finish();
        let longest = "three".to_owned();
        assert_eq!(out, Out { words: 3, longest });
    }

    #[test]
    fn no_words_are_a_failure_that_is_not_tried_again() {
        let fail = given(&[]).expect_fail();
        assert_eq!((fail.exit_code(), fail.is_retryable()), (3, false));
    }

    #[test]
    fn it_stops_when_it_is_asked_to() {
        given(&["one", "two"]).stop().expect_yield();
    }
}
