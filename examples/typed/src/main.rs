//! Counts the words of some texts: a job whose input and output have types.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sublet_job::prelude::*;

#[derive(Deserialize, Serialize)]
struct In {
    texts: Vec<String>,
    #[serde(default = "ten")]
    shown: usize,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Out {
    words: u64,
    different: usize,
    most: Vec<(String, u64)>,
}

fn ten() -> usize {
    10
}

#[sublet_job::main]
fn main(input: In, job: &Job) -> Result<Out> {
    let mut counts = HashMap::<String, u64>::new();
    for text in job.progress("texts").over(&input.texts) {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        for word in words.filter(|word| !word.is_empty()) {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    if counts.is_empty() {
        return Err(Fail::permanent("there are no words in these texts").code(3));
    }
    let words = counts.values().sum();
    let different = counts.len();
    let mut most: Vec<_> = counts.into_iter().collect();
    most.sort_by(|(one, ones), (other, others)| others.cmp(ones).then(one.cmp(other)));
    most.truncate(input.shown);
    Ok(Out {
        words,
        different,
        most,
    })
}

#[cfg(test)]
mod tests {
    use sublet_job::test::Run;

    use super::*;

    fn given(texts: &[&str]) -> Run {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Run::of(main).input(&In { texts, shown: 1 })
    }

    #[test]
    fn words_are_counted_over_all_texts() {
        let out: Out = given(&["One, two.", "two"]).finish();
        let most = vec![("two".to_owned(), 2)];
        assert_eq!((out.words, out.different, out.most), (3, 2, most));
    }

    #[test]
    fn nothing_to_count_is_a_failure_with_a_code() {
        assert_eq!(given(&["..."]).expect_fail().exit_code(), 3);
    }
}
