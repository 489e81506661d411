//! What a review finds in the rules themselves.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{rule, rules, subcluster};
use crate::rule_set::{RuleSet, SubclusterSpec};
use crate::rules::RuleKind;

fn with_rules(name: &str, entry: &str, exit: &str) -> SubclusterSpec {
    let written = |kind, text: &str| (!text.is_empty()).then(|| rule(kind, text));
    SubclusterSpec {
        entry: written(RuleKind::Entry, entry),
        exit: written(RuleKind::Exit, exit),
        ..subcluster(name)
    }
}

fn found(subclusters: impl IntoIterator<Item = SubclusterSpec>) -> (Vec<String>, Vec<String>) {
    let rules = RuleSet {
        subclusters: subclusters.into_iter().collect(),
        ..rules()
    };
    let review = rules.review();
    let refusals = review.refusals.iter().map(ToString::to_string).collect();
    let remarks = review.remarks.iter().map(ToString::to_string).collect();
    (refusals, remarks)
}

#[test]
fn i18_entry_and_exit_that_can_both_hold_are_refused_with_an_example() {
    let (refusals, _) = found([with_rules(
        "short",
        "node.memory <= 4GiB",
        "node.load > 0.95",
    )]);
    assert_eq!(
        refusals,
        [
            "sub-cluster short: its entry and its exit rule both hold for node.memory = 0B, node.load = 1, \
         add to entry: node.load <= 0.95"
        ]
    );
}

#[test]
fn i18_thresholds_that_nearly_touch_are_remarked() {
    let (refusals, remarks) = found([with_rules("short", "node.load < 0.9", "node.load > 0.91")]);
    assert_eq!(refusals, Vec::<&str>::new());
    assert_eq!(
        remarks,
        [
            "sub-cluster short: entry allows node.load up to 0.899 and exit holds from 0.911: \
         leave a tenth between them, or nodes move back and forth"
        ]
    );
}

#[test]
fn who_wins_a_node_that_two_want_is_remarked() {
    let mut first = with_rules("first", "node.memory <= 4GiB", "");
    first.priority = 10;
    let (refusals, remarks) = found([
        with_rules("second", "node.memory >= 2GiB", ""),
        first,
        with_rules("third", "node.memory > 4GiB", ""),
        subcluster("nobody"),
    ]);
    assert_eq!(refusals, Vec::<&str>::new());
    assert_eq!(
        remarks,
        [
            "sub-cluster second: it and first both want a node with node.memory = 2GiB: \
             first gets it, its priority is 10 against 0",
            "sub-cluster second: it and third both want a node with node.memory = 4097MiB: \
             whoever is below its nodes.min gets it, then who has the fewest nodes for its weight, \
             then second by name",
        ]
    );
}

#[test]
fn what_was_not_decided_is_said() {
    let (refusals, remarks) = found([
        with_rules(
            "a",
            "node.cpu_free * node.slots > 3",
            "node.cpu_free * node.slots < 1",
        ),
        with_rules("b", "node.cpu_free * node.running > 3", ""),
    ]);
    assert_eq!(refusals, Vec::<&str>::new());
    assert_eq!(
        remarks,
        [
            "sub-cluster a: not decided whether entry and exit can both hold: \
             they compare attributes with each other or have too many cases",
            "sub-cluster a: not decided whether it and b want the same nodes: \
             their entry rules compare attributes with each other or have too many cases",
        ]
    );
}

#[test]
fn a_rule_that_catches_all_is_remarked() {
    let (_, remarks) = found([with_rules("rest", "true", "")]);
    assert_eq!(
        remarks,
        ["sub-cluster rest: entry rule: the rule always holds, it catches all"]
    );
}

#[test]
fn a_rule_of_another_kind_is_refused() {
    let mut misplaced = subcluster("short");
    misplaced.entry = Some(rule(RuleKind::Exit, "node.load > 0.9"));
    let (refusals, _) = found([misplaced]);
    let sentence =
        "sub-cluster short: its entry rule was written as an exit rule, write it as an entry rule";
    assert_eq!(refusals, [sentence]);
}

#[test]
fn only_so_many_pairs_are_asked_whether_they_want_the_same_nodes() {
    let many = |count: u32| (0..count).map(|one| with_rules(&one.to_string(), "node.cpu > 1", ""));
    assert_eq!(found(many(32)).1.len(), 496);
    let (_, remarks) = found(many(33));
    assert_eq!(
        remarks.last().map(String::as_str),
        Some(
            "the rule set: 28 further pairs of sub-clusters were not asked whether they want the same nodes"
        )
    );
    assert_eq!(remarks.len(), 501);
}
