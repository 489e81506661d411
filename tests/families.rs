//! Jobs that submit jobs: what those are given, how they are waited for, what of them is seen, and that they never lock the
//! slots. And tasks that meet.

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, Sublet, eventually, interface, shared};

/// A job that may have children, once it is over.
#[track_caller]
fn done(server: &Server, flags: &[&str], steps: &str) -> (String, Value) {
    // A parent's time goes on while its children wait for slots, and machines are slow.
    let patient: &[&str] = match flags.contains(&"--timeout") {
        true => &["--children"],
        false => &["--children", "--timeout", "5m"],
    };
    let flags = [patient, flags].concat();
    let job = server.submit_guest(&interface(), &flags, steps);
    let record = server.wait(&job);
    (job, record)
}

/// The ids of the jobs that this one submitted, the newest first.
fn children(server: &Server, job: &str) -> Vec<String> {
    let listed = server.json(&["jobs", "list", "--parent", job]);
    let items = listed["items"].as_array().unwrap().iter();
    items
        .map(|job| job["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_child_is_waited_for_and_hands_over_its_output() {
    let server = shared();
    let (job, record) = done(
        &server,
        &[],
        "bear one input 100 ; output application/json {\"n\":1}",
    );
    assert_eq!(record["end"]["outcome"], json!({"kind": "succeeded"}));
    let ids = children(&server, &job);
    assert_eq!(ids.len(), 1);
    let log = server.log_of(&job);
    assert_eq!(
        log,
        format!(
            "child {}\nsucceeded\napplication/json: {{\"n\":1}}\n",
            ids[0]
        )
    );
    // The child had its input, knows its parent, and came on behalf of it.
    assert!(server.log_of(&ids[0]).contains("one"));
    let child = server.get(&format!("/v1/jobs/{}", ids[0]));
    assert_eq!(child["parent"], record["id"]);
    assert_eq!(child["via"], record["id"]);
    assert_eq!(child["labels"], json!({"born-as": "one"}));
    assert_eq!(record["children"], 1);
    let page = server.sublet(&["jobs", "show", &job]).code(0).stdout;
    assert!(page.contains("children"), "{page}");
    assert!(page.contains(&format!("  #{}", child["number"])), "{page}");
}

#[test]
fn what_a_child_printed_is_its_output_where_it_hands_over_none() {
    let server = shared();
    let (job, _) = done(&server, &[], "bear one print plain words");
    let log = server.log_of(&job);
    assert!(
        log.ends_with("succeeded\napplication/octet-stream: plain words\n"),
        "{log}"
    );
}

#[test]
fn a_parent_hears_how_its_children_end() {
    let server = shared();
    let steps = "bear fails fail 7 odd permanent x , bear odd exit 2 , end-one , any 1";
    let (job, record) = done(&server, &["--timeout", "2m"], steps);
    assert_eq!(record["end"]["outcome"], json!({"kind": "succeeded"}));
    let log = server.log_of(&job);
    assert!(log.contains("\nfailed 7\n"), "{log}");
    assert!(log.contains("\nfailed 1\n"), "{log}");
    assert!(log.ends_with("cancelled\nSome(1)\nNone\n"), "{log}");
}

#[test]
fn without_leave_a_job_submits_nothing() {
    let server = shared();
    let job = server.submit_guest(&interface(), &[], "bear one who");
    server.wait(&job);
    let log = server.log_of(&job);
    assert_eq!(
        log,
        "denied: the job may not submit jobs: submit it with --children\n"
    );
    // Nor where there is no server, and nobody else to run anything.
    let run = Sublet::alone().arg("run").arg(interface());
    let run = run.arg("--").args(["bear", "one", "who"]).run().code(0);
    assert_eq!(
        run.stdout,
        "denied: there are no other jobs here: submit this one to a server\n"
    );
}

#[test]
fn a_child_has_leave_for_one_generation_less() {
    let server = shared();
    let (job, _) = done(&server, &[], "bear one bear two who");
    let log = server.log_of(&children(&server, &job)[0]);
    assert!(
        log.starts_with("denied: the job may not submit jobs"),
        "{log}"
    );
    let deep = ["--children=2", "--timeout", "5m"];
    let job = server.submit_guest(&interface(), &deep, "bear one bear two who");
    server.wait(&job);
    let child = &children(&server, &job)[0];
    assert_eq!(children(&server, child).len(), 1);
    let page = server.sublet(&["jobs", "show", &job]).code(0).stdout;
    assert_eq!(
        page.lines()
            .filter(|line| line.starts_with("    #"))
            .count(),
        1,
        "{page}"
    );
}

#[test]
fn children_have_no_more_than_their_parent() {
    let server = shared();
    let flags = ["--memory", "32MiB", "--cpu-time", "9s", "--timeout", "50s"];
    let steps = "limited memory-bytes 99999999 , limited cpu-ms 9001 , limited wall-ms 50001 , \
        limited spoons 1 , limited memory-bytes 1 , limited memory-bytes 16777216";
    let (job, record) = done(&server, &flags, steps);
    let log = server.log_of(&job);
    for said in [
        "quota: memory-bytes is 99999999, and the parent itself has 33554432\n",
        "quota: cpu-ms is 9001, and the parent itself has 9000\n",
        "quota: wall-ms is 50001, and the parent itself has 50000\n",
        "invalid: there is no limit `spoons`",
        "invalid: ",
    ] {
        assert!(log.contains(said), "{log}");
    }
    let ids = children(&server, &job);
    assert_eq!(ids.len(), 1, "{log}");
    let child = server.wait(&ids[0]);
    assert_eq!(child["limits"]["memory_bytes"], 16 << 20);
    assert_eq!(
        child["limits"]["timeout_ms"],
        record["limits"]["timeout_ms"]
    );
    assert_eq!(child["limits"]["cpu_time_ms"], 9_000);
}

#[test]
fn the_same_key_is_the_same_child_also_for_the_next_attempt() {
    let server = shared();
    let flags = [
        "--restart",
        "on-failure",
        "--retries",
        "2",
        "--backoff",
        "1ms",
    ];
    let steps =
        "bear same print x , bear same print x , bear same print y , fail 7 odd retryable x";
    let (job, _) = done(&server, &flags, steps);
    assert_eq!(server.attempts(&job, 0).len(), 3);
    assert_eq!(children(&server, &job).len(), 1);
    let log = server.log_of(&job);
    assert_eq!(
        log.matches("invalid: this Idempotency-Key").count(),
        3,
        "{log}"
    );
}

#[test]
fn foreign_jobs_look_like_none() {
    let server = shared();
    let other = server.submit_guest(&interface(), &[], "artifact left text/plain x");
    let id = server.wait(&other)["id"].as_str().unwrap().to_owned();
    let steps = format!(
        "open {id} , open job_00000000000000000000000000 , open last , open {} , names-of {id} , read-of {id} left",
        "x".repeat(5_000)
    );
    let (job, _) = done(&server, &[], &steps);
    let log = server.log_of(&job);
    assert_eq!(
        log.matches("not found: there is no such child\n").count(),
        5,
        "{log}"
    );
    assert!(
        log.contains("invalid: the id is 5000 bytes, the limit is 4096\n"),
        "{log}"
    );
}

#[test]
fn a_parent_reads_what_its_children_left() {
    let server = shared();
    let steps =
        "bear one artifact late text/plain from-the-child , names-of-last , read-of-last late 9 4";
    let (job, _) = done(&server, &[], steps);
    let log = server.log_of(&job);
    assert!(log.ends_with("[\"late\"]\nchil\n"), "{log}");
    let steps = "bear two read-of-parent nothing , read-of-last nothing 0 1";
    let (job, _) = done(&server, &[], steps);
    let missing = "not found: there is no artifact of this name\n";
    assert_eq!(server.log_of(&children(&server, &job)[0]), missing);
    assert!(server.log_of(&job).ends_with(missing));
}

#[test]
fn parents_that_wait_do_not_lock_the_slots() {
    let server = Server::with_slots(3);
    // More parents than slots, each with children, two generations deep.
    let flags = ["--children=2", "--array", "0-4", "--timeout", "5m"];
    let job = server.submit_guest(&interface(), &flags, "bear one bear two print done");
    let record = server.wait(&job);
    assert_eq!(record["tasks"]["succeeded"], 5, "{record:#}");
    assert_eq!(children(&server, &job).len(), 5);
    server.is_at_rest();
}

#[test]
fn where_its_children_would_never_fit_a_job_is_refused() {
    let server = Server::with_slots(2);
    let submit = server
        .command()
        .args(["submit", "--children=2"])
        .arg(interface());
    submit
        .run()
        .code(7)
        .says(&["it needs 3 slots at once, at most 2 can exist"]);
}

#[test]
fn children_end_with_a_parent_that_does_not_succeed() {
    let server = Server::with_slots(4);
    let job = server.submit_guest(
        &interface(),
        &["--children", "--timeout", "10m"],
        "bear-many 2 sleep , sleep",
    );
    eventually(DEADLINE, "the children run", || {
        let ids = children(&server, &job);
        let running = |id: &String| server.json(&["jobs", "show", id])["state"] == "running";
        (ids.len() == 2 && ids.iter().all(running)).then_some(())
    });
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    for child in children(&server, &job) {
        let child = server.wait(&child);
        assert_eq!(child["end"]["outcome"]["kind"], "cancelled");
    }
    server.is_at_rest();
}

#[test]
fn children_go_on_through_the_death_of_the_server_and_the_parent_finds_them() {
    let server = Server::with_slots(4);
    let flags = ["--children", "--timeout", "10m", "--restart", "on-loss"];
    let job = server.submit_guest(
        &interface(),
        &flags,
        "bear one print x , barrier later 2 600000",
    );
    eventually(DEADLINE, "the child is over", || {
        let ids = children(&server, &job);
        let over = |id: &String| server.json(&["jobs", "show", id])["state"] == "finished";
        (ids.len() == 1 && ids.iter().all(over)).then_some(())
    });
    server.kill9();
    let server = server.restart();
    let other = server.submit_guest(&interface(), &[], "barrier later 2 600000");
    server.wait(&other);
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"], json!({"kind": "succeeded"}));
    assert_eq!(server.attempts(&job, 0).len(), 2);
    assert_eq!(
        children(&server, &job).len(),
        1,
        "the second attempt found it"
    );
}

#[test]
fn too_much_of_a_child_is_told_and_kept_nowhere() {
    let server = shared();
    let steps = "huge-child 1000001 , huge-child 900000 , no-tasks , child-of nobody@1";
    let (job, _) = done(&server, &["--memory", "32MiB"], steps);
    let log = server.log_of(&job);
    assert!(
        log.contains("quota: the child is 1000001 bytes, the limit is 1000000\n"),
        "{log}"
    );
    assert!(
        log.contains("invalid: a job has at least 1 task\n"),
        "{log}"
    );
    assert!(
        log.contains("not found: no module matches `nobody@1`"),
        "{log}"
    );
    assert_eq!(children(&server, &job).len(), 1, "{log}");
}

#[test]
fn what_one_call_may_say_of_children_is_bounded() {
    let server = shared();
    let steps = "long-key 201 , hoard-children 6 900000 , bear one print x , await-last 500 , await-last 501 , await-last 0";
    let (job, _) = done(&server, &[], steps);
    let log = server.log_of(&job);
    for said in [
        "invalid: the key is 201 bytes, the limit is 200\n",
        "quota: children that are not submitted yet are 4500000 bytes, the limit is 4194304\n",
        "Some(0)\ninvalid: 501 children are waited for, the limit of one call is 500\n",
        "invalid: there is no child to wait for\n",
    ] {
        assert!(log.contains(said), "no {said:?} in {log}");
    }
    assert_eq!(children(&server, &job).len(), 1, "{log}");
}

#[test]
fn the_tasks_of_a_job_meet_and_know_each_other() {
    let server = Server::with_slots(4);
    let flags = ["--array", "0-2", "--gang", "3", "--name", "crew"];
    let job = server.submit_guest(&interface(), &flags, "barrier all 3 60000 , members crew");
    let record = server.wait(&job);
    assert_eq!(record["tasks"]["succeeded"], 3);
    let log = server.log_of(&job);
    assert_eq!(log.matches("met\n").count(), 3, "{log}");
    let all = r#"["crew-0", "crew-1", "crew-2"]"#;
    assert!(log.contains(all), "{log}");
}

#[test]
fn who_waits_alone_is_told_so() {
    let server = shared();
    let (job, _) = done(
        &server,
        &[],
        "barrier lonely 2 50 , members nobody-of-that-name",
    );
    let log = server.log_of(&job);
    assert!(log.starts_with("timed out\n"), "{log}");
    assert!(log.ends_with(" []\n"), "{log}");
}

#[test]
fn who_is_to_end_does_not_go_on_waiting() {
    let server = Server::with_slots(2);
    let flags = ["--grace", "30s", "--timeout", "10m"];
    let job = server.submit_guest(
        &interface(),
        &flags,
        "barrier never 2 600000 , print after all",
    );
    server.wait_for_state(&job, "running");
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    assert_eq!(server.log_of(&job), "cancelled\nafter all\n");
}
