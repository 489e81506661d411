//! A worker in which somebody else gives the orders, at a whole server: it speaks of attempts that it does not have, of those
//! that are over, says everything twice, and then what is no message.

use super::harness::{DEADLINE, Server, eventually, wat};
use super::world::can_be_planted;

/// Two sub-clusters, so two workers: one lies about what the other has.
const TWO: &str = "[pool]\nreserve = { cpu = 0.5, memory = \"256MiB\" }\n\
    nodes = [{ count = 2, cpu = 0.5, memory = \"512MiB\" }]\n\
    [[subcluster]]\nname = \"honest\"\nslot = { cpu = 0.06, memory = \"64MiB\" }\nnodes = { max = 1 }\n\
    [[subcluster]]\nname = \"lying\"\nslot = { cpu = 0.06, memory = \"64MiB\" }\nnodes = { max = 1 }\n";
const LIE: &str = "a lie";

fn submit(server: &Server, subcluster: &str, letter: &str) -> String {
    let body = format!(
        r#"{{"module":"guest","args":["{letter}"],"subcluster":"{subcluster}","limits":{{"timeout_ms":120000}}}}"#
    );
    let answer = server.request("POST", "/v1/jobs", body.as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().map(str::to_owned);
    id.expect("a job has an id")
}

/// A server with an honest worker, whose guest waits, and one for the next job that has this in it.
fn with_a_worker_that(deed: &str) -> (Server, String) {
    let server = Server::configured(TWO);
    let guest = wat("liars", include_str!("guest.wat"));
    let path = guest.path.to_str().expect("the repository's path is text");
    server
        .sublet(&["modules", "push", path, "--name", "guest"])
        .code(0);
    server.kill9();
    // The first worker is handed the first fault, which never happens.
    let faults = format!("worker.nowhere@1:lie,{deed}");
    let server = server.begin_again(Some(&faults)).ready();
    let honest = submit(&server, "honest", "w");
    server.wait_for_state(&honest, "running");
    eventually(DEADLINE, "it has printed", || {
        (server.log_of(&honest) == "hello\n").then_some(())
    });
    (server, honest)
}

fn is_left_alone(server: &Server, honest: &str) {
    let job = server.job(honest);
    assert_eq!(job["state"], "running", "{job:#}");
    assert!(job["progress"].is_null(), "{job:#}");
    assert_eq!(server.log_of(honest), "hello\n");
    server.sublet(&["cancel", honest]).code(0);
    assert_eq!(server.wait(honest)["tasks"]["cancelled"], 1);
    server.is_at_rest();
}

#[test]
fn a_worker_that_lies_about_others_changes_nothing_and_prints_nowhere() {
    if !can_be_planted() {
        return;
    }
    let (server, honest) = with_a_worker_that("worker.lies@1:lie");
    let liar = submit(&server, "lying", "o");
    let job = server.wait(&liar);
    assert_eq!(job["tasks"]["succeeded"], 1, "{job:#}");
    eventually(DEADLINE, "the lies are heard and counted", || {
        let metrics = server.request("GET", "/metrics", b"").text();
        let counted = |line: &&str| line.starts_with("sublet_disowned_output_bytes_total");
        let line = metrics.lines().find(counted)?.to_owned();
        let (_, bytes) = line.split_once(' ')?;
        bytes
            .parse::<usize>()
            .is_ok_and(|bytes| bytes > LIE.len())
            .then_some(())
    });
    // A later job of the same worker is heard behind the lies.
    server.wait(&submit(&server, "lying", "o"));
    assert_eq!(server.log_of(&liar), "hello\n", "said once");
    assert_eq!(server.attempts(&liar, 0).len(), 1);
    is_left_alone(&server, &honest);
}

#[test]
fn a_worker_that_says_what_is_no_message_is_ended_and_nobody_else() {
    if !can_be_planted() {
        return;
    }
    let (server, honest) = with_a_worker_that("worker.garbage@1:lie");
    let liar = submit(&server, "lying", "o");
    assert_eq!(server.wait(&liar)["tasks"]["succeeded"], 1);
    eventually(DEADLINE, "it is ended", || {
        server
            .log()
            .contains("a worker is ended for what it said")
            .then_some(())
    });
    let next = server.wait(&submit(&server, "lying", "o"));
    assert_eq!(next["tasks"]["succeeded"], 1);
    is_left_alone(&server, &honest);
}
