//! What is old goes, and only that; what it used stays in the sums.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, eventually};

/// A server that keeps what this table says. A `jobs` of some minutes has it look for what is old every few seconds.
fn keeping(table: &str) -> Server {
    Server::configured(&service(table))
}

fn service(table: &str) -> String {
    format!("[service]\nretention = {table}\n")
}

/// A job that printed something and is over.
fn printed(server: &Server) -> String {
    let job = server.submit(&[], "print hello");
    // It may be gone before anybody sees it finished.
    eventually(DEADLINE, "the job is over", || {
        let answer = server.request("GET", &format!("/v1/jobs/{job}"), b"");
        (answer.status == 404 || answer.json()["state"] == "finished").then_some(())
    });
    job
}

fn is_gone(server: &Server, job: &str) {
    eventually(DEADLINE, &format!("{job} is gone"), || {
        let answer = server.request("GET", &format!("/v1/jobs/{job}"), b"");
        (answer.status == 404).then_some(())
    });
}

/// The jobs whose logs are there.
fn logs(server: &Server) -> usize {
    fs::read_dir(server.data_directory().join("logs"))
        .unwrap()
        .count()
}

fn removed(server: &Server) -> Value {
    server.json(&["usage", "--removed"])["items"].clone()
}

fn total(server: &Server) -> Value {
    server.json(&["usage"])["total"].clone()
}

/// Rows of attempts in the database.
fn attempts_on_record(server: &Server) -> i64 {
    let path = server.data_directory().join("sublet.db");
    let database = rusqlite::Connection::open(path).unwrap();
    database
        .query_one("SELECT count(*) FROM attempts", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn nothing_is_removed_unless_somebody_says_so() {
    let server = Server::start();
    let job = printed(&server);
    assert_eq!(removed(&server), json!([]));
    server
        .sublet(&["usage", "--removed"])
        .code(0)
        .prints("")
        .says(&["nothing was removed"]);
    server.terminate();
    server.exit_within(DEADLINE);
    let server = server.restart();
    assert_eq!(server.job(&job)["state"], "finished");
}

#[test]
fn old_jobs_go_with_their_logs_and_attempts_and_what_they_used_stays() {
    let server = Server::configured("");
    let old = [printed(&server), printed(&server)];
    let used = total(&server);
    assert_eq!(used["attempts"], 2);
    assert_eq!(logs(&server), 2);
    server.terminate();
    server.exit_within(DEADLINE);
    server.reconfigure(&service("{ jobs = '50ms' }"));
    let server = server.restart();
    for job in &old {
        is_gone(&server, job);
    }
    let new = printed(&server);
    is_gone(&server, &new);
    eventually(DEADLINE, "the logs are gone", || {
        (logs(&server) == 0).then_some(())
    });
    let rows = removed(&server);
    assert_eq!(
        (&rows[0]["reason"], &rows[0]["jobs"]),
        (&json!("age"), &json!(3))
    );
    assert_eq!(
        (&rows[0]["attempts"], &rows[0]["log_bytes"]),
        (&json!(3), &json!(18))
    );
    let after = total(&server);
    assert_eq!(after["attempts"], 3);
    for field in ["cpu_us", "wall_us", "memory_byte_us", "stdout_bytes"] {
        assert!(
            after[field].as_u64() > used[field].as_u64(),
            "{field}: {used} {after}"
        );
    }
    let by_job = server.json(&["usage", "--by", "job"]);
    assert!(
        by_job["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["job"].is_null())
    );
    assert_eq!(by_job["total"], after);
    server.sublet(&["usage", "--removed"]).code(0);
    // Ids of what is gone are those of what never was, and numbers are not given twice.
    server
        .sublet(&["jobs", "show", &old[0]])
        .code(5)
        .says(&["S0201"]);
    // A job that runs is not old, however long it takes.
    let runs = server.submit(&["--timeout", "10m"], "sleep 600000");
    assert_eq!(server.wait_for_state(&runs, "running")["number"], 4);
    eventually(DEADLINE, "their attempts are gone", || {
        (attempts_on_record(&server) == 0).then_some(())
    });
    server.kill9();
    let server = server.restart();
    // The attempt that the crash ended was one, too.
    assert_eq!(total(&server)["attempts"], 4);
    assert_eq!(removed(&server)[0]["jobs"], 3);
    server.sublet(&["cancel", &runs]).code(0);
    is_gone(&server, &runs);
    assert!(total(&server)["wall_us"].as_u64() >= after["wall_us"].as_u64());
}

#[test]
fn each_user_keeps_so_many_jobs_and_the_oldest_go_first() {
    let server = keeping("{ jobs = '3m', jobs_per_user = 2 }");
    let jobs: Vec<String> = (0..4).map(|_| printed(&server)).collect();
    is_gone(&server, &jobs[1]);
    is_gone(&server, &jobs[0]);
    let left = server.json(&["jobs", "list"]);
    let left: Vec<_> = left["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert_eq!(left, [&jobs[3], &jobs[2]]);
    let rows = removed(&server);
    assert_eq!(
        (&rows[0]["reason"], &rows[0]["jobs"]),
        (&json!("count"), &json!(2))
    );
}

#[test]
fn what_users_printed_is_bounded_in_sum() {
    // Each prints six bytes.
    let server = keeping("{ jobs = '3m', log_bytes_per_user = '13B' }");
    let jobs: Vec<String> = (0..3).map(|_| printed(&server)).collect();
    is_gone(&server, &jobs[0]);
    assert_eq!(server.job(&jobs[1])["state"], "finished");
    assert_eq!(removed(&server)[0]["reason"], "bytes");
}

#[test]
fn logs_may_go_before_their_jobs_and_a_job_that_runs_again_prints_anew() {
    let server = keeping("{ logs = '50ms' }");
    let job = printed(&server);
    eventually(DEADLINE, "the log is gone", || {
        (logs(&server) == 0).then_some(())
    });
    let record = server.job(&job);
    assert_eq!(record["usage"]["stdout_bytes"], 6);
    assert_eq!(server.log_of(&job), "");
    assert_eq!(removed(&server), json!([]));
    // As often as one likes: a log that is going is gone before the job prints into another.
    for attempts in 2..6 {
        let retried = server.sublet(&["retry", &job]);
        retried.code(0);
        eventually(DEADLINE, "it ran again", || {
            let told = server.job(&job);
            let ended = server.attempts(&job, 0).len() == attempts;
            (told["state"] == "finished" && ended).then_some(())
        });
    }
    eventually(DEADLINE, "the log is gone again", || {
        (logs(&server) == 0).then_some(())
    });
}
