//! `sublet:job` as a component meets it, with a server and without: what it is told, where what it says goes, and what it is
//! refused.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Output, Server, Sublet, eventually, interface, shared, wat};

/// A job of the guest that calls the interfaces, once it is over.
#[track_caller]
fn done(server: &Server, flags: &[&str], steps: &str) -> (String, Value) {
    let job = server.submit_guest(&interface(), flags, steps);
    let record = server.wait(&job);
    (job, record)
}

/// The same without a server.
fn run(flags: &[&str], steps: &str) -> Output {
    let run = Sublet::alone().arg("run").args(flags).arg(interface());
    run.arg("--").args(steps.split_whitespace()).run()
}

#[test]
fn a_task_is_told_who_it_is_with_and_without_a_server() {
    let server = shared();
    let flags = ["--name", "told", "--label", "team=maps", "--array", "3-4"];
    let (job, record) = done(&server, &flags, "who");
    let id = record["id"].as_str().unwrap();
    let log = server.log_of(&job);
    assert!(log.contains("Some(\"told\") 4 of 2 attempt 1\n"), "{log}");
    assert!(
        log.contains("Some(\"maps\") None\nSome(67108864) None\ntrue\n"),
        "{log}"
    );
    assert!(log.contains(&format!("{id} None\n")), "{log}");
    let local = run(&["--name", "told"], "who").code(0);
    assert!(
        local
            .stdout
            .starts_with("Some(\"told\") 0 of 1 attempt 1\n"),
        "{local:?}"
    );
}

#[test]
fn the_input_is_what_stdin_reads_and_the_output_is_the_result() {
    let server = shared();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    fs::write(&file, "0123456789").unwrap();
    let input = ["--input", file.to_str().unwrap()];
    let steps = "input 3 , read-at 8 4294967295 , read-at 18446744073709551615 9 \
        , output text/plain first , output application/json {\"mean\":1}";
    let (job, _) = done(&server, &input, steps);
    let log = server.log_of(&job);
    assert!(
        log.starts_with("application/octet-stream 0123456789\n2 bytes\n"),
        "{log}"
    );
    server
        .sublet(&["jobs", "output", &job])
        .code(0)
        .prints("{\"mean\":1}");
    let left = server.get(&format!("/v1/jobs/{job}/tasks/0/artifacts"));
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left:#}");
    let (job, _) = done(&server, &[], "output text/x-odd hello");
    server
        .sublet(&["jobs", "output", &job])
        .code(0)
        .prints("hello");
    let left = server.get(&format!("/v1/jobs/{job}/tasks/0/artifacts"));
    assert_eq!(left["items"][0]["media_type"], "text/x-odd");
    let out = folder.path().join("out");
    run(
        &["--out", out.to_str().unwrap()],
        "output application/json []",
    )
    .code(0);
    assert_eq!(fs::read(out.join("result.json")).unwrap(), b"[]");
}

#[test]
fn an_attempt_that_says_how_it_fails_has_failed_so() {
    let server = shared();
    let (job, record) = done(&server, &[], "fail 7 bad-input permanent the tile is empty");
    assert_eq!(
        record["end"]["outcome"],
        json!({"kind": "failed", "code": 7})
    );
    let detail = server.attempts(&job, 0)[0]["detail"].clone();
    assert_eq!(detail, "bad-input: the tile is empty");
    run(&[], "fail 7 bad-input permanent x").code(7);
    // No code of its own that there is.
    run(&[], "fail 0 odd permanent x").code(1);
    run(&[], "fail -2147483648 odd permanent x , exit 9").code(1);
}

#[test]
fn a_failure_that_nothing_would_mend_is_not_tried_again() {
    let server = shared();
    let flags = [
        "--restart",
        "on-failure",
        "--retries",
        "2",
        "--backoff",
        "1ms",
    ];
    for (word, attempts) in [("permanent", 1), ("retryable", 3)] {
        let (job, record) = done(&server, &flags, &format!("fail 7 odd {word} x"));
        assert_eq!(
            record["end"]["outcome"],
            json!({"kind": "failed", "code": 7})
        );
        assert_eq!(server.attempts(&job, 0).len(), attempts, "{word}");
    }
}

#[test]
fn what_it_reports_is_seen_by_people() {
    let server = shared();
    let flags = ["--scratch", "0B", "--grace", "30s"];
    let steps = "log two words , progress 5 10 tiles , summary # Tiles , count done 2 , count done 3 \
        , gauge loss 0.5 , print reported , await-stop";
    let job = server.submit_guest(&interface(), &flags, steps);
    let expected = json!({"fraction": 0.5, "message": "5/10 tiles going"});
    server.wait_until(&job, "it says how far it is", |job| {
        job["progress"] == expected
    });
    eventually(DEADLINE, "it waits", || {
        server.log_of(&job).ends_with("reported\n").then_some(())
    });
    server.sublet(&["cancel", &job]).code(0);
    // It was asked, and ended well: so it has succeeded.
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    let log = server.sublet(&["logs", &job, "--stderr"]).code(0);
    assert!(
        log.stdout.contains("warn guest: two words  tile=7\\n"),
        "{log:?}"
    );
    assert!(server.log_of(&job).ends_with("asked: cancelled\n"));
    let attempt = &server.attempts(&job, 0)[0];
    assert_eq!(attempt["progress"], expected);
    assert_eq!(attempt["summary"], "# Tiles\n\n- done: 5\n- loss: 0.5\n");
}

