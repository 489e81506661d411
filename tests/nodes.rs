//! Nodes: where each is and why, emptied and given back, told apart by labels.

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, THREE, eventually, with};

/// One sub-cluster on two nodes of one slot each, and a place for those that are sent away.
pub(crate) const TWO: &str = r#"[pool]
nodes = [{ name = "a", cpu = 0.1, memory = "64MiB" }, { name = "b", cpu = 0.1, memory = "64MiB" }]

[[subcluster]]
name = "work"
slot = { cpu = 0.1, memory = "64MiB" }
entry = '!has(node.labels.leave)'
exit = 'has(node.labels.leave)'

[[subcluster]]
name = "rest"
slot = { cpu = 0.1, memory = "64MiB" }
entry = 'node.labels.leave == "rest"'
exit = 'node.labels.leave != "rest" || !has(node.labels.leave)'
"#;

/// The node that the first attempt of a running job is on, and the other one.
pub(crate) fn of_two(server: &Server, job: &str) -> (String, String) {
    let node = server.node_of_slot(&server.attempts(job, 0)[0]);
    let name = node["name"].as_str().unwrap().to_owned();
    let other = if name == "a" { "b" } else { "a" };
    (name, other.to_owned())
}

#[test]
fn nodes_are_listed_by_place_and_shown_one_by_one() {
    let server = Server::divided(THREE);
    server
        .sublet(&["nodes", "drain", "l-1", "--reason", "to be none's"])
        .code(0);
    for (flags, expected) in [
        (&[][..], &["l-0", "l-1", "m-0", "m-1", "s-0", "s-1"][..]),
        (&["--subcluster", "short"], &["s-0", "s-1"]),
        (&["--unassigned"], &["l-1"]),
    ] {
        let listed = server
            .sublet(&[&["nodes", "list", "-q"], flags].concat())
            .code(0);
        let mut names: Vec<_> = listed.stdout.lines().collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{flags:?}");
    }
    let node = server.node("m-0");
    for (field, expected) in [
        ("state", json!("in")),
        ("subcluster", json!("medium")),
        ("cpu_millis", json!(100)),
        ("memory_bytes", json!(128 << 20)),
        ("labels", json!({"size": "medium"})),
        ("slots", json!({"total": 2, "free": 2})),
        ("healthy", json!(true)),
    ] {
        assert_eq!(node[field], expected, "{field} of {node:#}");
    }
    let first = server.get("/v1/nodes?limit=4");
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = server.get(&format!("/v1/nodes?limit=4&cursor={cursor}"));
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest)), (4, 2));
}

#[test]
fn what_is_said_of_a_node_that_is_not_there_or_cannot_be_is_refused() {
    let server = Server::divided(THREE);
    let unknown = server.sublet(&["nodes", "show", "m-2"]).code(5);
    unknown.says(&["S0207", "m-2", "did you mean `m-"]);
    for words in [
        &["nodes", "drain", "m-0"][..],
        &["nodes", "drain", "m-0", "--reason", ""],
        &["nodes", "drain", "m-0", "--reason", "x", "--grace", "-1s"],
        &["nodes", "drain", "m-0", "--reason", "x", "--grace", "soon"],
        &["nodes", "label", "m-0"],
        &["nodes", "label", "m-0", "size"],
    ] {
        server.sublet(words).code(2);
    }
    let long = "x".repeat(300);
    for (target, body, status, code) in [
        ("m-0/drain", json!({}), 400, "S0101"),
        ("m-0/drain", json!({"reason": ""}), 422, "S0103"),
        ("m-0/drain", json!({"reason": long}), 422, "S0103"),
        ("m-0/drain", json!({"reason": "two\nlines"}), 422, "S0103"),
        (
            "m-0/drain",
            json!({"reason": "x", "grace_ms": -1}),
            400,
            "S0101",
        ),
        (
            "m-0/drain",
            json!({"reason": "x", "grace_ms": u64::MAX}),
            422,
            "S0103",
        ),
        (
            "m-0/drain",
            json!({"reason": "x", "grace": "1m"}),
            400,
            "S0102",
        ),
        ("m-0/label", json!({"set": {"": "x"}}), 422, "S0103"),
        ("m-0/label", json!({"set": {"key": long}}), 422, "S0103"),
        ("m-0/label", json!({"set": {"a=b": "c"}}), 422, "S0103"),
        ("m-9/label", json!({"set": {"key": "value"}}), 404, "S0207"),
        ("m-9/resume", json!({}), 404, "S0207"),
    ] {
        let body = body.to_string();
        let answer = server.request("POST", &format!("/v1/nodes/{target}"), body.as_bytes());
        let problem = answer.problem();
        assert_eq!(
            (answer.status, problem["code"].as_str()),
            (status, Some(code)),
            "{target} {body}: {problem:#}"
        );
    }
    let audit = server.get("/v1/audit");
    assert_eq!(audit["items"], json!([]), "nothing was done");
}

