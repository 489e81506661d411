//! Rules while everything runs: planned, applied, kept, and told who changed what.

use serde_json::{Value, json};

use crate::harness::{Server, THREE, with};

/// Has the first small node become one of `medium`, and nothing else.
pub(crate) fn one_node_more_for_medium() -> String {
    let given = with(
        THREE,
        r#"entry = 'node.labels.size == "medium"'"#,
        r#"entry = 'node.labels.size == "medium" || node.id == "s-0"'"#,
    );
    let given = with(
        &given,
        r#"exit = 'node.labels.size != "medium"'"#,
        r#"exit = 'node.labels.size != "medium" && node.id != "s-0"'"#,
    );
    let given = with(
        &given,
        r#"entry = 'node.labels.size == "small"'"#,
        r#"entry = 'node.labels.size == "small" && node.id != "s-0"'"#,
    );
    with(
        &given,
        r#"exit = 'node.labels.size != "small"'"#,
        r#"exit = 'node.labels.size != "small" || node.id == "s-0"'"#,
    )
}

fn names(values: &Value) -> Vec<&str> {
    let values = values.as_array().expect("a list");
    values
        .iter()
        .filter_map(|one| one["node"].as_str())
        .collect()
}

#[test]
fn without_any_configuration_there_are_short_medium_and_long_that_fit_the_host() {
    let server = Server::start();
    let pool = server.get("/v1/pool");
    let subclusters = pool["subclusters"].as_array().unwrap();
    let names: Vec<_> = subclusters.iter().map(|one| &one["name"]).collect();
    for name in ["short", "medium", "long"] {
        assert!(names.contains(&&json!(name)), "{pool:#}");
    }
    for one in subclusters {
        assert!(one["slots"]["free"].as_u64() >= Some(1), "{one:#}");
    }
    assert_eq!(pool["nodes_unassigned"], 0, "{pool:#}");
    assert_eq!(server.rules_version(), 1);
}

#[test]
fn i01_rules_change_while_jobs_run_and_the_audit_has_both_texts() {
    let server = Server::divided(THREE);
    let job = server.submit(&["--subcluster", "long"], "print started , sleep 600000");
    server.wait_for_state(&job, "running");
    let process = server.process();
    assert_eq!(server.places()["s-0"], "in short");

    let applied = server.apply(&one_node_more_for_medium());
    assert_eq!(applied["version"], 2, "{applied:#}");
    server.wait_for_node("s-0", "in medium");
    assert_eq!(server.places()["s-1"], "in short");
    assert!(process.lives());
    assert_eq!(server.job(&job)["state"], "running");
    assert_eq!(server.attempts(&job, 0).len(), 1);

    let audited = server.audited("rules.apply");
    assert_eq!(audited.len(), 1, "{audited:#?}");
    let (before, after) = (&audited[0]["before"], &audited[0]["after"]);
    let has = |text: &Value, words: &str| text.as_str().unwrap_or_default().contains(words);
    assert!(
        !has(before, "node.id") && has(before, "node.labels.size"),
        "{before}"
    );
    assert!(
        has(after, r#"node.labels.size == "medium" || node.id == "s-0""#),
        "{after}"
    );
    assert_eq!(audited[0]["outcome"], "done", "{audited:#?}");
    assert!(!audited[0]["who"].as_str().unwrap_or_default().is_empty());
    server.sublet(&["cancel", &job]).code(0);
}

#[test]
fn i19_a_plan_says_what_applying_does_and_moves_nothing() {
    let server = Server::divided(THREE);
    // One of both small nodes is busy: it drains, the plan says so.
    server
        .sublet(&["nodes", "drain", "s-1", "--reason", "so that s-0 is taken"])
        .code(0);
    let busy = server.submit(&["--subcluster", "short"], "sleep 600000");
    server.wait_for_state(&busy, "running");
    server.sublet(&["nodes", "resume", "s-1"]).code(0);
    server.wait_for_node("s-1", "in short");
    let before = server.places();
    let turned = THREE.replace(r#""small""#, r#""nobody""#);
    let turned = with(&turned, r#"size = "nobody""#, r#"size = "small""#);
    let turned = turned.replace(r#""large""#, r#""small""#);
    let turned = with(
        &turned,
        r#"size = "small" } },
]"#,
        r#"size = "large" } },
]"#,
    );

    let plan = server.plan(&turned);
    assert_eq!(server.places(), before, "a plan moves nothing");
    assert_eq!(server.rules_version(), 1);
    assert_eq!(plan["version_now"], 1, "{plan:#}");
    assert_eq!(names(&plan["drains"]), ["s-0"], "{plan:#}");
    assert!(names(&plan["moves"]).contains(&"s-1"), "{plan:#}");

    let applied = server.apply(&turned);
    for part in ["moves", "drains", "subclusters", "nodes", "homeless"] {
        assert_eq!(applied["plan"][part], plan[part], "{part}");
    }
    let after = server.places();
    let mut expected = before;
    for moved in plan["moves"]
        .as_array()
        .unwrap()
        .iter()
        .chain(plan["drains"].as_array().unwrap())
    {
        let to = moved["to"].as_str().unwrap().replace(" from ", " ");
        expected.insert(moved["node"].as_str().unwrap().to_owned(), to);
    }
    assert_eq!(after, expected, "{plan:#}");
    server.sublet(&["cancel", &busy]).code(0);
    server.wait_for_node("s-0", "in long");
}

#[test]
fn a_plan_names_jobs_that_nobody_would_take_any_more() {
    let server = Server::divided(THREE);
    server
        .sublet(&[
            "subclusters",
            "pause",
            "medium",
            "--reason",
            "to have one wait",
        ])
        .code(0);
    let waiting = server.submit(&["--subcluster", "medium"], "exit 0");
    let without = THREE
        .split("[[subcluster]]\nname = \"medium\"")
        .next()
        .unwrap();
    let plan = server.plan(without);
    assert_eq!(plan["homeless"]["jobs"], json!([waiting]), "{plan:#}");
    assert_eq!(
        plan["subclusters"]["removed"],
        json!(["long", "medium"]),
        "{plan:#}"
    );
    let shown = server
        .command()
        .args(["plan", "-"])
        .input(without)
        .run()
        .code(0);
    assert!(
        shown
            .stdout
            .contains("1 job that no sub-cluster would take"),
        "{shown:?}"
    );
}

#[test]
fn the_document_that_holds_can_be_applied_again_and_changes_nothing() {
    let server = Server::divided(THREE);
    let document = server.sublet(&["pool", "rules"]).code(0);
    let plan = server
        .command()
        .args(["plan", "-"])
        .input(document.bytes.clone())
        .run();
    assert!(plan.stdout.contains("nothing would change"), "{plan:?}");
    let applied = server.apply(&document.stdout);
    assert_eq!(applied["version"], 1, "{applied:#}");
    assert!(server.audited("rules.apply").is_empty(), "nothing changed");
}

#[test]
fn a_dry_run_of_apply_is_a_plan() {
    let server = Server::divided(THREE);
    let command = server.command().args(["apply", "--dry-run", "-"]);
    let shown = command.input(one_node_more_for_medium()).run().code(0);
    assert!(shown.stdout.contains("s-0"), "{shown:?}");
    assert_eq!(server.rules_version(), 1);
}
