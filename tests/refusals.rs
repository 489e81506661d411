//! Rules that are refused: each with its place and its reason, and nothing of them done.

use serde_json::Value;

use crate::harness::{Server, THREE, with};

pub(crate) const MEDIUM_ENTRY: &str = r#"entry = 'node.labels.size == "medium"'"#;
pub(crate) const MEDIUM_EXIT: &str = r#"exit = 'node.labels.size != "medium"'"#;

/// A server, and what it looked like before anything was refused.
pub(crate) struct Untouched {
    pub(crate) server: Server,
    pub(crate) before: Value,
}

impl Untouched {
    pub(crate) fn new() -> Self {
        let server = Server::divided(THREE);
        let before = still(&server);
        Self { server, before }
    }

    /// Plans and applies a document, both of which must be refused with this code and these words; nothing changes.
    #[track_caller]
    pub(crate) fn refuses(&self, document: &str, code: &str, words: &[&str]) -> Value {
        let planned = self
            .server
            .send_rules("POST", "/v1/plan", None, document)
            .problem();
        let applied = self
            .server
            .send_rules("PUT", "/v1/rules", Some("\"1\""), document)
            .problem();
        for problem in [&planned, &applied] {
            assert_eq!(
                (&problem["status"], &problem["code"]),
                (&422.into(), &code.into()),
                "{problem:#}\n{document}"
            );
            let text = problem.to_string();
            for word in words {
                assert!(
                    text.contains(word),
                    "no {word:?} in {problem:#}\n{document}"
                );
            }
        }
        assert_eq!(planned["errors"], applied["errors"]);
        assert_eq!(still(&self.server), self.before, "nothing half applied");
        applied
    }
}

/// What a refusal must leave as it was: version, text, history, audit, and where each node is.
fn still(server: &Server) -> Value {
    serde_json::json!({
        "rules": server.get("/v1/rules"),
        "history": server.get("/v1/rules/history"),
        "audit": server.get("/v1/audit"),
        "places": server.places(),
        "slots": server.slots(),
    })
}

#[test]
fn a_rule_that_cannot_be_read_is_told_with_line_column_caret_and_the_nearest_name() {
    let pool = Untouched::new();
    let document = with(THREE, MEDIUM_ENTRY, "entry = 'node.memry <= 4GiB'");
    let line = document
        .lines()
        .position(|line| line.contains("memry"))
        .unwrap()
        + 1;
    let problem = pool.refuses(
        &document,
        "S0605",
        &["sub-cluster medium, entry", "node.memory"],
    );
    let fault = &problem["errors"][0];
    assert_eq!(fault["place"]["line"], line, "{fault:#}");
    assert_eq!(fault["place"]["column"], 15, "{fault:#}");
    assert_eq!(fault["nearest"], "node.memory", "{fault:#}");
    let excerpt = fault["place"]["excerpt"].as_str().unwrap();
    assert!(
        excerpt.contains("entry = 'node.memry <= 4GiB'") && excerpt.contains('^'),
        "{excerpt}"
    );

    for verb in ["plan", "apply"] {
        let refused = pool
            .server
            .command()
            .args([verb, "-"])
            .input(document.as_str())
            .run();
        let refused = refused.code(1);
        let place = format!("at: line {line}, column 15");
        refused.says(&[
            "error[S0605]",
            &place,
            "^^^^^",
            "did you mean node.memory?",
            "sublet help rules",
        ]);
    }
}

#[test]
fn each_mistake_in_a_rule_has_its_own_sentence() {
    let pool = Untouched::new();
    for (entry, words) in [
        ("node.healthy &&", &["expected"][..]),
        ("node.healthy and true", &["expected"]),
        ("node.memory <= 4", &["bytes", "unit"]),
        ("node.memory <= 4GB", &["GiB"]),
        ("node.cpu > \"two\"", &["does not go between"]),
        ("node.labels.size", &["needs"]),
        ("node.cpu", &["needs", "bool"]),
        ("job.timeout < 30s", &["do not see", "node and sub"]),
        ("nod.cpu > 1", &["node"]),
        ("hass(node.labels.size)", &["has("]),
        ("1 < node.cpu < 3", &["do not chain"]),
        ("node.healthy == 'yes", &["line"]),
    ] {
        let said = format!("entry = '''{entry}'''");
        pool.refuses(&with(THREE, MEDIUM_ENTRY, &said), "S0605", words);
    }
    let deep = format!("entry = '{}node.healthy{}'", "(".repeat(40), ")".repeat(40));
    pool.refuses(&with(THREE, MEDIUM_ENTRY, &deep), "S0605", &["32 levels"]);
    let long = format!(
        "entry = 'node.healthy || {}'",
        "1 == 2 || ".repeat(500) + "true"
    );
    pool.refuses(&with(THREE, MEDIUM_ENTRY, &long), "S0605", &["4096"]);
}

