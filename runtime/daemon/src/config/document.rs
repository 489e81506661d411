use sublet_scheduler::rules::{Attribute, Rule, RuleKind};

use super::{Config, Rules};

const DOCUMENT: &str = include_str!("../../../../docs/operating.md");
const HELP: &str = include_str!("../../../cli/src/help/rules.txt");

/// The examples of the document, in its order.
fn examples() -> impl Iterator<Item = &'static str> {
    let blocks = DOCUMENT.split("```toml\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap())
}

/// The two examples that are configurations; those after them are documents of rules.
fn configurations() -> [Config; 2] {
    let configurations: Vec<Config> = examples()
        .take(2)
        .map(|text| Config::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
        .collect();
    configurations.try_into().unwrap()
}

#[test]
fn the_defaults_in_the_document_are_the_defaults() {
    let [defaults, _] = configurations();
    assert_eq!(format!("{defaults:?}"), format!("{:?}", Config::default()));
}

#[test]
fn the_document_shows_every_other_key() {
    let [_, others] = configurations();
    assert!(others.data_dir.is_some());
    assert!(others.listen.socket.is_some());
    assert!(others.pool.reserve.cpu.is_some() && others.pool.reserve.memory.is_some());
    let quota = others.defaults.quota;
    assert!(quota.slots.is_some() && quota.cpu.is_some() && quota.memory.is_some());
    assert!(quota.submits_per_s.is_some());
    let retention = others.service.retention;
    assert!(retention.jobs.is_some() && retention.logs.is_some());
    assert!(retention.jobs_per_user.is_some() && retention.log_bytes_per_user.is_some());
    assert_eq!(others.subclusters.len(), 1);
}

#[test]
fn the_rules_in_the_document_can_be_applied() {
    let mut count = 0;
    for text in examples().skip(2) {
        Rules::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        count += 1;
    }
    assert!(count > 0, "the document shows no rules");
}

#[test]
fn the_page_of_the_rules_has_every_attribute() {
    let words: Vec<&str> = HELP.split_whitespace().collect();
    for attribute in Attribute::all() {
        let name = attribute.to_string();
        let label = format!("{name}.NAME");
        assert!(
            words.contains(&name.as_str()) || words.contains(&label.as_str()),
            "{name}"
        );
    }
}

#[test]
fn the_examples_on_the_page_of_the_rules_are_rules() {
    let (_, examples) = HELP.split_once("hold for the same node.").unwrap();
    let mut kinds = Vec::new();
    for line in examples.lines().filter(|line| line.starts_with("  ")) {
        let (kind, text) = line.trim().split_once(' ').unwrap();
        let kind = match kind {
            "entry" => RuleKind::Entry,
            "exit" => RuleKind::Exit,
            "accept" => RuleKind::Accept,
            "route" => RuleKind::Route,
            other => panic!("{other} is no kind of rule"),
        };
        Rule::parse(kind, text.trim()).unwrap_or_else(|error| panic!("{text}: {error}"));
        kinds.push(kind);
    }
    assert_eq!(kinds.len(), 4);
}
