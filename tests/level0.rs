//! What any program can do without linking anything of ours: leave files, hand on a state, say how far it is, and hear
//! that it is to end.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, Sublet, core, eventually, shared};

/// What grants a task its directories.
const DISK: &[&str] = &["--scratch", "1MiB"];

fn with_disk<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [DISK, more].concat()
}

/// The artifacts of a job's one task.
#[track_caller]
fn artifacts(server: &Server, job: &str) -> Vec<Value> {
    let page = server.get(&format!("/v1/jobs/{job}/tasks/0/artifacts"));
    page["items"].as_array().unwrap().clone()
}

#[track_caller]
fn names(server: &Server, job: &str) -> Vec<String> {
    let name = |artifact: &Value| artifact["name"].as_str().unwrap().to_owned();
    artifacts(server, job).iter().map(name).collect()
}

/// Folders of states and of outputs that there are, by their jobs.
fn left_of_jobs(server: &Server, kind: &str) -> Vec<PathBuf> {
    let places = match kind {
        "outputs" => vec![server.data_directory().join("outputs")],
        _ => fs::read_dir(server.data_directory().join("users"))
            .unwrap()
            .map(|user| user.unwrap().path().join("work/state"))
            .collect(),
    };
    let entries = places.iter().filter_map(|place| fs::read_dir(place).ok());
    entries
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect()
}

/// Waits until the job printed this last.
#[track_caller]
fn is_printed(server: &Server, job: &str, last: &str) {
    eventually(DEADLINE, &format!("{job} printed {last:?}"), || {
        server.log_of(job).ends_with(last).then_some(())
    });
}

#[test]
fn what_a_task_that_succeeded_leaves_in_out_becomes_its_artifacts() {
    let server = shared();
    let steps =
        "write /out/result.json {} , make-directory /out/plots , write /out/plots/a.png 0123456789";
    let job = server.submit(DISK, steps);
    let record = server.wait(&job);
    assert_eq!(record["artifacts"], json!({"count": 2, "bytes": 12}));
    let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let expected = json!({"name": "result.json", "size_bytes": 2, "digest": digest,
        "media_type": "application/json", "attempt": 1});
    let all = artifacts(&server, &job);
    assert_eq!(all[1], expected, "{all:#?}");
    assert_eq!(all[0]["name"], "plots/a.png");
    assert_eq!(all[0]["media_type"], "image/png");

    let path = format!("/v1/jobs/{job}/tasks/0/artifacts/plots/a.png");
    let whole = server.request("GET", &path, b"");
    assert_eq!((whole.status, whole.text()), (200, "0123456789".to_owned()));
    let tag = format!("\"{}\"", all[0]["digest"].as_str().unwrap());
    assert_eq!(whole.header("etag"), Some(tag.as_str()));
    assert_eq!(whole.header("content-type"), Some("image/png"));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    let known = server.request_with("GET", &path, &[("if-none-match", &tag)], b"");
    assert_eq!((known.status, known.text()), (304, String::new()));
    let part = server.request_with("GET", &path, &[("range", "bytes=2-4")], b"");
    assert_eq!((part.status, part.text()), (206, "234".to_owned()));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    let beyond = server.request_with("GET", &path, &[("range", "bytes=10-")], b"");
    assert_eq!(beyond.status, 416);

    let out = tempfile::tempdir().unwrap();
    let table = server.sublet(&["jobs", "artifacts", &job]).code(0);
    assert!(table.stdout.contains("plots/a.png  10 B"), "{table:?}");
    server
        .sublet(&["jobs", "artifacts", &job, "plots/a.png"])
        .code(0)
        .prints("0123456789");
    server
        .sublet(&["jobs", "output", &job])
        .code(0)
        .prints("{}");
    let place = out.path().to_str().unwrap();
    server
        .sublet(&["jobs", "artifacts", &job, "--out", place])
        .code(0);
    let fetched = fs::read(out.path().join("plots/a.png")).unwrap();
    assert_eq!(fetched, b"0123456789");
}

#[test]
fn what_an_attempt_that_failed_leaves_is_not_kept() {
    let server = shared();
    let steps = "write /out/half x , exit-before-attempt 2 3 , write /out/whole y";
    let flags = with_disk(&[
        "--restart",
        "on-failure",
        "--retries",
        "1",
        "--backoff",
        "1ms",
    ]);
    let job = server.submit(&flags, steps);
    server.wait(&job);
    assert_eq!(names(&server, &job), ["half", "whole"]);
    assert_eq!(artifacts(&server, &job)[0]["attempt"], 2);
    let job = server.submit(DISK, "write /out/half x , exit 3");
    server.wait(&job);
    assert!(artifacts(&server, &job).is_empty());
    let path = format!("/v1/jobs/{job}/tasks/0/artifacts/half");
    assert_eq!(server.request("GET", &path, b"").problem()["code"], "S0211");
    server
        .sublet(&["jobs", "artifacts", &job, "half"])
        .code(5)
        .says(&["S0211", "half"]);
}

