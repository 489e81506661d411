//! What guests printed comes back in order; what is torn is skipped and said.

use std::{fs, path::PathBuf};

use sublet_scheduler::{AttemptId, JobId};
use sublet_store::{DataDirectory, LogEntry, LogFound, LogPosition, LogSelection, Logs, Stream};

use crate::support::*;

const JOB: JobId = JobId(5);

fn print(logs: &Logs, task: u32, text: &str) {
    let attempt = AttemptId {
        job: JOB,
        task,
        number: 1,
    };
    logs.append(
        attempt,
        Stream::Stdout,
        at(u64::from(task)),
        text.as_bytes(),
    )
    .unwrap();
}

fn entries(logs: &Logs, selection: LogSelection, from: LogPosition) -> Vec<LogEntry> {
    logs.read(JOB, selection, from)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// The texts in the log, a gap as "-".
fn texts(logs: &Logs) -> Vec<String> {
    entries(logs, LogSelection::default(), LogPosition::default())
        .iter()
        .map(text)
        .collect()
}

fn text(entry: &LogEntry) -> String {
    match &entry.found {
        LogFound::Chunk(chunk) => String::from_utf8_lossy(&chunk.bytes).into_owned(),
        LogFound::Gap { .. } => "-".to_owned(),
    }
}

fn segment(store: &Store, number: u32) -> PathBuf {
    store.folder.path().join(format!("logs/5/{number}.log"))
}

#[test]
fn a_reader_goes_on_where_it_was() {
    let store = store();
    let logs = store.data.logs().unwrap();
    assert_eq!(texts(&logs), [""; 0]);
    print(&logs, 0, "a");
    print(&logs, 1, "b");
    let seen = entries(&logs, LogSelection::default(), LogPosition::default());
    assert_eq!(seen.iter().map(text).collect::<Vec<_>>(), ["a", "b"]);
    print(&logs, 2, "c");
    for (index, rest) in [(0, vec!["b", "c"]), (1, vec!["c"])] {
        let from = seen[index].after.to_string().parse().unwrap();
        let found = entries(&logs, LogSelection::default(), from);
        assert_eq!(found.iter().map(text).collect::<Vec<_>>(), rest);
    }
}

#[test]
fn a_selection_shows_its_part() {
    let store = store();
    let logs = store.data.logs().unwrap();
    for (task, number, stream) in [
        (0, 1, Stream::Stdout),
        (0, 2, Stream::Stderr),
        (1, 1, Stream::Stderr),
    ] {
        let attempt = AttemptId {
            job: JOB,
            task,
            number,
        };
        logs.append(attempt, stream, at(9), format!("{task}{number}").as_bytes())
            .unwrap();
    }
    let all = LogSelection::default();
    for (selection, expected) in [
        (
            LogSelection {
                task: Some(0),
                ..all
            },
            vec!["01", "02"],
        ),
        (
            LogSelection {
                attempt: Some(2),
                ..all
            },
            vec!["02"],
        ),
        (
            LogSelection {
                stream: Some(Stream::Stderr),
                ..all
            },
            vec!["02", "11"],
        ),
        (
            LogSelection {
                task: Some(7),
                ..all
            },
            vec![],
        ),
    ] {
        let found = entries(&logs, selection, LogPosition::default());
        assert_eq!(found.iter().map(text).collect::<Vec<_>>(), expected);
    }
    let mut nothing = logs
        .read(
            JOB,
            LogSelection {
                task: Some(7),
                ..all
            },
            LogPosition::default(),
        )
        .unwrap();
    assert!(nothing.next().is_none());
    assert_eq!(entries(&logs, all, nothing.position()), vec![]);
}

#[test]
fn a_job_without_output_makes_no_file() {
    let store = store();
    let logs = store.data.logs().unwrap();
    logs.close(JOB).unwrap();
    print(&logs, 0, "");
    logs.remove(JOB).unwrap();
    assert_eq!(texts(&logs), [""; 0]);
    assert_eq!(
        fs::read_dir(store.folder.path().join("logs"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_long_log_rolls_over_and_is_removed_whole() {
    let store = store();
    let logs = store.data.logs().unwrap();
    let megabyte = "x".repeat(1 << 20);
    (0..20).for_each(|task| print(&logs, task, &megabyte));
    assert!(segment(&store, 1).exists() && segment(&store, 3).exists());
    let found = entries(&logs, LogSelection::default(), LogPosition::default());
    assert_eq!(
        found.iter().map(|entry| text(entry).len()).sum::<usize>(),
        20 << 20
    );
    logs.close(JOB).unwrap();
    logs.remove(JOB).unwrap();
    assert!(!segment(&store, 1).exists());
}

#[test]
fn l14_a_new_server_begins_a_new_segment() {
    let store = store();
    print(&store.data.logs().unwrap(), 0, "before");
    let logs = store.data.logs().unwrap();
    assert_eq!(texts(&logs), ["before"]);
    print(&logs, 1, "after");
    assert!(segment(&store, 2).exists());
    assert_eq!(texts(&logs), ["before", "after"]);
}

#[test]
fn a_torn_tail_is_a_gap_wherever_it_is_torn() {
    let store = store();
    let logs = store.data.logs().unwrap();
    print(&logs, 0, "one");
    let whole = fs::metadata(segment(&store, 1)).unwrap().len();
    print(&logs, 0, "two");
    let bytes = fs::read(segment(&store, 1)).unwrap();
    for length in whole..u64::try_from(bytes.len()).unwrap() {
        fs::write(
            segment(&store, 1),
            &bytes[..usize::try_from(length).unwrap()],
        )
        .unwrap();
        let logs = store.data.logs().unwrap();
        let expected: &[&str] = if length == whole {
            &["one"]
        } else {
            &["one", "-"]
        };
        assert_eq!(texts(&logs), expected, "torn at {length}");
        print(&logs, 0, "three");
        assert_eq!(texts(&logs), [expected, &["three"]].concat());
        fs::remove_file(segment(&store, 2)).unwrap();
    }
}

#[test]
fn a_flipped_bit_costs_the_rest_of_its_segment() {
    let store = store();
    let logs = store.data.logs().unwrap();
    ["one", "two", "three"]
        .iter()
        .for_each(|text| print(&logs, 0, text));
    logs.close(JOB).unwrap();
    print(&logs, 0, "four");
    let whole = fs::read(segment(&store, 1)).unwrap();
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        fs::write(segment(&store, 1), damaged).unwrap();
        let found = texts(&logs);
        let (rest, before) = found.split_at(found.iter().position(|text| text == "-").unwrap());
        assert_eq!(before, ["-", "four"], "flipped at {place}");
        assert!(["one", "two"].starts_with(&rest.iter().map(String::as_str).collect::<Vec<_>>()));
    }
}

#[test]
fn a_lost_segment_is_a_gap() {
    let store = store();
    let logs = store.data.logs().unwrap();
    for text in ["one", "two", "three"] {
        print(&logs, 0, text);
        logs.close(JOB).unwrap();
    }
    fs::remove_file(segment(&store, 2)).unwrap();
    assert_eq!(texts(&logs), ["one", "-", "three"]);
}

#[test]
fn a_place_that_never_was_is_no_harm() {
    let store = store();
    let logs = store.data.logs().unwrap();
    print(&logs, 0, "one");
    for place in [
        "0-0",
        "1-0",
        "1-3",
        "1-9",
        "1-999999",
        "7-0",
        "18446744073709551615-8",
    ] {
        let found = entries(&logs, LogSelection::default(), place.parse().unwrap());
        assert!(found.len() <= 1, "{place}: {found:?}");
    }
    for text in ["", "1", "1-", "-1", "1-2-3", "1-x"] {
        assert!(text.parse::<LogPosition>().is_err(), "{text:?}");
    }
}

#[test]
fn more_jobs_print_at_once_than_files_may_be_open() {
    let store = store();
    let logs = store.data.logs().unwrap();
    let print = |round: u64| {
        for job in 1..=300 {
            let attempt = AttemptId {
                job: JobId(job),
                task: 0,
                number: 1,
            };
            logs.append(attempt, Stream::Stdout, at(round), b"line")
                .unwrap();
        }
    };
    (0..3).for_each(print);
    let open = fs::read_dir("/proc/self/fd").unwrap().filter(|file| {
        let target = file
            .as_ref()
            .ok()
            .and_then(|file| fs::read_link(file.path()).ok());
        target.is_some_and(|target| target.starts_with(store.folder.path().join("logs")))
    });
    assert!(open.count() <= 130);
    for job in 1..=300 {
        let reader = logs
            .read(JobId(job), LogSelection::default(), LogPosition::default())
            .unwrap();
        assert_eq!(reader.count(), 3);
        assert!(
            !store
                .folder
                .path()
                .join(format!("logs/{job}/2.log"))
                .exists()
        );
    }
}

#[test]
fn many_threads_print_at_once_and_nothing_is_torn() {
    let store = store();
    let logs = store.data.logs().unwrap();
    std::thread::scope(|scope| {
        for task in 0..4 {
            let logs = &logs;
            scope.spawn(move || (0..200).for_each(|line| print(logs, task, &format!("{line}"))));
        }
        let seen = (0..50).flat_map(|_| texts(&logs));
        assert!(
            seen.into_iter().all(|text| text != "-"),
            "a reader beside the writers sees no gap"
        );
    });
    for task in 0..4 {
        let selection = LogSelection {
            task: Some(task),
            ..LogSelection::default()
        };
        let found = entries(&logs, selection, LogPosition::default());
        let expected: Vec<_> = (0..200).map(|line| line.to_string()).collect();
        assert_eq!(found.iter().map(text).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn logs_outlive_the_directory_s_holder() {
    let Store {
        folder,
        writer,
        readers,
        data,
    } = store();
    print(&data.logs().unwrap(), 0, "kept");
    drop((writer, readers, data));
    let data = DataDirectory::open(folder.path()).unwrap();
    assert_eq!(texts(&data.logs().unwrap()), ["kept"]);
}
