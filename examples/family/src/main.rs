//! Map and reduce with children: one module that is both. The parent gives each text to a child, the children count words,
//! and the parent adds up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sublet_job::prelude::*;

/// The module that is running.
const THIS_MODULE: &str = "";

#[derive(Deserialize, Serialize)]
enum In {
    /// For the parent.
    Texts(Vec<String>),
    /// For a child.
    Text(String),
}

type Counts = BTreeMap<String, u64>;

#[sublet_job::main]
fn main(input: In, job: &Job) -> Result<Counts> {
    match input {
        In::Text(text) => Ok(count(&text)),
        In::Texts(texts) => {
            let children = job.children().of(THIS_MODULE, texts, |child, text| {
                child.input(&In::Text(text))
            })?;
            let mut sum = Counts::new();
            for part in children.join::<Counts>()? {
                for (word, count) in part {
                    *sum.entry(word).or_default() += count;
                }
            }
            job.summary(&format!("**{}** different words", sum.len()));
            Ok(sum)
        }
    }
}

fn count(text: &str) -> Counts {
    let mut counts = Counts::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use sublet_job::test::Run;

    use super::*;

    #[test]
    fn the_parts_are_added_up() {
        let stand_in = |input: In| match input {
            In::Text(text) => Ok(count(&text)),
            In::Texts(_) => Err(Fail::permanent("a child of a child")),
        };
        let texts = ["to be", "or not to be"].map(str::to_owned).to_vec();
        let run = Run::of(main).module(THIS_MODULE, stand_in);
        let ended = run.input(&In::Texts(texts)).run();
        assert_eq!(ended.finish::<Counts>()["be"], 2);
        assert_eq!(ended.children(), 2);
        assert_eq!(ended.summary(), Some("**4** different words"));
    }
}
