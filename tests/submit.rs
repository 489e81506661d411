//! The daily verbs against a server: push, submit, watch, look, cancel, retry.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, bytes_of, core, eventually, kept, shared};

/// How long a cancel may take, from asking to the end.
const CANCEL: Duration = Duration::from_secs(2);

/// A time as the API tells it. As text, times do not stand in order: trailing zeros are left out.
#[track_caller]
fn time(text: &Value) -> jiff::Timestamp {
    let parsed = text.as_str().unwrap_or_default().parse();
    parsed.unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn following_shows_output_and_tells_the_fate() {
    let server = shared();
    let path = core("probe").path;
    server
        .sublet(&[
            "submit",
            path.to_str().unwrap(),
            "--follow",
            "--",
            "print",
            "seen",
            ",",
            "exit",
            "3",
        ])
        .code(3)
        .prints("seen\n");
}

#[test]
fn waiting_tells_the_fate() {
    let server = shared();
    let fine = server.submit(&[], "exit 0");
    let poor = server.submit(&[], "exit 7");
    server.sublet(&["wait", &fine]).code(0);
    server.sublet(&["wait", &poor]).code(7);
    server.sublet(&["wait", &fine, &poor]).code(7);
}

#[test]
fn arguments_environment_input_and_files_reach_the_guest() {
    let server = shared();
    let tree = kept("submitted-tree");
    fs::write(tree.join("file"), "uploaded").unwrap();
    let input = bytes_of("submitted-input", b"read from stdin\n");
    let flags = [
        "--env",
        "COLOUR=blue",
        "--input",
        input.path.to_str().unwrap(),
        "--in",
        tree.to_str().unwrap(),
    ];
    let job = server.submit(&flags, "cat , read /in/file , print , environment");
    server.wait(&job);
    let log = server.log_of(&job);
    for word in ["read from stdin", "uploaded", "COLOUR=blue"] {
        assert!(log.contains(word), "no {word:?} in {log}");
    }
}

#[test]
fn selectors_name_a_job() {
    let server = Server::start();
    let name = "chosen-name";
    let first = server.submit(&["--name", name], "exit 0");
    let second = server.submit(&[], "exit 0");
    server.wait(&first);
    server.wait(&second);

    let number = server.job(&first)["number"].to_string();
    let prefix = &first[..first.len() - 1];
    let selected = |selector: &str| server.json(&["jobs", "show", selector])["id"].clone();
    for selector in [first.as_str(), name, &number, &format!("#{number}"), "-2"] {
        assert_eq!(selected(selector), first, "{selector}");
    }
    assert_eq!(selected("last"), second);
    if !second.starts_with(prefix) {
        assert_eq!(selected(prefix), first);
    }
    // Ids begin with their time, so those of one test begin alike.
    let alike = first.bytes().zip(second.bytes());
    let common = alike.take_while(|(one, other)| one == other).count();
    server
        .sublet(&["jobs", "show", &first[..common]])
        .code(6)
        .says(&["S0202", &first, &second]);
    server
        .sublet(&["jobs", "show", "nothing-like-it"])
        .code(5)
        .says(&["S0201"]);
}

#[test]
fn jobs_are_listed_by_name_and_label() {
    let server = shared();
    let job = server.submit(&["--name", "listed", "--label", "team=blue"], "exit 0");
    server.submit(&["--label", "team=red"], "exit 0");
    for filter in [["--name", "listed"], ["--label", "team=blue"]] {
        let page = server.json(&[&["jobs", "list"], filter.as_slice()].concat());
        let ids: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| &job["id"])
            .collect();
        assert_eq!(ids, [&json!(job)], "{filter:?}");
    }
}

#[test]
fn active_jobs_are_those_that_are_not_over() {
    let server = Server::start();
    let over = server.submit(&[], "exit 0");
    server.wait(&over);
    let active = server.submit(&[], "sleep 600000");
    let listed = server.sublet(&["ps", "-q"]).code(0);
    assert_eq!(listed.text(), active);
    server.sublet(&["cancel", &active]).code(0);
}

#[test]
fn the_record_of_a_job_is_complete() {
    let server = shared();
    let job = server.submit(
        &["--name", "whole", "--priority", "5", "--label", "a=b"],
        "exit 0",
    );
    server.wait(&job);
    let record = server.job(&job);
    for (field, expected) in [
        ("name", json!("whole")),
        ("state", json!("finished")),
        ("priority", json!(5)),
        ("labels", json!({"a": "b"})),
        ("args", json!(["exit", "0"])),
        ("cancel_asked", json!(false)),
        ("restart", json!({"policy": "on-loss"})),
    ] {
        assert_eq!(record[field], expected, "{field} of {record:#}");
    }
    assert_eq!(record["tasks"]["succeeded"], 1, "{record:#}");
    assert!(
        time(&record["finished_at"]) >= time(&record["submitted_at"]),
        "{record:#}"
    );
    for (limit, value) in record["limits"].as_object().unwrap() {
        assert!(value.is_u64(), "{limit} of {record:#}");
    }
}

