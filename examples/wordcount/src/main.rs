//! Counts the words of all files below `/in` and prints the most frequent ones.
//!
//! A job sees its input as ordinary files, so this is an ordinary program. The first argument says how many words to
//! print; without one it is ten.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

const SHOWN_UNLESS_SAID: usize = 10;

type Counts = HashMap<String, u64>;

fn main() -> ExitCode {
    let shown = match env::args().nth(1).map(|text| text.parse()) {
        None => SHOWN_UNLESS_SAID,
        Some(Ok(number)) => number,
        Some(Err(_)) => {
            eprintln!("usage: wordcount [HOW_MANY_WORDS]");
            return ExitCode::from(2);
        }
    };
    let mut counts = Counts::new();
    match count_tree(Path::new("/in"), &mut counts) {
        Ok(files) => report(&counts, files, shown),
        Err(error) => {
            eprintln!("cannot read /in: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Adds the words of every file below `directory`; returns how many files there were.
fn count_tree(directory: &Path, counts: &mut Counts) -> io::Result<u64> {
    let mut files = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files += count_tree(&entry.path(), counts)?;
        } else {
            count_words(&fs::read(entry.path())?, counts);
            files += 1;
        }
    }
    Ok(files)
}

fn count_words(bytes: &[u8], counts: &mut Counts) {
    let text = String::from_utf8_lossy(bytes);
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
}

fn report(counts: &Counts, files: u64, shown: usize) {
    let mut ranking: Vec<_> = counts.iter().collect();
    ranking.sort_by_key(|(word, count)| (u64::MAX - **count, *word));
    for (word, count) in ranking.into_iter().take(shown) {
        println!("{count:>8}  {word}");
    }
    let words: u64 = counts.values().sum();
    println!(
        "{words} words, {} different, in {files} files",
        counts.len()
    );
}