#[test]
fn a_checkpoint_is_there_in_the_next_attempt() {
    let server = shared();
    let flags = [
        "--restart",
        "on-failure",
        "--retries",
        "1",
        "--backoff",
        "1ms",
    ];
    let steps = "load , save one , save two , load , exit 75";
    let (job, _) = done(&server, &flags, steps);
    let first = "nothing\nsaved 1\nsaved 2\n2 two\n";
    let second = "2 two\nsaved 3\nsaved 4\n4 two\n";
    assert_eq!(server.log_of(&job), format!("{first}{second}"));
    run(&[], "load , save x , load")
        .code(0)
        .prints("nothing\nsaved 1\n1 x\n");
}

#[test]
fn artifacts_are_written_in_pieces_and_read_again() {
    let server = shared();
    let steps = "artifact plots/a.png image/x-own 0123 4567 , artifact b text/plain x , names \
        , read plots/a.png 2 3 , read plots/a.png 100 3 , read no 0 1 , names-of job_other , unfinished c , dropped d";
    let (job, _) = done(&server, &[], steps);
    let log = server.log_of(&job);
    let digest = "sha256:924592b9b103f14f833faafb67f480691f01988aa457c0061769f58cd47311bc";
    assert!(log.starts_with(digest), "{log}");
    assert!(
        log.contains("[\"b\", \"plots/a.png\"]\n234\n\nnot found: "),
        "{log}"
    );
    assert_eq!(log.matches("not found: ").count(), 2, "{log}");
    let left = server.get(&format!("/v1/jobs/{job}/tasks/0/artifacts"));
    let names: Vec<_> = left["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(
        names,
        ["b", "plots/a.png"],
        "what was not finished is nothing"
    );
    assert_eq!(left["items"][1]["media_type"], "image/x-own");
    assert_eq!(
        left["items"][1]["digest"],
        digest.trim_start_matches("sha256:")
    );
}

#[test]
fn a_module_that_speaks_of_its_job_has_disk_unless_it_is_said() {
    let server = shared();
    let job = done(&server, &[], "print x").1;
    assert_eq!(job["limits"]["scratch_bytes"], 64 << 20);
    let (job, _) = done(
        &server,
        &["--scratch", "0B"],
        "save x , artifact a text/plain x , names , output a/b c",
    );
    let log = server.log_of(&job);
    assert_eq!(
        log.matches("denied: the job has no disk").count(),
        4,
        "{log}"
    );
    run(&["--scratch", "0B"], "load")
        .code(0)
        .prints("denied: the job has no disk: give it some with --scratch SIZE\n");
}

#[test]
fn the_worst_arguments_are_errors_to_the_guest() {
    let log = run(&[], "save-bytes 1000000 , save-bytes 1000001 , load")
        .code(0)
        .stdout;
    assert!(
        log.starts_with("saved 1\nquota: the checkpoint is 1000001 bytes"),
        "{}",
        &log[..200]
    );
    let steps = "artifact ../x text/plain y , artifact /etc/passwd text/plain y , artifact a/../b text/plain y \
        , artifact .sublet-checkpoint text/plain y , artifact a b c , odd-artifact , read ../../x 0 1 \
        , read x 18446744073709551615 4294967295 , hoard 100";
    let log = run(&[], steps).code(0).stdout;
    let lines: Vec<_> = log.lines().collect();
    assert!(
        lines[..7].iter().all(|line| line.starts_with("invalid: ")),
        "{log}"
    );
    assert!(lines[7].starts_with("not found: "), "{log}");
    assert!(lines[8].starts_with("16 and then quota: "), "{log}");
}

#[test]
fn a_checkpoint_of_the_whole_memory_ends_the_guest_and_nothing_else() {
    let server = shared();
    let (job, record) = done(&server, &[], "save small , save-bytes 33554432");
    let expected = json!({"kind": "trapped", "trap": "host_call"});
    assert_eq!(record["end"]["outcome"], expected, "{record:#}");
    assert_eq!(server.log_of(&job), "saved 1\n");
}

#[test]
fn calls_without_end_leave_the_memory_of_the_worker_as_it_was() {
    let server = Server::start();
    let job = server.submit_guest(
        &interface(),
        &[],
        "storm 100000 , print warm , storm 1000000 , print done",
    );
    eventually(DEADLINE, "it is warm", || {
        server.log_of(&job).contains("warm\n").then_some(())
    });
    let worker = server.workers()[0];
    let before = worker.memory_bytes();
    eventually(DEADLINE, "it made all of its calls", || {
        let grown = worker.memory_bytes().saturating_sub(before);
        assert!(grown < 32 << 20, "the worker grew by {grown} bytes");
        server.log_of(&job).contains("done\n").then_some(())
    });
    server.wait(&job);
    let summary = server.attempts(&job, 0)[0]["summary"].clone();
    let lines = summary.as_str().unwrap().lines().count();
    assert_eq!(lines, 64, "as many as are kept");
}

#[test]
fn what_is_not_there_yet_is_refused_by_its_name() {
    let component = |import: &str| {
        let text = format!(
            "(component (import \"{import}\" (instance))
                (core module $m (func (export \"run\") (result i32) i32.const 0))
                (core instance $i (instantiate $m))
                (func $run (result (result)) (canon lift (core func $i \"run\")))
                (instance $run-interface (export \"run\" (func $run)))
                (export \"wasi:cli/run@0.2.0\" (instance $run-interface)))"
        );
        let name = import.replace([':', '/', '@', '.'], "-");
        Sublet::alone().arg("run").arg(wat(&name, &text)).run()
    };
    for import in ["sublet:job/secrets@0.1.0", "sublet:job/context@0.2.0"] {
        component(import).code(126).says(&["S0412", import]);
    }
    // Built against a later 0.1, and against the first.
    for import in ["sublet:job/context@0.1.0", "sublet:job/context@0.1.9"] {
        component(import).code(0);
    }
}