#[test]
fn higher_priority_goes_first() {
    let server = Server::with_slots(1);
    let blocker = server.submit(&[], "sleep 600000");
    server.wait_for_state(&blocker, "running");
    // Long enough for the clock to tell them apart.
    let low = server.submit(&["--priority", "-5"], "sleep 20");
    let high = server.submit(&["--priority", "5"], "sleep 20");
    server.sublet(&["cancel", &blocker]).code(0);
    server.wait(&low);
    server.wait(&high);
    let started = |job: &str| time(&server.attempts(job, 0)[0]["started_at"]);
    assert!(started(&high) < started(&low));
}

#[test]
fn the_same_key_is_the_same_job() {
    let server = shared();
    let submit = |steps: &str| {
        let path = core("probe").path;
        let words = [
            "submit",
            path.to_str().unwrap(),
            "-q",
            "--idempotency-key",
            "once",
            "--",
        ];
        server.sublet(&[&words, steps.split(' ').collect::<Vec<_>>().as_slice()].concat())
    };
    let first = submit("exit 0").code(0);
    assert_eq!(submit("exit 0").code(0).text(), first.text());
    submit("exit 1").code(6).says(&["S0602"]);
}

#[test]
fn a_key_in_the_path_is_the_same_as_one_in_a_header() {
    let server = shared();
    server.push_probe();
    let body = json!({"module": "probe", "args": ["exit", "0"]}).to_string();
    let put = |key: &str, body: &str| {
        server.request("PUT", &format!("/v1/jobs/by-key/{key}"), body.as_bytes())
    };
    let key = format!("nightly-{}", std::process::id());
    let first = put(&key, &body);
    assert_eq!(first.status, 201, "{}", first.text());
    let again = put(&key, &body);
    assert_eq!(
        (again.status, &again.json()["id"]),
        (200, &first.json()["id"])
    );
    let header = [("idempotency-key", key.as_str())];
    let posted = server.request_with("POST", "/v1/jobs", &header, body.as_bytes());
    assert_eq!(posted.json()["id"], first.json()["id"]);
    let other = put(&key, &body.replace("\"0\"", "\"1\""));
    assert_eq!(
        (other.status, &other.problem()["code"]),
        (422, &json!("S0602"))
    );
    let long = put(&"k".repeat(256), &body);
    assert_eq!(long.problem()["code"], "S0103");
}

#[test]
fn a_dry_run_tells_where_a_job_would_go_and_submits_nothing() {
    let server = Server::with_slots(3);
    let probe = core("probe").path;
    let submit = |flags: &[&str]| {
        let command = server.command().arg("submit").args(flags);
        command.arg(&probe).args(["--", "exit", "0"]).run()
    };
    let fit = submit(&["--dry-run", "-o", "json"]).code(0).json();
    assert_eq!(fit["subcluster"], "default");
    assert_eq!(fit["slots"], json!({"total": 3, "free": 3}));
    let told = submit(&["--dry-run"]).code(0);
    assert!(told.stdout.contains("3 of 3 slots are free"), "{told:?}");
    let refused = submit(&["--dry-run", "--memory", "900GiB"]);
    let really = submit(&["--memory", "900GiB"]);
    assert_eq!(
        (refused.code, &refused.stderr),
        (really.code, &really.stderr)
    );
    assert_ne!(refused.code, Some(0));
    assert_eq!(server.json(&["jobs", "list"])["items"], json!([]));
}

