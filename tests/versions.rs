//! Versions of the rules: one after the other, kept over every restart, on the host that there is then.

use std::fs;

use serde_json::json;

use crate::harness::{DEADLINE, Server, THREE, configuration, eventually, with};
use crate::rules::one_node_more_for_medium;

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
