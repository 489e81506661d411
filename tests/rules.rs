//! Rules while everything runs: planned, applied, kept, and told who changed what.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, THREE, configuration, eventually, with};

/// Has the first small node become one of `medium`, and nothing else.
fn one_node_more_for_medium() -> String {
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

#[test]
fn the_history_has_each_version_newest_first_with_who_and_when() {
    let server = Server::divided(THREE);
    let changed = one_node_more_for_medium();
    server.apply(&changed);
    server.apply(THREE);
    let who = server.get("/v1/whoami")["user"].clone();
    let history = server.get("/v1/rules/history");
    let items = history["items"].as_array().unwrap();
    let versions: Vec<_> = items.iter().map(|set| set["version"].as_u64()).collect();
    assert_eq!(versions, [Some(3), Some(2), Some(1)]);
    assert!(items[1]["document"].as_str().unwrap().contains("node.id"));
    assert_eq!(items[0]["document"], items[2]["document"]);
    for set in items {
        assert!(set["applied_at"].is_string(), "{set:#}");
        assert!(
            who.is_null() || set["applied_by"] == who,
            "{set:#} by {who}"
        );
    }
    let page = server.get("/v1/rules/history?limit=2");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = server.get(&format!("/v1/rules/history?limit=2&cursor={cursor}"));
    assert_eq!(rest["items"], json!([items[2]]));
    let told = server.sublet(&["pool", "rules", "--history"]).code(0);
    assert_eq!(told.stdout.lines().count(), 4, "{told:?}");
}

#[test]
fn a_document_made_for_another_version_changes_nothing() {
    let server = Server::divided(THREE);
    server.apply(&one_node_more_for_medium());
    let places = server.places();
    let tagged = server.request("GET", "/v1/rules", b"");
    assert_eq!(tagged.header("etag"), Some("\"2\""));
    for (made_for, status, code) in [
        (Some("\"1\""), 412, "S0603"),
        (Some("\"3\""), 412, "S0603"),
        (None, 428, "S0108"),
        (Some("latest"), 400, "S0101"),
        (Some("*"), 400, "S0101"),
    ] {
        let answer = server.send_rules("PUT", "/v1/rules", made_for, THREE);
        let problem = answer.problem();
        assert_eq!(
            (answer.status, problem["code"].as_str()),
            (status, Some(code)),
            "{problem:#}"
        );
    }
    assert_eq!(server.rules_version(), 2);
    assert_eq!(server.places(), places);
    assert_eq!(server.audited("rules.apply").len(), 1, "only what was done");
    let answer = server.send_rules("PUT", "/v1/rules", Some("\"2\""), THREE);
    assert_eq!(
        (answer.status, answer.header("etag")),
        (200, Some("\"3\"")),
        "{}",
        answer.text()
    );
}

#[test]
fn two_who_apply_at_once_do_not_undo_each_other() {
    let server = Server::divided(THREE);
    let documents: Vec<_> = (1..=8)
        .map(|n| {
            with(
                THREE,
                "[pool]\n",
                &format!("[pool]\nmoves_per_minute = {n}\n"),
            )
        })
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let send = |document| {
            server
                .send_rules("PUT", "/v1/rules", Some("\"1\""), document)
                .status
        };
        let senders: Vec<_> = documents
            .iter()
            .map(|one| scope.spawn(move || send(one)))
            .collect();
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .collect()
    });
    let taken = statuses.iter().filter(|&&status| status == 200).count();
    assert_eq!(taken, 1, "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 412].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(server.rules_version(), 2);
}

#[test]
fn rules_pauses_drains_and_labels_survive_the_death_of_the_server() {
    let server = Server::divided(THREE);
    server.apply(&one_node_more_for_medium());
    for words in [
        ["subclusters", "pause", "long", "--reason", "new disk"].as_slice(),
        &["nodes", "drain", "s-1", "--reason", "new memory"],
        &["nodes", "label", "m-0", "rack=7", "size=large"],
    ] {
        server.sublet(words).code(0);
    }
    server.wait_for_node("m-0", "in long");
    let places = server.places();
    assert_eq!(places["s-1"], "unassigned");

    server.kill9();
    let server = server.restart();
    assert_eq!(server.rules_version(), 2);
    eventually(DEADLINE, "the nodes are where they were", || {
        (server.places() == places).then_some(())
    });
    let paused = &server.get("/v1/subclusters/long")["paused"];
    assert_eq!(paused["reason"], "new disk", "{paused:#}");
    assert!(
        paused["by"].is_string() && paused["since"].is_string(),
        "{paused:#}"
    );
    let drained = &server.node("s-1")["drain"];
    assert_eq!(drained["reason"], "new memory", "{drained:#}");
    assert_eq!(
        server.node("m-0")["labels"],
        json!({"rack": "7", "size": "large"})
    );

    // And they are taken back as if nothing had happened.
    server.sublet(&["nodes", "resume", "s-1"]).code(0);
    server.wait_for_node("s-1", "in short");
    server.sublet(&["nodes", "label", "m-0", "size-"]).code(0);
    server.wait_for_node("m-0", "in medium");
    server.sublet(&["subclusters", "resume", "long"]).code(0);
    server.kill9();
    let server = server.restart();
    assert_eq!(server.get("/v1/subclusters/long").get("paused"), None);
    assert_eq!(server.places()["s-1"], "in short");
    assert_eq!(server.places()["m-0"], "in medium");
}

#[test]
fn rules_that_were_applied_win_over_the_configuration_which_is_told() {
    let server = Server::divided(THREE);
    server.apply(&one_node_more_for_medium());
    server.terminate();
    server.exit_within(DEADLINE);
    let server = server.restart();
    assert_eq!(server.rules_version(), 2);
    server.wait_for_node("s-0", "in medium");
    assert!(
        server
            .log()
            .contains("differ from those of the configuration"),
        "{}",
        server.log()
    );
}

#[test]
fn a_host_that_has_less_than_it_had_runs_what_fits_and_the_rest_is_down() {
    let server = Server::divided(THREE);
    let waiting = server.submit(&["--subcluster", "long", "--array", "0-9"], "sleep 100");
    server.kill9();
    // Now it keeps back all but three of the six nodes of 128 MiB.
    let total = fs::read_to_string("/proc/meminfo").unwrap();
    let kib: u64 = total.split_whitespace().nth(1).unwrap().parse().unwrap();
    let reserve = format!("cpu = 0.1, memory = \"{}KiB\"", kib - 3 * 128 * 1024);
    server.reconfigure(&configuration(THREE, &reserve, ""));
    let server = server.restart();

    let places = server.places();
    let down: Vec<_> = places
        .iter()
        .filter(|(_, place)| *place == "down")
        .collect();
    assert_eq!(down.len(), 3, "{places:?}");
    assert_eq!(server.get("/v1/pool")["nodes_down"], 3);
    for (name, _) in down {
        let told = server.sublet(&["nodes", "explain", name]).code(0);
        let why = told.stdout.contains("wants") || told.stdout.contains("more in sum");
        assert!(why, "{told:?}");
    }
    let running = server.submit(&[], "exit 0");
    assert_eq!(server.wait(&running)["end"]["outcome"]["kind"], "succeeded");
    // The host has all of it again, and what waited is done.
    server.kill9();
    server.reconfigure(&configuration(THREE, "cpu = 0.1, memory = \"128MiB\"", ""));
    let server = server.restart();
    assert!(
        server
            .places()
            .values()
            .all(|place| place.starts_with("in "))
    );
    assert_eq!(server.wait(&waiting)["tasks"]["succeeded"], 10);
    server.is_at_rest();
}
