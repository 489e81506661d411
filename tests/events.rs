//! What happens, for those who watch: in order, from where they were, and as fast as they read.

use serde_json::Value;

use crate::harness::{DEADLINE, Server, core};

fn events(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect()
}

#[test]
fn a_job_is_watched_from_its_submission_to_its_end() {
    let server = Server::with_slots(2);
    let job = server.submit(
        &[
            "--restart",
            "on-failure",
            "--retries",
            "1",
            "--backoff",
            "1ms",
        ],
        "exit 3",
    );
    let watched = server
        .sublet(&["jobs", "events", &job, "--follow", "-o", "ndjson"])
        .code(0);
    let told = events(&watched.stdout);
    assert_eq!(
        kinds(&told),
        [
            "submitted",
            "routed",
            "started",
            "ended",
            "started",
            "ended",
            "finished"
        ]
    );
    assert!(told.iter().all(|one| one["job"] == job.as_str()));
    let numbers: Vec<_> = told
        .iter()
        .map(|one| one["seq"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(
        told[3]["outcome"],
        serde_json::json!({"kind": "failed", "code": 3})
    );
    assert_eq!(
        (&told[5]["attempt"], &told[5]["tasks"]),
        (&2.into(), &serde_json::json!([[0, 0]]))
    );
    // From any number on, with nothing twice and nothing missing; and only what is asked for.
    for (index, number) in numbers.iter().enumerate() {
        let rest = server.request("GET", &format!("/v1/jobs/{job}/events?after={number}"), b"");
        assert_eq!(events(&rest.text()), told[index + 1..]);
    }
    let some = server.request(
        "GET",
        &format!("/v1/jobs/{job}/events?kinds=routed,finished"),
        b"",
    );
    assert_eq!(kinds(&events(&some.text())), ["routed", "finished"]);
    let followed = format!("/v1/jobs/{job}/events?kinds=routed&follow=true");
    assert_eq!(
        events(&server.request("GET", &followed, b"").text()).len(),
        1
    );
    let table = server.sublet(&["jobs", "events", &job]).code(0);
    assert!(
        table.stdout.contains("task 0 failed") && table.stdout.contains("(attempt 2)"),
        "{table:?}"
    );
}

#[test]
fn a_cancelled_array_tells_who_waited_and_a_retried_one_goes_on() {
    let server = Server::with_slots(1);
    let job = server.submit(&["--array", "0-4", "--timeout", "10m"], "sleep 600000");
    server.wait_for_state(&job, "running");
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    let told = events(
        &server
            .request("GET", &format!("/v1/jobs/{job}/events"), b"")
            .text(),
    );
    let cancelled = told
        .iter()
        .find(|one| one["kind"] == "tasks_cancelled")
        .unwrap();
    assert_eq!(cancelled["tasks"], serde_json::json!([[1, 4]]));
    assert!(kinds(&told).contains(&"cancel_asked"));
    server.sublet(&["retry", &job]).code(0);
    let told = events(
        &server
            .request("GET", &format!("/v1/jobs/{job}/events"), b"")
            .text(),
    );
    assert!(kinds(&told).contains(&"reopened"), "{told:?}");
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
}

#[test]
fn readers_of_server_sent_events_come_back_to_where_they_were() {
    let server = Server::with_slots(1);
    let job = server.submit(&[], "print one two three");
    server.wait(&job);
    let accept = ("accept", "text/event-stream");
    for route in ["events", "logs"] {
        let target = format!("/v1/jobs/{job}/{route}?follow=true");
        let whole = server.request_with("GET", &target, &[accept], b"");
        assert_eq!(whole.header("content-type"), Some("text/event-stream"));
        let text = whole.text();
        let marks: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("id: "))
            .collect();
        let items: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect();
        assert!(!marks.is_empty() && marks.len() == items.len(), "{text}");
        let back = server.request_with("GET", &target, &[accept, ("last-event-id", marks[0])], b"");
        let again: String = back
            .text()
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect();
        assert_eq!(again, items[1..].concat(), "{route}");
        let bad = server.request_with("GET", &target, &[("last-event-id", "x y")], b"");
        assert_eq!(bad.problem()["code"], "S0101", "{route}");
    }
}

#[test]
fn a_log_goes_on_behind_any_of_its_marks() {
    let server = Server::with_slots(1);
    let job = server.submit(&["--array", "0-3"], "print x");
    server.wait(&job);
    let read = |after: &str| {
        events(
            &server
                .request("GET", &format!("/v1/jobs/{job}/logs{after}"), b"")
                .text(),
        )
    };
    let all = read("");
    assert_eq!(all.len(), 4);
    for (index, one) in all.iter().enumerate() {
        let mark = one["mark"].as_str().unwrap();
        assert_eq!(read(&format!("?after={mark}")), all[index + 1..]);
    }
    let bad = server.request("GET", &format!("/v1/jobs/{job}/logs?after=7"), b"");
    assert_eq!(bad.problem()["code"], "S0101");
}

#[test]
fn what_happened_before_a_restart_is_gone_and_said_to_be() {
    let server = Server::start();
    let job = server.submit(&[], "exit 0");
    server.wait(&job);
    let told = events(&server.request("GET", "/v1/events", b"").text());
    let last = told.last().unwrap()["seq"].as_u64().unwrap();
    server.terminate();
    server.exit_within(DEADLINE);
    let server = server.restart();
    let gone = server.request("GET", &format!("/v1/events?after={last}"), b"");
    assert_eq!(
        (gone.status, &gone.problem()["code"]),
        (410, &"S0612".into())
    );
    assert_eq!(server.request("GET", "/v1/events", b"").text(), "");
    let job = server.submit(&[], "exit 0");
    server.wait(&job);
    let told = events(&server.request("GET", "/v1/events", b"").text());
    assert!(told[0]["seq"].as_u64().unwrap() > last);
}

#[test]
fn users_watch_their_own_jobs_and_operators_those_of_all() {
    let server = Server::listening(2);
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    let hers = ada.submit(&core("probe"), &[], "exit 0");
    server.wait(&hers);
    let told = |output: crate::harness::Output| events(&output.code(0).stdout);
    let everybodys = "/v1/events?user=*";
    assert_eq!(
        told(bob.sublet(&["api", "GET", everybodys])),
        [Value::Null; 0]
    );
    bob.sublet(&["jobs", "events", &hers])
        .code(5)
        .says(&["S0201"]);
    assert_eq!(
        told(server.sublet(&["api", "GET", "/v1/events"])),
        [Value::Null; 0]
    );
    let all = told(server.sublet(&["api", "GET", everybodys]));
    assert!(all.iter().all(|one| one["user"] == "ada") && !all.is_empty());
    let own = told(ada.sublet(&["api", "GET", "/v1/events?kinds=finished"]));
    assert_eq!(own.len(), 1);
    let bad = server.request("GET", "/v1/events?kinds=begun", b"");
    assert_eq!(bad.problem()["code"], "S0103");
}
