//! What tests say to a server about its rules and its nodes, in their own words.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, DEADLINE, Output, Server, eventually};

/// Six nodes for three sub-clusters, two slots in each node. It fits the smallest host that tests run on.
pub(crate) const THREE: &str = r#"[pool]
nodes = [
    { name = "s", count = 2, cpu = 0.1, memory = "128MiB", labels = { size = "small" } },
    { name = "m", count = 2, cpu = 0.1, memory = "128MiB", labels = { size = "medium" } },
    { name = "l", count = 2, cpu = 0.1, memory = "128MiB", labels = { size = "large" } },
]

[[subcluster]]
name = "short"
slot = { cpu = 0.05, memory = "64MiB" }
entry = 'node.labels.size == "small"'
exit = 'node.labels.size != "small"'
accept = 'job.timeout <= 10m'

[[subcluster]]
name = "medium"
slot = { cpu = 0.05, memory = "64MiB" }
entry = 'node.labels.size == "medium"'
exit = 'node.labels.size != "medium"'

[[subcluster]]
name = "long"
slot = { cpu = 0.05, memory = "64MiB" }
entry = 'node.labels.size == "large"'
exit = 'node.labels.size != "large"'
"#;

/// The document with one piece of it said otherwise.
#[track_caller]
pub(crate) fn with(document: &str, said: &str, otherwise: &str) -> String {
    assert!(document.contains(said), "no {said:?} in {document}");
    document.replacen(said, otherwise, 1)
}

impl Server {
    /// A server that is divided as this document of rules says, on a host that keeps little for itself.
    pub(crate) fn divided(document: &str) -> Self {
        Self::divided_with(document, "")
    }

    /// The same, with further tables of the configuration.
    pub(crate) fn divided_with(document: &str, tables: &str) -> Self {
        Self::configured(&configuration(
            document,
            "cpu = 0.1, memory = \"128MiB\"",
            tables,
        ))
    }

    /// Applies a document through the command line; it must be taken. Tells what was done.
    #[track_caller]
    pub(crate) fn apply(&self, document: &str) -> Value {
        self.rules_command("apply", document).code(0).json()
    }

    /// What applying a document would do.
    #[track_caller]
    pub(crate) fn plan(&self, document: &str) -> Value {
        self.rules_command("plan", document).code(0).json()
    }

    /// `sublet plan` or `sublet apply` with this document on stdin.
    pub(crate) fn rules_command(&self, verb: &str, document: &str) -> Output {
        let command = self.command().args(["-o", "json", verb, "-"]);
        command.input(document).run()
    }

    /// A request with a document as its body.
    #[track_caller]
    pub(crate) fn send_rules(
        &self,
        method: &str,
        target: &str,
        made_for: Option<&str>,
        document: &str,
    ) -> Answer {
        let body = json!({"document": document}).to_string();
        let headers: Vec<_> = made_for
            .iter()
            .map(|&version| ("if-match", version))
            .collect();
        self.request_with(method, target, &headers, body.as_bytes())
    }

    /// The version of the rules in force.
    #[track_caller]
    pub(crate) fn rules_version(&self) -> u64 {
        let version = &self.get("/v1/rules")["version"];
        version.as_u64().expect("a version is a number")
    }

    /// Where each node is: `in short`, `draining short`, `unassigned`, `down`.
    #[track_caller]
    pub(crate) fn places(&self) -> BTreeMap<String, String> {
        let nodes = self.get("/v1/nodes?limit=1000");
        let nodes = nodes["items"].as_array().expect("a page has items");
        let named = nodes.iter().map(|node| {
            let name = node["name"].as_str().expect("a node has a name");
            (name.to_owned(), place(node))
        });
        named.collect()
    }

    /// One node as it is now.
    #[track_caller]
    pub(crate) fn node(&self, name: &str) -> Value {
        self.get(&format!("/v1/nodes/{name}"))
    }

    /// The node once it is there, in the words of [`Self::places`].
    #[track_caller]
    pub(crate) fn wait_for_node(&self, name: &str, where_to: &str) -> Value {
        let mut last = Value::Null;
        eventually(DEADLINE, &format!("{name} is {where_to}"), || {
            last = self.node(name);
            (place(&last) == where_to).then_some(())
        });
        last
    }

    /// The name of the node that an attempt has its slot on.
    #[track_caller]
    pub(crate) fn node_of_slot(&self, attempt: &Value) -> Value {
        let slot = attempt["slot"].as_str().expect("an attempt has a slot");
        let number = slot.split('.').next().expect("a slot begins with its node");
        let nodes = self.get("/v1/nodes?limit=1000");
        let mut nodes = nodes["items"].as_array().expect("a page has items").iter();
        let number: u64 = number.parse().expect("a node has a number");
        let found = nodes.find(|node| node["id"] == number);
        found.expect("the node of a slot is there").clone()
    }

    /// The newest entries of the audit record that have this word, newest first.
    #[track_caller]
    pub(crate) fn audited(&self, action: &str) -> Vec<Value> {
        let page = self.get("/v1/audit?limit=1000");
        let entries = page["items"].as_array().expect("a page has items");
        let told = entries.iter().filter(|entry| entry["action"] == action);
        told.cloned().collect()
    }
}

/// A configuration that says what a document of rules says, and what the host keeps back.
pub(crate) fn configuration(document: &str, reserve: &str, tables: &str) -> String {
    let pool = format!("[pool]\nreserve = {{ {reserve} }}\n");
    match document.strip_prefix("[pool]\n") {
        Some(rest) => format!("{pool}{rest}\n{tables}"),
        None => format!("{pool}{document}\n{tables}"),
    }
}

fn place(node: &Value) -> String {
    let state = node["state"].as_str().expect("a node has a state");
    match node["subcluster"].as_str() {
        Some(home) => format!("{state} {home}"),
        None => state.to_owned(),
    }
}
