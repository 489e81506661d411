//! What jobs wrote: kept, counted, and had back in several ways.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{bytes_of, core, shared};

#[test]
fn what_a_job_wrote_can_be_read_later() {
    let server = shared();
    let job = server.submit(&[], "print out , complain err");
    server.wait(&job);
    assert_eq!(
        server.sublet(&["logs", &job, "--stdout"]).code(0).stdout,
        "out\n"
    );
    assert_eq!(
        server.sublet(&["logs", &job, "--stderr"]).code(0).text(),
        "err"
    );
}

#[test]
fn the_output_of_an_array_can_be_had_task_after_task() {
    let server = shared();
    // The first task writes last, and each is tried twice.
    let flags = [
        "--array",
        "0-4",
        "--restart",
        "on-failure",
        "--retries",
        "1",
    ];
    let steps = "sleep-on-task 0 300 , identity , complain aside , exit-before-attempt 2 1";
    let job = server.submit(&[&flags[..], &["--backoff", "1ms"]].concat(), steps);
    server.wait(&job);
    let expected: String = (0..5).map(|n| format!("task {n} attempt 2\n")).collect();
    server
        .sublet(&["logs", &job, "--plain", "--stdout"])
        .code(0)
        .prints(&expected);
    server
        .sublet(&["logs", &job, "--plain", "--stdout", "--attempt", "1"])
        .code(0)
        .prints(&expected.replace("attempt 2", "attempt 1"));
    server
        .sublet(&["logs", &job, "--plain", "--follow"])
        .code(2);
}

#[test]
fn output_is_kept_byte_for_byte() {
    let server = shared();
    let every_byte: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let input = bytes_of("every-byte", &every_byte);
    let path = input.path.to_str().unwrap();
    let job = server.submit(&["--array", "0-1", "--input", path], "cat");
    server.wait(&job);
    let output = server.sublet(&["logs", &job, "--plain"]).code(0);
    assert!(
        output.bytes == [every_byte.as_slice(), &every_byte].concat(),
        "{} bytes came back",
        output.bytes.len()
    );
}

#[test]
fn output_beyond_its_limit_is_cut_and_counted() {
    let server = shared();
    let job = server.submit(&["--output-limit", "1000B"], "flood 5000 , exit 0");
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded", "{record:#}");
    assert_eq!(record["usage"]["stdout_bytes"], 5000);
    assert_eq!(record["usage"]["output_cut_bytes"], 4000);
    let kept = server.sublet(&["logs", &job, "--stdout"]).code(0);
    assert_eq!(
        kept.bytes.iter().filter(|&&byte| byte == b'x').count(),
        1000
    );
}

#[test]
fn lines_of_several_tasks_say_whose_they_are() {
    let server = shared();
    let job = server.submit(&["--array", "7-8"], "print one , print two");
    server.wait(&job);
    let output = server.sublet(&["logs", &job]).code(0);
    let mut lines: Vec<_> = output.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["7 | one", "7 | two", "8 | one", "8 | two"]);
}

#[test]
fn the_end_of_a_log_can_be_had_alone() {
    let server = shared();
    let job = server.submit(&[], "print one , print two , print three");
    server.wait(&job);
    for (lines, expected) in [("2", "two\nthree\n"), ("0", ""), ("9", "one\ntwo\nthree\n")] {
        let output = server.sublet(&["logs", &job, "--tail", lines]).code(0);
        assert_eq!(output.stdout, expected, "--tail {lines}");
    }
}

#[test]
fn what_is_older_than_wanted_is_left_out() {
    let server = shared();
    let job = server.submit(&[], "print old");
    server.wait(&job);
    server
        .sublet(&["logs", &job, "--since", "1h"])
        .code(0)
        .prints("old\n");
    server
        .sublet(&["logs", &job, "--since", "1ms"])
        .code(0)
        .prints("");
}

#[test]
fn a_followed_log_comes_as_it_is_written_and_ends_with_the_job() {
    let server = shared();
    let job = server.submit(&["--timeout", "10m"], "print first , sleep 600000");
    let following = server.command().args(["logs", &job, "--follow"]).start();
    following.wait_for_output("first\n");
    assert!(following.process().lives(), "the job goes on");
    server.sublet(&["cancel", &job]).code(0);
    following.wait().code(0).prints("first\n");
}

#[test]
fn ctrl_c_ends_the_watching_and_not_the_job() {
    let server = shared();
    let path = core("probe").path;
    let words = [
        "submit",
        "--follow",
        "--timeout",
        "10m",
        "--name",
        "watched",
    ];
    let watching = server.command().args(words).arg(path);
    let steps = ["--", "print", "first", ",", "sleep", "600000"];
    let watching = watching.args(steps).start();
    watching.wait_for_output("first\n");
    watching.process().signal(rustix::process::Signal::INT);
    watching.wait().code(130).says(&["sublet logs"]);
    let record = server.json(&["jobs", "show", "watched"]);
    assert_eq!(record["state"], "running");
    server.sublet(&["cancel", "watched"]).code(0);
}

#[test]
fn a_program_reads_entries() {
    let server = shared();
    let job = server.submit(&[], "print out , complain err");
    server.wait(&job);
    let output = server.sublet(&["-o", "json", "logs", &job]).code(0);
    // A program writes in as many pieces as it likes.
    let mut written = BTreeMap::new();
    for line in output.stdout.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&entry["task"], &entry["attempt"]), (&0.into(), &1.into()));
        let stream = entry["stream"].as_str().unwrap().to_owned();
        let text: &mut String = written.entry(stream).or_default();
        *text += entry["text"].as_str().unwrap();
    }
    let written: Vec<_> = written.into_iter().collect();
    let expected = [("stderr", "err\n"), ("stdout", "out\n")];
    assert_eq!(
        written,
        expected.map(|(stream, text)| (stream.to_owned(), text.to_owned()))
    );
}