#[test]
fn a_later_attempt_that_succeeds_takes_the_place_of_the_one_before() {
    let server = Server::start();
    let job = server.submit(DISK, "write /out/only first");
    server.wait(&job);
    server.sublet(&["retry", &job]).code(0);
    let record = server.wait_until(&job, "it ran again", |job| {
        job["state"] == "finished" && job["usage"]["wall_us"].as_u64() > Some(0)
    });
    eventually(DEADLINE, "the second attempt is over", || {
        (artifacts(&server, &job)[0]["attempt"] == 2).then_some(())
    });
    assert_eq!(record["artifacts"], json!({"count": 1, "bytes": 5}));
    let user = server.json(&["whoami"]);
    assert_eq!(user["used"]["stored_bytes"].as_u64(), stored(&server, 5));
    eventually(DEADLINE, "what the first one left is gone", || {
        let folder = left_of_jobs(&server, "outputs").pop()?;
        (fs::read_dir(folder).unwrap().count() == 1).then_some(())
    });
}

/// The bytes of the one module, and so many more.
fn stored(server: &Server, more: u64) -> Option<u64> {
    let modules = server.get("/v1/modules");
    modules["items"][0]["size_bytes"]
        .as_u64()
        .map(|bytes| bytes + more)
}

#[test]
fn without_a_result_the_output_of_a_task_is_what_it_printed() {
    let server = shared();
    let job = server.submit(&[], "print hello , complain aside");
    server.wait(&job);
    server
        .sublet(&["jobs", "output", &job])
        .code(0)
        .prints("hello\n");
    let array = server.submit(&["--array", "3-4"], "identity");
    server.wait(&array);
    server
        .sublet(&["jobs", "output", &format!("{array}/4")])
        .code(0)
        .prints("task 4 attempt 1\n");
    server
        .sublet(&["jobs", "output", &array])
        .code(2)
        .says(&["tasks 3 to 4", "/3"]);
}

#[test]
fn without_disk_there_is_nothing_to_write_to() {
    let server = shared();
    for place in ["/out/x", "/state/x", "/run/sublet/progress"] {
        let job = server.submit(&[], &format!("write {place} y"));
        assert_eq!(server.wait(&job)["end"]["outcome"]["code"], 1, "{place}");
    }
    let job = server.submit(&[], "environment");
    server.wait(&job);
    assert!(!server.log_of(&job).contains("SUBLET_STOP"));
}

#[test]
fn all_that_a_task_writes_counts_towards_one_limit() {
    let server = shared();
    for place in ["/out/x", "/state/x", "/run/sublet/x"] {
        let steps = format!("fill {place} 700000 , fill /tmp/x 700000 , sleep 600000");
        let job = server.submit(DISK, &steps);
        let end = &server.wait(&job)["end"]["outcome"];
        assert_eq!(
            *end,
            json!({"kind": "limit_exceeded", "limit": "disk"}),
            "{place}"
        );
        assert!(artifacts(&server, &job).is_empty());
    }
}

#[test]
fn names_that_nobody_can_keep_are_counted_and_the_first_is_told() {
    let server = shared();
    let job = server.submit(DISK, "odd-names /out");
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(names(&server, &job), ["plain"]);
    let attempt = &server.attempts(&job, 0)[0];
    let detail = attempt["detail"].as_str().unwrap();
    // The bell, the two lines, the link, what lies too deep and what has too long a name.
    assert!(detail.starts_with("not kept of /out: 5 files"), "{detail}");
    assert!(
        !detail.contains('\u{7}') && !detail.contains('\n'),
        "{detail}"
    );
}

#[test]
fn artifacts_without_end_are_kept_up_to_a_number() {
    let server = shared();
    let job = server.submit(&["--scratch", "16MiB"], "many-files /out 1005");
    server.wait(&job);
    assert_eq!(names(&server, &job).len(), 1_000);
    let detail = server.attempts(&job, 0)[0]["detail"].clone();
    assert!(detail.as_str().unwrap().contains("5 files"), "{detail}");
}

#[test]
fn a_state_is_handed_on_to_the_next_attempt_and_goes_with_the_task() {
    let server = Server::start();
    let flags = with_disk(&[
        "--restart",
        "on-failure",
        "--retries",
        "2",
        "--backoff",
        "1ms",
    ]);
    let steps = "append /state/log x , read /state/log , print . , exit-before-attempt 3 75";
    let job = server.submit(&flags, steps);
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.log_of(&job), "x\n.\nx\nx\n.\nx\nx\nx\n.\n");
    assert!(left_of_jobs(&server, "state").is_empty());
    // By hand it begins with nothing.
    server.sublet(&["retry", &job]).code(0);
    eventually(DEADLINE, "the fourth attempt is over", || {
        (server.log_of(&job).ends_with("x\n.\nx\n.\n")).then_some(())
    });
}

