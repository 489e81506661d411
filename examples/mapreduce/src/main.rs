//! Counts words with many mappers and one reducer that talk over the user's own network.
//!
//! ```text
//! mapreduce reduce MAPPERS [HOW_MANY_WORDS]      a job of one task, named `reducer`
//! mapreduce map                                  an array: each task reads its share of the files below /in
//! ```
//!
//! Mappers find the reducer by its name, wherever it runs. Each sends its counts on one connection and ends it.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const REDUCER: &str = "reducer:7000";
const PORT: u16 = 7000;
const SHOWN_UNLESS_SAID: usize = 10;
/// How long a mapper looks for a reducer that may not have started yet.
const PATIENCE: Duration = Duration::from_secs(30);

type Counts = HashMap<String, u64>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["map"] => map(),
        ["reduce", mappers] => {
            number(mappers).and_then(|mappers| reduce(mappers, SHOWN_UNLESS_SAID))
        }
        ["reduce", mappers, shown] => {
            number(mappers).and_then(|mappers| reduce(mappers, number(shown)?))
        }
        _ => {
            eprintln!("usage: mapreduce map | mapreduce reduce MAPPERS [HOW_MANY_WORDS]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mapreduce: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> io::Result<usize> {
    text.parse()
        .map_err(|_| io::Error::other(format!("`{text}` is not a number")))
}

/// Counts every file whose place in the list falls to this task.
fn map() -> io::Result<()> {
    let (task, tasks) = (
        variable("SUBLET_TASK_INDEX")?,
        variable("SUBLET_TASK_COUNT")?,
    );
    let mut files = Vec::new();
    list(Path::new("/in"), &mut files)?;
    files.sort();
    let mut counts = Counts::new();
    for file in files.iter().skip(task).step_by(tasks.max(1)) {
        count_words(&String::from_utf8_lossy(&fs::read(file)?), &mut counts);
    }
    let mut reducer = BufWriter::new(reach(REDUCER)?);
    for (word, count) in &counts {
        writeln!(reducer, "{word} {count}")?;
    }
    reducer.flush()
}

fn variable(name: &str) -> io::Result<usize> {
    number(&env::var(name).map_err(|_| io::Error::other(format!("{name} is not set")))?)
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn count_words(text: &str, counts: &mut Counts) {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
}

/// The reducer may be a job that has not started yet.
fn reach(server: &str) -> io::Result<TcpStream> {
    let began = Instant::now();
    loop {
        match TcpStream::connect(server) {
            Err(_) if began.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(50)),
            other => return other,
        }
    }
}

/// Adds up what the mappers send, one after the other: what a mapper writes meanwhile waits in its connection.
fn reduce(mappers: usize, shown: usize) -> io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", PORT))?;
    let mut counts = Counts::new();
    for _ in 0..mappers {
        let (mapper, _) = listener.accept()?;
        for line in BufReader::new(mapper).lines() {
            let line = line?;
            if let Some((word, count)) = line.rsplit_once(' ') {
                *counts.entry(word.to_owned()).or_default() += count.parse::<u64>().unwrap_or(0);
            }
        }
    }
    report(&counts, mappers, shown);
    Ok(())
}

fn report(counts: &Counts, mappers: usize, shown: usize) {
    let mut ranking: Vec<_> = counts.iter().collect();
    ranking.sort_by_key(|(word, count)| (u64::MAX - **count, *word));
    for (word, count) in ranking.into_iter().take(shown) {
        println!("{count:>8}  {word}");
    }
    let words: u64 = counts.values().sum();
    println!(
        "{words} words, {} different, from {mappers} mappers",
        counts.len()
    );
}