#[test]
fn every_fault_of_a_document_is_told_at_once() {
    let pool = Untouched::new();
    let document = with(THREE, MEDIUM_ENTRY, "entry = 'node.memry <= 4GiB'");
    let document = with(
        &document,
        "accept = 'job.timeout <= 10m'",
        "accept = 'job.time <= 10m'",
    );
    let problem = pool.refuses(&document, "S0605", &["short, accept", "medium, entry"]);
    assert_eq!(
        problem["errors"].as_array().unwrap().len(),
        2,
        "{problem:#}"
    );
}

#[test]
fn i18_entry_and_exit_that_can_both_hold_are_refused_with_a_node_for_which_they_do() {
    let pool = Untouched::new();
    let document = with(THREE, MEDIUM_ENTRY, "entry = 'node.load <= 0.9'");
    let document = with(&document, MEDIUM_EXIT, "exit = 'node.load > 0.7'");
    let words = [
        "sub-cluster medium",
        "both hold for",
        "node.load",
        "add to entry",
    ];
    let problem = pool.refuses(&document, "S0606", &words);
    let excerpt = problem["errors"][0]["place"]["excerpt"].as_str().unwrap();
    assert!(excerpt.contains("entry = 'node.load <= 0.9'"), "{excerpt}");
    // With the term that was offered it is taken.
    let cured = with(
        &document,
        "node.load <= 0.9",
        "node.load <= 0.9 && node.load <= 0.7",
    );
    pool.server.plan(&cured);
}

#[test]
fn a_rule_that_can_never_hold_or_an_exit_that_always_does_is_refused() {
    let pool = Untouched::new();
    for (said, otherwise, words) in [
        (
            MEDIUM_ENTRY,
            "entry = 'node.cpu > 2 && node.cpu < 1'",
            &["medium", "never hold"][..],
        ),
        (MEDIUM_ENTRY, "entry = 'false'", &["medium", "never hold"]),
        (MEDIUM_EXIT, "exit = 'true'", &["medium", "always holds"]),
        (
            MEDIUM_EXIT,
            "exit = 'node.load >= 0.0 || node.healthy'",
            &["medium", "always holds"],
        ),
        (
            "accept = 'job.timeout <= 10m'",
            "accept = 'job.timeout < 0s'",
            &["short", "never hold"],
        ),
    ] {
        let document = with(THREE, said, otherwise);
        let problem = pool
            .server
            .send_rules("POST", "/v1/plan", None, &document)
            .problem();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert!(["S0605", "S0606"].contains(&code.as_str()), "{problem:#}");
        pool.refuses(&document, &code, words);
    }
}

#[test]
fn ways_that_lead_nowhere_are_refused_with_the_nearest_name() {
    let pool = Untouched::new();
    let more = |tables: &str| format!("{THREE}\n{tables}");
    let route = "[[route]]\nname = \"big\"\nwhen = 'job.memory > 32MiB'\nto = \"lnog\"\n";
    let problem = pool.refuses(&more(route), "S0606", &["route big", "lnog", "long"]);
    assert!(
        problem["errors"][0]["place"]["excerpt"]
            .as_str()
            .unwrap()
            .contains("lnog"),
        "{problem:#}"
    );
    let class = "[[class]]\nname = \"mixed\"\nwhen = 'job.class == \"mixed\"'\nspread = ";
    pool.refuses(
        &more(&format!("{class}{{ shrt = 1 }}")),
        "S0606",
        &["class mixed", "shrt", "short"],
    );
    pool.refuses(
        &more(&format!("{class}{{ short = 0 }}")),
        "S0606",
        &["class mixed", "weight"],
    );
    pool.refuses(&more(&format!("{class}{{ short = -1 }}")), "S0605", &["-1"]);
    let twice = format!(
        "{}{}",
        route.replace("lnog", "long"),
        route.replace("lnog", "long")
    );
    pool.refuses(&more(&twice), "S0606", &["route big", "twice"]);
    pool.refuses("", "S0606", &["no sub-cluster"]);
    pool.refuses("this is no document", "S0605", &["expected `=`"]);
    pool.refuses("[pool]\nreserve = { cpu = 1 }", "S0605", &["reserve"]);
}

#[test]
fn a_loop_between_two_sub_clusters_comes_to_rest() {
    // Each lets the node in that the other sends away: a turn costs time, and moves within a minute are bounded.
    let document = "[pool]\nmoves_per_minute = 2\nnodes = [{ cpu = 0.1, memory = \"64MiB\" }]\n\
        [[subcluster]]\nname = \"ping\"\nslot = { cpu = 0.1, memory = \"64MiB\" }\n\
        entry = 'node.dwell < 1ms'\nexit = 'node.dwell >= 1ms'\n\
        [[subcluster]]\nname = \"pong\"\nslot = { cpu = 0.1, memory = \"64MiB\" }\n\
        entry = 'node.dwell < 1ms'\nexit = 'node.dwell >= 1ms'\n";
    let server = Server::divided(document);
    let held = crate::harness::eventually(crate::harness::DEADLINE, "the node rests", || {
        let told = server.get("/v1/nodes/n0/explain");
        told.to_string()
            .contains("as often as a node may")
            .then_some(told)
    });
    assert_eq!(held["node"], "n0", "{held:#}");
    let job = server.submit(&[], "exit 0");
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
}