#[test]
fn a_state_outlives_the_worker_and_the_server() {
    let server = Server::start();
    let steps = "append /state/log x , read /state/log , print . , sleep-before-attempt 3 600000";
    let job = server.submit(DISK, steps);
    is_printed(&server, &job, "x\n.\n");
    for worker in server.workers() {
        worker.kill9();
    }
    is_printed(&server, &job, "x\nx\n.\n");
    server.kill9();
    let server = server.restart();
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    is_printed(&server, &job, "x\nx\nx\n.\n");
    server.is_at_rest();
    assert!(left_of_jobs(&server, "state").is_empty());
}

#[test]
fn the_state_of_a_task_that_was_cancelled_while_it_waited_goes_with_its_job() {
    let server = Server::start();
    let flags = with_disk(&[
        "--restart",
        "on-failure",
        "--retries",
        "1",
        "--backoff",
        "5m",
    ]);
    let job = server.submit(&flags, "write /state/x y , exit 75");
    eventually(DEADLINE, "the first attempt is over", || {
        (server.attempts(&job, 0).first()?["outcome"]["code"] == 75).then_some(())
    });
    assert_eq!(left_of_jobs(&server, "state").len(), 1);
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    server.is_at_rest();
    assert!(left_of_jobs(&server, "state").is_empty());
}

#[test]
fn people_see_how_far_a_task_is_and_what_it_came_to() {
    let server = Server::start();
    let steps = "append /run/sublet/progress 0.1 begun , append /run/sublet/progress 0.42 loading \
        , append /run/sublet/summary.md # Done , await-file /run/sublet/stop";
    let job = server.submit(&with_disk(&["--grace", "30s", "--name", "far"]), steps);
    let expected = json!({"fraction": 0.42, "message": "loading"});
    server.wait_until(&job, "it says how far it is", |job| {
        job["progress"] == expected
    });
    let task = server.get(&format!("/v1/jobs/{job}/tasks/0"));
    assert_eq!(task["attempts"][0]["progress"], expected);
    let table = server.sublet(&["ps"]).code(0);
    assert!(table.stdout.contains("42%  loading"), "{table:?}");
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    let attempt = &server.attempts(&job, 0)[0];
    assert_eq!(attempt["progress"], expected);
    assert_eq!(attempt["summary"], "# Done\n");
    let page = server
        .sublet(&["jobs", "show", &format!("{job}/0")])
        .code(0);
    for said in ["42%  loading", "# Done"] {
        assert!(page.stdout.contains(said), "{page:?}");
    }
}

#[test]
fn a_summary_is_shown_to_who_waits() {
    let server = shared();
    let flags = ["submit", "--wait", "--scratch", "1MiB"];
    let steps = [
        "append",
        "/run/sublet/summary.md",
        "# All",
        "well",
        ",",
        "write",
        "/out/a",
        "b",
    ];
    let submit = server.command().args(flags).arg(core("probe")).arg("--");
    let waited = submit.args(steps).run().code(0);
    waited.says(&["# All well", "1 file"]);
}

#[test]
fn a_guest_that_is_to_end_is_asked_and_has_its_grace() {
    let server = shared();
    let steps = "print ready , await-file /run/sublet/stop , write /out/late x";
    let job = server.submit(&with_disk(&["--grace", "30s"]), steps);
    is_printed(&server, &job, "ready\n");
    server.sublet(&["cancel", &job]).code(0);
    // It did what it was to do all the same.
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.log_of(&job), "ready\ncancelled\n");
    assert_eq!(names(&server, &job), ["late"]);
}

#[test]
fn a_guest_that_gives_up_within_its_grace_is_cancelled() {
    let server = shared();
    let steps = "print ready , await-file /run/sublet/stop , exit 75";
    let job = server.submit(&with_disk(&["--grace", "30s"]), steps);
    is_printed(&server, &job, "ready\n");
    server.sublet(&["cancel", &job]).code(0);
    let expected = json!({"kind": "cancelled", "reason": "asked"});
    assert_eq!(server.wait(&job)["end"]["outcome"], expected);
}

