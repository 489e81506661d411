//! Nodes: one in a line, many in a table, one on a page, and why one is where it is.

use jiff::Timestamp;
use sublet_api::{Node, NodeExplanation, RuleVerdict};

use super::subcluster::{asked, used_of_total};
use super::table::{self, ABSENT};
use super::unit;
use crate::output::Named;

impl Named for Node {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Named for NodeExplanation {
    fn name(&self) -> String {
        self.summary.clone()
    }
}

/// `n3  draining from short  1/4 slots`
pub(crate) fn line(node: &Node) -> String {
    let labels = table::labels(&node.labels);
    let line = format!(
        "{}  {}  {} slots  {}",
        table::plain(&node.name),
        standing(node),
        used_of_total(node.slots),
        table::plain(&labels)
    );
    line.trim_end().to_owned()
}

/// Many nodes.
pub(crate) fn table(nodes: &[Node], now: Timestamp) -> String {
    let headings = [
        "NODE", "STATE", "SINCE", "CPU", "MEMORY", "SLOTS", "LOAD", "LABELS", "WHY",
    ];
    let absent = || ABSENT.to_owned();
    let rows = nodes.iter().map(|node| {
        let labels = table::labels(&node.labels);
        vec![
            node.name.clone(),
            standing(node),
            node.since
                .map_or_else(absent, |since| unit::age(since, now)),
            unit::processors(node.cpu_millis),
            unit::bytes(node.memory_bytes),
            used_of_total(node.slots),
            unit::processors(node.load_millis),
            if labels.is_empty() { absent() } else { labels },
            why(node).unwrap_or_default(),
        ]
    });
    table::rows(&headings, rows)
}

/// All of one node.
pub(crate) fn page(node: &Node, now: Timestamp) -> String {
    let of = |granted: String, all: String| Some(format!("{granted} granted of {all}"));
    let since = |then| format!("{then} ({} ago)", unit::age(then, now));
    table::page([
        ("name", Some(node.name.clone())),
        ("host", Some(node.host.clone())),
        ("state", Some(standing(node))),
        ("since", node.since.map(since)),
        ("why", node.cause.clone()),
        ("drain", node.drain.as_ref().map(|drain| asked(drain, now))),
        (
            "cpu",
            of(
                unit::processors(node.granted.cpu_millis),
                unit::processors(node.cpu_millis),
            ),
        ),
        (
            "memory",
            of(
                unit::bytes(node.granted.memory_bytes),
                unit::bytes(node.memory_bytes),
            ),
        ),
        ("slots", Some(used_of_total(node.slots))),
        ("running", Some(node.running.to_string())),
        ("load", Some(unit::processors(node.load_millis))),
        (
            "healthy",
            Some(if node.healthy { "yes" } else { "no" }.to_owned()),
        ),
        ("priority", Some(node.priority.to_string())),
        (
            "labels",
            (!node.labels.is_empty()).then(|| table::labels(&node.labels)),
        ),
    ])
}

/// `in short`, `draining from short`, `unassigned`, `down`.
fn standing(node: &Node) -> String {
    let home = node.subcluster.as_deref().map(table::plain);
    match (node.state.as_str(), home) {
        ("draining", Some(home)) => format!("draining from {home}"),
        (state, Some(home)) => format!("{} {home}", table::plain(state)),
        (state, None) => table::plain(state),
    }
}

fn why(node: &Node) -> Option<String> {
    let drain = node.drain.as_ref().map(|drain| drain.reason.clone());
    drain.or_else(|| node.cause.clone())
}

/// The sentence, what holds the node where it is, then each rule with what it read.
pub(crate) fn explanation(explanation: &NodeExplanation) -> String {
    let mut page = table::plain(&explanation.summary);
    for held in &explanation.held_by {
        page.push_str(&format!("\n  held by: {}", table::plain(held)));
    }
    let verdicts = table::lines(explanation.rules.iter().map(verdict));
    if !verdicts.is_empty() {
        page.push('\n');
        page.push_str(&table::indented(&verdicts));
    }
    page
}

fn verdict(rule: &RuleVerdict) -> Vec<String> {
    let values: Vec<String> = rule
        .values
        .iter()
        .map(|read| format!("{} = {}", read.attribute, read.value))
        .collect();
    vec![
        rule.subcluster.clone(),
        rule.kind.clone(),
        if rule.holds { "holds" } else { "does not hold" }.to_owned(),
        rule.clause.clone(),
        format!("{}:{}", rule.line, rule.column),
        values.join(", "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2025-11-21T20:15:31Z".parse().unwrap()
    }

    fn node() -> Node {
        serde_json::from_str(
            r#"{"id": 3, "name": "n3", "host": "local", "state": "draining", "subcluster": "short",
                "since": "2025-11-21T20:13:20Z", "cause": "exit of short holds", "cpu_millis": 500,
                "memory_bytes": 2147483648, "granted": {"cpu_millis": 50, "memory_bytes": 67108864},
                "labels": {"size": "large"}, "load_millis": 970, "healthy": true,
                "slots": {"total": 4, "free": 3}, "running": 1}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_node_in_a_line_in_a_table_and_on_a_page() {
        assert_eq!(
            line(&node()),
            "n3  draining from short  1/4 slots  size=large"
        );
        assert_eq!(
            table(&[node()], now()),
            "NODE  STATE                SINCE  CPU  MEMORY  SLOTS  LOAD  LABELS      WHY\n\
             n3    draining from short  2m     0.5  2 GiB   1/4    0.97  size=large  exit of short holds"
        );
        let page = page(&node(), now());
        for line in [
            "memory    64 MiB granted of 2 GiB",
            "load      0.97",
            "labels    size=large",
        ] {
            assert!(page.lines().any(|seen| seen == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn an_explanation_has_each_rule_with_what_it_read() {
        let told: NodeExplanation = serde_json::from_str(
            r#"{"node": "n3", "summary": "n3 is in short for 2m", "held_by": ["dwell of 30s, 10s left"], "rules": [
                {"subcluster": "short", "kind": "exit", "holds": false, "clause": "node.load > 0.95", "line": 1,
                 "column": 17, "values": [{"attribute": "node.load", "value": "0.4"}]}]}"#,
        )
        .unwrap();
        assert_eq!(
            explanation(&told),
            "n3 is in short for 2m\n  held by: dwell of 30s, 10s left\n  \
             short  exit  does not hold  node.load > 0.95  1:17  node.load = 0.4"
        );
    }
}