#[test]
fn a_failure_is_retried_after_a_pause_that_grows() {
    let server = shared();
    let flags = [
        "--restart",
        "on-failure",
        "--retries",
        "3",
        "--backoff",
        "200ms",
    ];
    let job = server.submit(&flags, "identity , exit-before-attempt 3 1");
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded", "{record:#}");
    let attempts = server.attempts(&job, 0);
    let kinds: Vec<_> = attempts
        .iter()
        .map(|attempt| &attempt["outcome"]["kind"])
        .collect();
    assert_eq!(kinds, ["failed", "failed", "succeeded"]);
    let pause = |n: usize| {
        let (ended, started) = (&attempts[n]["ended_at"], &attempts[n + 1]["started_at"]);
        time(started).duration_since(time(ended))
    };
    assert!(
        pause(0) >= jiff::SignedDuration::from_millis(150),
        "{attempts:#?}"
    );
    assert!(
        pause(1) >= jiff::SignedDuration::from_millis(300),
        "{attempts:#?}"
    );
}

#[test]
fn retries_come_to_an_end() {
    let server = shared();
    let flags = [
        "--restart",
        "on-failure",
        "--retries",
        "2",
        "--backoff",
        "1ms",
    ];
    let job = server.submit(&flags, "exit 3");
    let record = server.wait(&job);
    assert_eq!(
        record["end"]["outcome"],
        json!({"kind": "failed", "code": 3})
    );
    assert_eq!(record["end"]["attempts"], 3);
}

#[test]
fn failed_tasks_can_be_run_again_by_hand() {
    let server = shared();
    let job = server.submit(
        &["--array", "0-4"],
        "exit-on-task 2 9 , exit-before-attempt 1 0",
    );
    assert_eq!(server.wait(&job)["tasks"]["failed"], 1);
    server.sublet(&["retry", &job, "--failed"]).code(0);
    server.wait(&job);
    assert_eq!(server.attempts(&job, 2).len(), 2);
    assert_eq!(server.attempts(&job, 1).len(), 1);
}

#[test]
fn a_waiting_job_says_why() {
    let server = Server::with_slots(1);
    let blocker = server.submit(&[], "sleep 600000");
    server.wait_for_state(&blocker, "running");
    let waiting = server.submit(&[], "exit 0");

    let record = server.job(&waiting);
    assert_eq!(record["state"], "queued", "{record:#}");
    assert_eq!(record["waiting"]["reason"], "pool", "{record:#}");
    let explained = server.sublet(&["explain", &waiting]).code(0);
    assert!(explained.stdout.contains("slot"), "{explained:?}");
    server.sublet(&["cancel", &blocker, &waiting]).code(0);
}

#[test]
fn whatever_a_task_does_it_ends_within_two_seconds_of_cancel() {
    let server = shared();
    for steps in ["spin", "sleep 600000", "print , flood 100000000000"] {
        let job = server.submit(&["--timeout", "10m"], steps);
        server.wait_for_state(&job, "running");
        let asked = Instant::now();
        let answer = server.request("POST", &format!("/v1/jobs/{job}/cancel"), b"");
        assert_eq!(answer.status, 202, "{}", answer.text());
        let record = server.wait(&job);
        let took = asked.elapsed();
        assert!(took < CANCEL, "{steps} took {took:?}");
        assert_eq!(
            record["end"]["outcome"],
            json!({"kind": "cancelled", "reason": "asked"})
        );
    }
}

#[test]
fn a_queued_job_is_cancelled_without_ever_starting() {
    let server = Server::with_slots(1);
    let blocker = server.submit(&[], "sleep 600000");
    server.wait_for_state(&blocker, "running");
    let queued = server.submit(&["--array", "0-99"], "exit 0");
    server.sublet(&["cancel", &queued]).code(0);
    let record = server.wait(&queued);
    assert_eq!(record["tasks"]["cancelled"], 100);
    assert!(server.attempts(&queued, 0).is_empty());
    server.sublet(&["wait", &queued]).code(143);
}

#[test]
fn l03_an_array_runs_each_index_once_under_one_record() {
    let server = shared();
    let job = server.submit(&["--array", "0-99"], "identity");
    let record = server.wait(&job);
    assert_eq!(record["tasks"]["total"], 100);
    assert_eq!(record["tasks"]["succeeded"], 100);

    let log = server.log_of(&job);
    let expected: BTreeSet<String> = (0..100).map(|n| format!("task {n} attempt 1")).collect();
    assert_eq!(log.lines().count(), 100);
    assert_eq!(
        log.lines().map(str::to_owned).collect::<BTreeSet<_>>(),
        expected
    );
}

#[test]
fn a_big_array_is_counted_exactly() {
    let server = shared();
    let job = server.submit(&["--array", "0-99999"], "exit-on-task 1234 5");
    let record = server.wait(&job);
    let tasks = &record["tasks"];
    for (field, count) in [
        ("total", 100_000),
        ("finished", 100_000),
        ("succeeded", 99_999),
        ("failed", 1),
    ] {
        assert_eq!(tasks[field], count, "{field} of {tasks:#}");
    }
    assert_eq!(record["end"]["task"], 1234);
    server.sublet(&["wait", &job]).code(5);
}

#[test]
fn a_single_task_can_be_asked_for() {
    let server = shared();
    let job = server.submit(&["--array", "10-19"], "identity , exit-on-task 17 4");
    server.wait(&job);
    let task = format!("{job}/17");
    assert_eq!(
        server.sublet(&["logs", &task]).code(0).stdout,
        "task 17 attempt 1\n"
    );
    assert_eq!(
        server.json(&["jobs", "show", &task])["outcome"],
        json!({"kind": "failed", "code": 4})
    );
    server
        .sublet(&["jobs", "show", &format!("{job}/20")])
        .code(5)
        .says(&["S0204"]);
}

#[test]
fn ids_alone_are_for_scripts() {
    let server = shared();
    let job = server.submit(&[], "exit 0");
    assert!(job.starts_with("job_") && job.len() == 30, "{job}");
    eventually(DEADLINE, "the job is listed", || {
        let listed = server.sublet(&["jobs", "list", "-q"]).code(0);
        listed.stdout.lines().any(|line| line == job).then_some(())
    });
}