#[test]
fn a_guest_that_does_not_hear_is_ended_after_its_grace() {
    let server = shared();
    for flags in [&["--grace", "50ms"][..], &[], &["--grace", "0s"]] {
        let job = server.submit(&with_disk(flags), "print ready , spin");
        is_printed(&server, &job, "ready\n");
        server.sublet(&["cancel", &job]).code(0);
        let expected = json!({"kind": "cancelled", "reason": "asked"});
        assert_eq!(server.wait(&job)["end"]["outcome"], expected, "{flags:?}");
    }
}

#[test]
fn a_guest_hears_that_its_wall_time_is_about_to_be_over() {
    let server = shared();
    let flags = with_disk(&["--timeout", "4s", "--grace", "60s"]);
    let job = server.submit(&flags, "await-file /run/sublet/stop");
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.log_of(&job), "timeout\n");
}

#[test]
fn artifacts_count_towards_what_a_user_may_have_stored() {
    let server = Server::start();
    let first = server.submit(&["--scratch", "64MiB"], "fill /out/a 1000000");
    server.wait(&first);
    let user = server.json(&["whoami"]);
    let used = user["used"]["stored_bytes"].as_u64().unwrap();
    assert_eq!(Some(used), stored(&server, 1_000_000));
    let name = user["user"]
        .as_str()
        .or_else(|| user["name"].as_str())
        .unwrap()
        .to_owned();
    let most = format!("{}B", used + 500_000);
    server
        .sublet(&["users", "quota", &name, "--stored", &most])
        .code(0);
    let job = server.submit(
        &["--scratch", "64MiB"],
        "fill /out/b 1000000 , write /out/c x",
    );
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(names(&server, &job), ["c"]);
    let detail = server.attempts(&job, 0)[0]["detail"].clone();
    assert!(detail.as_str().unwrap().contains("quota"), "{detail}");
}

#[test]
fn artifacts_go_with_their_job() {
    let server = Server::configured("[service]\nretention = { jobs = \"300ms\" }\n");
    let job = server.submit(DISK, "write /out/a 12345");
    eventually(DEADLINE, "the job is gone, and all that it left", || {
        let answer = server.request("GET", &format!("/v1/jobs/{job}"), b"");
        (answer.status == 404 && left_of_jobs(&server, "outputs").is_empty()).then_some(())
    });
    let removed = server.json(&["usage", "--removed"])["items"][0].clone();
    assert_eq!(removed["artifact_bytes"], 5);
    let user = server.json(&["whoami"]);
    assert_eq!(user["used"]["stored_bytes"].as_u64(), stored(&server, 0));
}

#[test]
fn no_input_lies_where_a_task_has_its_own() {
    let server = shared();
    server.push_probe();
    for place in ["/out", "/state/x", "/run/sublet", "/run"] {
        let digest = "0".repeat(64);
        let said = json!({"inputs": [{"digest": digest, "guest": place}]});
        let answer = server.post_job(said, &[]);
        assert_eq!(answer.problem()["code"], "S0103", "{place}");
    }
    let answer = server.post_job(json!({"grace_ms": 60_001}), &[]);
    assert_eq!(answer.problem()["errors"][0]["limit"], 60_000);
}

#[test]
fn run_gives_a_module_the_same_and_puts_what_it_left_where_it_is_wanted() {
    let out = tempfile::tempdir().unwrap();
    let run = |flags: &[&str], steps: &str| {
        let run = Sublet::alone().arg("run").args(flags).arg(core("probe"));
        run.arg("--").args(steps.split_whitespace()).run()
    };
    let place = out.path().join("left");
    let place = place.to_str().unwrap();
    run(&["--out", place], "write /out/a one , write /state/b c").code(0);
    assert_eq!(fs::read(out.path().join("left/a")).unwrap(), b"one");
    run(&["--out", place], "write /out/a two , exit 3").code(3);
    assert_eq!(fs::read(out.path().join("left/a")).unwrap(), b"one");
    run(&["--out", place, "--array", "0-1"], "write /out/a x").code(0);
    for task in ["0", "1"] {
        assert!(out.path().join("left").join(task).join("a").exists());
    }
    let told = run(
        &["--scratch", "1MiB", "-o", "json"],
        "append /run/sublet/progress 0.5 half",
    );
    let told: Value = serde_json::from_str(told.code(0).stderr.trim()).unwrap();
    assert_eq!(
        told["progress"],
        json!({"fraction": 0.5, "message": "half"})
    );
}

#[test]
fn the_first_interrupt_asks_a_module_to_stop() {
    let run = Sublet::alone().args(["run", "--scratch", "1MiB", "--grace", "30s"]);
    let steps = "print ready , await-file /run/sublet/stop , print bye";
    let running = run
        .arg(core("probe"))
        .arg("--")
        .args(steps.split(' '))
        .start();
    running.wait_for_output("ready\n");
    running.process().signal(Signal::INT);
    running.wait().code(130).prints("ready\ncancelled\nbye\n");
}
