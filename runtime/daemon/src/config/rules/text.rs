//! The canonical text of a rule set: what has its default is left out, quantities stand in their largest exact unit,
//! and rules as they were written.

use std::fmt::Write as _;

use sublet_scheduler::rule_set::{
    Burst, ClassRule, Isolation, Preemption, RouteRule, SubclusterSpec,
};
use sublet_scheduler::rules::Rule;

use super::super::quantity::{Cpu, Size, Span};
use super::super::tables::NodeGroup;
use super::Rules;

/// The number of nodes that stands for "as many as there are".
pub(super) const NODES_MAX: u32 = 65_536;

pub(super) fn document(rules: &Rules) -> String {
    let set = &rules.set;
    let mut text = format!("[pool]\nmoves_per_minute = {}\n", set.moves_per_minute_max);
    if !rules.nodes.is_empty() {
        text.push_str("nodes = [\n");
        for group in &rules.nodes {
            line(&mut text, &format!("    {{ {} }},", nodes(group)));
        }
        text.push_str("]\n");
    }
    set.subclusters
        .iter()
        .for_each(|one| subcluster(&mut text, one));
    set.routes.iter().for_each(|one| route(&mut text, one));
    set.classes.iter().for_each(|one| class(&mut text, one));
    text
}

fn nodes(group: &NodeGroup) -> String {
    let mut parts = Vec::new();
    if let Some(name) = &group.name {
        parts.push(format!("name = {}", quoted(name)));
    }
    if group.count != 1 {
        parts.push(format!("count = {}", group.count));
    }
    parts.push(format!("cpu = {}", group.cpu));
    parts.push(format!("memory = \"{}\"", group.memory));
    if group.priority != 0 {
        parts.push(format!("priority = {}", group.priority));
    }
    if !group.labels.is_empty() {
        let labels = group.labels.iter();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{} = {}", name(key), quoted(value)))
            .collect();
        parts.push(format!("labels = {{ {} }}", labels.join(", ")));
    }
    parts.join(", ")
}

fn subcluster(text: &mut String, one: &SubclusterSpec) {
    line(text, "\n[[subcluster]]");
    line(text, &format!("name = {}", quoted(&one.name)));
    let cpu = Cpu::millis(one.slot.cpu_millis);
    let memory = Size::bytes(one.slot.memory_bytes);
    line(
        text,
        &format!("slot = {{ cpu = {cpu}, memory = \"{memory}\" }}"),
    );
    rule(text, "entry", one.entry.as_ref());
    rule(text, "exit", one.exit.as_ref());
    rule(text, "accept", one.accept.as_ref());
    match (one.nodes_min, one.nodes_max) {
        (0, NODES_MAX) => {}
        (min, NODES_MAX) => line(text, &format!("nodes = {{ min = {min} }}")),
        (min, max) => line(text, &format!("nodes = {{ min = {min}, max = {max} }}")),
    }
    if one.weight != 1 {
        line(text, &format!("weight = {}", one.weight));
    }
    if one.priority != 0 {
        line(text, &format!("priority = {}", one.priority));
    }
    if let Some(grace_ms) = one.grace_ms {
        line(text, &format!("grace = \"{}\"", Span::millis(grace_ms)));
    }
    if one.dwell_min_ms > 0 {
        line(
            text,
            &format!("dwell = \"{}\"", Span::millis(one.dwell_min_ms)),
        );
    }
    line(
        text,
        match one.isolation {
            Isolation::User => "isolation = \"user\"",
            Isolation::Process => "isolation = \"process\"",
        },
    );
    if one.burst == Burst::Denied {
        line(text, "burst = false");
    }
    if one.preemption == Preemption::On {
        line(text, "preempt = true");
    }
}

fn route(text: &mut String, one: &RouteRule) {
    line(text, &format!("\n[[route]]\nname = {}", quoted(&one.name)));
    rule(text, "when", Some(&one.when));
    line(text, &format!("to = {}", quoted(&one.to)));
}

fn class(text: &mut String, one: &ClassRule) {
    line(text, &format!("\n[[class]]\nname = {}", quoted(&one.name)));
    rule(text, "when", Some(&one.when));
    let weights: Vec<String> = one
        .spread
        .iter()
        .map(|(to, weight)| format!("{} = {weight}", name(to)))
        .collect();
    line(text, &format!("spread = {{ {} }}", weights.join(", ")));
}

fn rule(text: &mut String, key: &str, rule: Option<&Rule>) {
    if let Some(rule) = rule {
        line(text, &format!("{key} = {}", quoted(rule.text())));
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string does not fail");
}

/// A text of TOML: as it is where that can be.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && c != '\'';
    if text.contains('"') && text.chars().all(is_plain) {
        return format!("'{text}'");
    }
    toml::Value::from(text).to_string()
}

/// A key of TOML.
fn name(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !key.is_empty() && key.bytes().all(is_bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}
