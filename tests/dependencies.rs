//! Jobs after jobs.

use serde_json::{Value, json};

use crate::harness::{Server, THREE, core};

fn cancelled(reason: &str) -> Value {
    json!({"kind": "cancelled", "reason": reason})
}

#[test]
fn a_job_after_another_one_starts_when_that_one_has_ended_as_it_should() {
    let server = Server::divided(THREE);
    for (steps, when, outcome) in [
        (
            "sleep 300 , exit 0",
            "success",
            json!({"kind": "succeeded"}),
        ),
        (
            "sleep 300 , exit 3",
            "failure",
            json!({"kind": "succeeded"}),
        ),
        ("sleep 300 , exit 3", "always", json!({"kind": "succeeded"})),
        ("sleep 300 , exit 0", "always", json!({"kind": "succeeded"})),
        ("sleep 300 , exit 3", "success", cancelled("dependency")),
        ("sleep 300 , exit 0", "failure", cancelled("dependency")),
    ] {
        let first = server.submit(&["--restart", "never"], steps);
        let then = server.submit(&["--after", &format!("{first}:{when}")], "exit 0");
        let waiting = server.job(&then);
        if waiting["state"] == "queued" {
            assert_eq!(waiting["waiting"]["reason"], "dependency", "{waiting:#}");
        }
        let (first, then) = (server.wait(&first), server.wait(&then));
        assert_eq!(then["end"]["outcome"], outcome, "{steps} {when}: {then:#}");
        let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert!(time(&then["finished_at"]) >= time(&first["finished_at"]));
        if outcome["kind"] == "succeeded" {
            let id = then["id"].as_str().unwrap();
            let started = time(&server.attempts(id, 0)[0]["started_at"]);
            let ended = time(&server.attempts(first["id"].as_str().unwrap(), 0)[0]["ended_at"]);
            assert!(started >= ended, "{steps} {when}");
        } else {
            assert!(server.attempts(then["id"].as_str().unwrap(), 0).is_empty());
        }
    }
}

#[test]
fn a_chain_of_jobs_waits_through_the_death_of_the_server_and_runs_in_order() {
    let server = Server::divided(THREE);
    let first = server.submit(&["--restart", "on-loss"], "sleep 1500");
    let mut chain = vec![first];
    for _ in 0..3 {
        let after = chain.last().unwrap().clone();
        chain.push(server.submit(&["--after", &after], "exit 0"));
    }
    server.wait_for_state(&chain[0], "running");
    server.kill9();
    let server = server.restart();
    let started: Vec<jiff::Timestamp> = chain
        .iter()
        .map(|job| {
            assert_eq!(server.wait(job)["end"]["outcome"]["kind"], "succeeded");
            let attempts = server.attempts(job, 0);
            attempts.last().unwrap()["started_at"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(started.is_sorted(), "{started:?}");
}

#[test]
fn a_job_that_never_can_start_is_not_taken() {
    let server = Server::divided(THREE);
    let failed = server.submit(&["--restart", "never"], "exit 3");
    server.wait(&failed);
    let path = core("probe").path;
    let submit = |after: &str| {
        let words = [
            "submit",
            path.to_str().unwrap(),
            "--after",
            after,
            "--",
            "exit",
            "0",
        ];
        server.sublet(&words)
    };
    submit(&failed).code(6).says(&["S0309"]);
    submit(&format!("{failed}:failure")).code(0);
    submit("nobody-has-this")
        .code(5)
        .says(&["S0308", "nobody-has-this"]);
    submit(&format!("{failed}:sometimes"))
        .code(2)
        .says(&["sometimes"]);
}

#[test]
fn cancelling_the_first_of_a_chain_ends_all_that_wait_for_its_success() {
    let server = Server::divided(THREE);
    let first = server.submit(&["--timeout", "5m"], "sleep 600000");
    let second = server.submit(&["--after", &first], "exit 0");
    let third = server.submit(&["--after", &second], "exit 0");
    let besides = server.submit(&["--after", &format!("{first}:always")], "exit 0");
    server.wait_for_state(&first, "running");
    server.sublet(&["cancel", &first]).code(0);
    assert_eq!(
        server.wait(&second)["end"]["outcome"],
        cancelled("dependency")
    );
    assert_eq!(
        server.wait(&third)["end"]["outcome"],
        cancelled("dependency")
    );
    assert_eq!(server.wait(&besides)["end"]["outcome"]["kind"], "succeeded");
    server.is_at_rest();
}
