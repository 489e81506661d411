//! Segments of logs: what is read was printed, in its order, and what is not read is told as a gap.

use std::fs;

use sublet_scheduler::{AttemptId, JobId, UnixMillis};
use sublet_simulator::random::Random;
use sublet_store::{DataDirectory, LogFound, LogPosition, LogSelection, Logs, Stream};
use tempfile::TempDir;

use super::campaign::Campaign;
use super::mutation::mutated;

const JOB: JobId = JobId(5);
const PRINTED: u32 = 12;

#[test]
fn a_damaged_log_shows_what_was_printed_and_where_something_is_missing() {
    let folder = TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap();
    let data = DataDirectory::open(folder.path()).unwrap();
    let logs = data.logs().unwrap();
    (0..PRINTED).for_each(|number| print(&logs, number));
    logs.close(JOB).unwrap();
    let segment = folder.path().join("logs/5/1.log");
    let whole = [fs::read(&segment).unwrap()];
    assert_eq!(
        read(&logs, LogPosition::default()),
        ((0..PRINTED).collect(), 0)
    );
    let segments = Campaign {
        name: "logs",
        cases: 5_000,
    };
    let make = |random: &mut Random| mutated(random, &whole, &["SUBLOG1\n"]);
    segments.play(make, |bytes| {
        fs::write(&segment, bytes).unwrap();
        // A copied frame is a whole frame, so one may come twice; none comes that was never printed.
        let (numbers, gaps) = read(&logs, LogPosition::default());
        assert!(
            numbers.iter().all(|&number| number < PRINTED),
            "{numbers:?}"
        );
        assert!(
            gaps <= 1,
            "what is behind damage cannot be told from it: {gaps} gaps"
        );
    });
}

#[test]
fn a_place_in_a_log_may_be_anywhere() {
    let folder = TempDir::new().unwrap();
    let data = DataDirectory::open(folder.path()).unwrap();
    let logs = data.logs().unwrap();
    (0..PRINTED).for_each(|number| print(&logs, number));
    let places = Campaign {
        name: "places",
        cases: 5_000,
    };
    let corpus = ["1-8", "1-33", "2-0", "0-0", "1-999"];
    places.play(
        |random| mutated(random, &corpus, &["-", "1", "+"]),
        |bytes| {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(place) = text.parse::<LogPosition>() {
                let (numbers, _) = read(&logs, place);
                assert!(numbers.is_sorted(), "{place}: {numbers:?}");
            }
        },
    );
}

fn print(logs: &Logs, number: u32) {
    let attempt = AttemptId {
        job: JOB,
        task: number,
        number: 1,
    };
    let text = format!("line {number}\n");
    let stream = [Stream::Stdout, Stream::Stderr][usize::from(number % 2 == 1)];
    logs.append(
        attempt,
        stream,
        UnixMillis(u64::from(number)),
        text.as_bytes(),
    )
    .unwrap();
}

/// The numbers of the lines that were read, and how often something was missing.
fn read(logs: &Logs, from: LogPosition) -> (Vec<u32>, usize) {
    let mut numbers = Vec::new();
    let mut gaps = 0;
    for entry in logs.read(JOB, LogSelection::default(), from).unwrap() {
        match entry.unwrap().found {
            LogFound::Gap { .. } => gaps += 1,
            LogFound::Chunk(chunk) => {
                let expected = format!("line {}\n", chunk.task);
                assert_eq!(String::from_utf8_lossy(&chunk.bytes), expected);
                numbers.push(chunk.task);
            }
        }
    }
    (numbers, gaps)
}
