//! Nodes on their way out: what runs there may end, nothing new comes, and what is stopped is tried elsewhere.

use serde_json::{Value, json};

use crate::harness::{Server, with};
use crate::nodes::{TWO, of_two};

fn outcomes(server: &Server, job: &str) -> Vec<Value> {
    let attempts = server.attempts(job, 0);
    attempts.iter().map(|one| one["outcome"].clone()).collect()
}

#[test]
fn i17_a_busy_node_drains_takes_nothing_new_and_goes_when_its_task_has_ended() {
    let server = Server::divided(TWO);
    server
        .sublet(&["nodes", "drain", "b", "--reason", "only one is wanted"])
        .code(0);
    let busy = server.submit(
        &["--subcluster", "work"],
        "print started , sleep 2000 , print ended",
    );
    server.wait_for_state(&busy, "running");
    server
        .sublet(&["nodes", "drain", "a", "--reason", "replace memory"])
        .code(0);
    assert_eq!(server.places()["a"], "draining work");
    let waiting = server.submit(&["--subcluster", "work"], "exit 0");
    let waits = server.job(&waiting);
    assert_eq!(waits["state"], "queued", "{waits:#}");
    let told = server.sublet(&["explain", "a"]).code(0);
    assert!(
        told.stdout.contains("1 attempts run on it") || told.stdout.contains("1 attempt"),
        "{told:?}"
    );

    let record = server.wait(&busy);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded", "{record:#}");
    assert_eq!(server.attempts(&busy, 0).len(), 1);
    assert_eq!(server.log_of(&busy), "started\nended\n");
    let left = server.wait_for_node("a", "unassigned");
    assert_eq!(left["drain"]["reason"], "replace memory", "{left:#}");
    assert_eq!(server.job(&waiting)["state"], "queued");
    server.sublet(&["nodes", "resume", "a"]).code(0);
    server.wait(&waiting);
}

#[test]
fn i17_without_grace_an_attempt_ends_once_as_drained_and_is_tried_again_elsewhere() {
    let server = Server::divided(TWO);
    let steps = "identity , sleep-before-attempt 2 600000";
    let job = server.submit(&["--subcluster", "work", "--timeout", "20m"], steps);
    server.wait_for_state(&job, "running");
    let (node, other) = of_two(&server, &job);
    server
        .sublet(&["nodes", "drain", &node, "--reason", "now", "--grace", "0s"])
        .code(0);
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded", "{record:#}");
    let drained = json!({"kind": "cancelled", "reason": "drained"});
    assert_eq!(
        outcomes(&server, &job),
        [drained, json!({"kind": "succeeded"})]
    );
    let places: Vec<_> = server
        .attempts(&job, 0)
        .iter()
        .map(|one| server.node_of_slot(one)["name"].clone())
        .collect();
    assert_eq!(places, [json!(node), json!(other)]);
    assert_eq!(server.log_of(&job), "task 0 attempt 1\ntask 0 attempt 2\n");
    server.wait_for_node(&node, "unassigned");
    server.is_at_rest();
}

#[test]
fn i17_what_may_start_only_once_ends_as_drained() {
    let server = Server::divided(TWO);
    let job = server.submit(
        &[
            "--subcluster",
            "work",
            "--restart",
            "never",
            "--timeout",
            "20m",
        ],
        "sleep 600000",
    );
    server.wait_for_state(&job, "running");
    let (node, _) = of_two(&server, &job);
    server
        .sublet(&["nodes", "drain", &node, "--reason", "now", "--grace", "0s"])
        .code(0);
    let record = server.wait(&job);
    assert_eq!(
        record["end"]["outcome"],
        json!({"kind": "cancelled", "reason": "drained"})
    );
    assert_eq!(server.attempts(&job, 0).len(), 1);
}

#[test]
fn i17_a_rule_that_sends_a_busy_node_away_gives_its_work_the_grace_of_the_sub_cluster() {
    let server = Server::divided(&with(
        TWO,
        "name = \"work\"\n",
        "name = \"work\"\ngrace = \"0s\"\n",
    ));
    let job = server.submit(
        &["--subcluster", "work", "--timeout", "20m"],
        "sleep-before-attempt 2 600000",
    );
    server.wait_for_state(&job, "running");
    let (node, _) = of_two(&server, &job);
    server
        .sublet(&["nodes", "label", &node, "leave=rest"])
        .code(0);
    server.wait(&job);
    let drained = json!({"kind": "cancelled", "reason": "drained"});
    assert_eq!(
        outcomes(&server, &job),
        [drained, json!({"kind": "succeeded"})]
    );
    server.wait_for_node(&node, "in rest");
}

#[test]
fn a_drain_that_is_taken_back_in_time_leaves_the_node_and_its_work_alone() {
    let server = Server::divided(TWO);
    let job = server.submit(&["--subcluster", "work"], "sleep 600000");
    server.wait_for_state(&job, "running");
    let (node, _) = of_two(&server, &job);
    server
        .sublet(&["nodes", "drain", &node, "--reason", "too early"])
        .code(0);
    assert_eq!(server.places()[&node], "draining work");
    server.sublet(&["nodes", "resume", &node]).code(0);
    assert_eq!(server.places()[&node], "in work");
    assert_eq!(server.node(&node).get("drain"), None);
    assert_eq!(server.job(&job)["state"], "running");
    server.sublet(&["cancel", &job]).code(0);
}