#[test]
fn i06_a_label_that_the_exit_rule_reads_moves_the_node_and_the_rule_is_named() {
    let server = Server::divided(TWO);
    let labelled = server.json(&["nodes", "label", "a", "leave=rest"]);
    assert_eq!(labelled["labels"], json!({"leave": "rest"}));
    let moved = server.wait_for_node("a", "in rest");
    let cause = moved["cause"].as_str().unwrap();
    assert!(
        cause.contains("entry rule of rest") && cause.contains("version 1"),
        "{cause}"
    );

    let told = server.get("/v1/nodes/a/explain");
    assert_eq!(told["summary"], "node a is in rest", "{told:#}");
    let verdict = |kind: &str, subcluster: &str| {
        let rules = told["rules"].as_array().unwrap();
        let found = rules
            .iter()
            .find(|rule| rule["kind"] == kind && rule["subcluster"] == subcluster);
        found
            .cloned()
            .unwrap_or_else(|| panic!("no {kind} rule of {subcluster} in {told:#}"))
    };
    let exit = verdict("exit", "rest");
    assert_eq!(exit["holds"], false, "{exit:#}");
    let read = &exit["values"][0];
    assert_eq!(
        (
            &read["attribute"],
            read["value"].as_str().map(|text| text.contains("rest"))
        ),
        (&json!("node.labels.leave"), Some(true)),
        "{exit:#}"
    );
    server.sublet(&["explain", "a"]).code(0);
    server.sublet(&["nodes", "label", "a", "leave-"]).code(0);
    server.wait_for_node("a", "in work");
}

#[test]
fn i08_a_node_whose_exit_rule_does_not_hold_stays_whatever_else_changes() {
    let server = Server::divided(TWO);
    let before = server.node("a");
    server
        .sublet(&["nodes", "label", "a", "rack=7", "row=2"])
        .code(0);
    let job = server.submit(&["--subcluster", "work"], "exit 0");
    server.wait(&job);
    let after = server.node("a");
    for field in ["state", "subcluster", "since", "cause"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}

#[test]
fn i09_a_node_that_nobody_lets_in_is_unassigned_until_its_next_change() {
    let server = Server::divided(TWO);
    server
        .sublet(&["nodes", "label", "a", "leave=home"])
        .code(0);
    server.wait_for_node("a", "unassigned");
    let pool = server.get("/v1/pool");
    assert_eq!(pool["nodes_unassigned"], 1, "{pool:#}");
    let told = server.sublet(&["nodes", "explain", "a"]).code(0);
    assert!(told.stdout.contains("does not hold"), "{told:?}");
    server
        .sublet(&["nodes", "label", "a", "leave=rest"])
        .code(0);
    server.wait_for_node("a", "in rest");
}

#[test]
fn x02_the_end_of_a_module_is_a_state_change_that_moves_its_node() {
    let exit = "exit = 'has(node.labels.leave)'";
    let server = Server::divided(&with(
        TWO,
        exit,
        "exit = 'has(node.labels.leave) && node.running == 0'",
    ));
    let job = server.submit(&["--subcluster", "work"], "print started , sleep 2000");
    server.wait_for_state(&job, "running");
    let (node, _) = of_two(&server, &job);
    server
        .sublet(&["nodes", "label", &node, "leave=rest"])
        .code(0);
    assert_eq!(
        server.places()[&node],
        "in work",
        "it has work, so its exit rule does not hold"
    );
    server.wait(&job);
    let moved = server.wait_for_node(&node, "in rest");
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let ended = time(&server.attempts(&job, 0)[0]["ended_at"]);
    let late = time(&moved["since"]).duration_since(ended);
    assert!(
        late >= jiff::SignedDuration::ZERO,
        "it moved {late} after the end"
    );
    assert!(
        moved["cause"].as_str().unwrap().contains("rest"),
        "{moved:#}"
    );
}

#[test]
fn i18_a_node_moves_no_more_often_within_a_minute_than_it_may() {
    let server = Server::divided(&with(TWO, "[pool]\n", "[pool]\nmoves_per_minute = 3\n"));
    let mut seen = vec!["in work".to_owned()];
    for turn in 0..20 {
        let change = if turn % 2 == 0 {
            "leave=rest"
        } else {
            "leave-"
        };
        server.sublet(&["nodes", "label", "a", change]).code(0);
        let place = server.places()["a"].clone();
        if seen.last() != Some(&place) {
            seen.push(place);
        }
    }
    assert!((2..=4).contains(&seen.len()), "{seen:?}");
    // What holds it back is told, with the time.
    server
        .sublet(&[
            "nodes",
            "label",
            "a",
            if seen.last().unwrap() == "in work" {
                "leave=rest"
            } else {
                "leave-"
            },
        ])
        .code(0);
    eventually(DEADLINE, "it says what holds it", || {
        let told = server.sublet(&["explain", "a"]).code(0);
        told.stdout.contains("as often as a node may").then_some(())
    });
}

#[test]
fn labels_that_were_set_by_hand_win_and_give_way_again() {
    let server = Server::divided(THREE);
    server
        .sublet(&["nodes", "label", "s-0", "size=large"])
        .code(0);
    server.wait_for_node("s-0", "in long");
    server.sublet(&["nodes", "label", "s-0", "size-"]).code(0);
    let back = server.wait_for_node("s-0", "in short");
    assert_eq!(back["labels"], json!({"size": "small"}));
    let audited = server.audited("nodes.label");
    let said: Vec<_> = audited.iter().map(|entry| &entry["after"]).collect();
    assert_eq!(said, ["size-", "size=large"]);
}
