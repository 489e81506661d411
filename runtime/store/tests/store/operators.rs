//! What operators decided: versions of rules, and wishes that outlive a restart.

use std::collections::BTreeMap;

use sublet_store::{
    DrainedNode, Page, PausedSubcluster, Record, RuleSet, RuleSetRow, Whose, Wishes,
};

use crate::support::*;

#[test]
fn i01_rules_are_kept_by_version_and_the_last_one_is_in_force() {
    let mut store = store();
    assert_eq!(store.reader().rule_set().unwrap(), None);
    assert_eq!(store.reader().rule_set_of(1).unwrap(), None);
    for version in 1..=5 {
        store.commit(&[rules(version)]);
    }
    let reader = store.reader();
    let of = |version| RuleSet {
        version,
        document: format!("rules {version}"),
        by: ADA,
        at: at(version),
    };
    assert_eq!(reader.rule_set().unwrap(), Some(of(5)));
    assert_eq!(reader.rule_set_of(3).unwrap(), Some(of(3)));
    for missing in [0, 6, u64::MAX] {
        assert_eq!(reader.rule_set_of(missing).unwrap(), None);
    }
}

#[test]
fn versions_of_rules_are_listed_newest_first() {
    let mut store = store();
    store.commit(&(1..=5).map(rules).collect::<Vec<_>>());
    let reader = store.reader();
    let list = |before, limit| {
        let page = Page { before, limit };
        let rows = reader.rule_sets(page).unwrap().into_iter();
        rows.map(|row| row.version).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 2), [5, 4]);
    assert_eq!(list(Some(4), 2), [3, 2]);
    assert_eq!(list(Some(2), 2), [1]);
    assert_eq!(list(Some(1), 2), [0; 0]);
    let newest = Page {
        before: None,
        limit: 1,
    };
    let expected = RuleSetRow {
        version: 5,
        document_bytes: 7,
        by: ADA,
        at: at(5),
    };
    assert_eq!(reader.rule_sets(newest).unwrap(), [expected]);
}

#[test]
fn a_page_has_no_more_rows_than_pages_have() {
    let mut store = store();
    let most = u64::from(Whose::PAGE_MAX);
    store.commit(&(1..=most + 1).map(rules).collect::<Vec<_>>());
    let page = Page {
        before: None,
        limit: u32::MAX,
    };
    let found = store.reader().rule_sets(page).unwrap();
    assert_eq!(found.last().unwrap().version, 2);
}

#[test]
fn a_version_that_is_not_the_next_one_is_not_recorded() {
    let mut store = store();
    store.writer.commit(&[rules(2)]).unwrap_err();
    store.commit(&[rules(1), rules(2)]);
    for version in [0, 1, 2, 4, u64::MAX] {
        let error = store.writer.commit(&[rules(version)]).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        let expected = format!("rule set {version} is out of order: the next one is 3");
        assert_eq!(source, expected);
    }
    store.commit(&[rules(3)]);
    assert_eq!(store.reader().rule_set().unwrap().unwrap().version, 3);
}

fn labels(labels: &[(&str, &str, &str)]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (node, key, value) in labels {
        let of_node = all.entry((*node).to_owned()).or_default();
        of_node.insert((*key).to_owned(), (*value).to_owned());
    }
    all
}

#[test]
fn wishes_hold_until_they_are_taken_back() {
    let mut store = store();
    assert_eq!(store.reader().wishes().unwrap(), Wishes::default());
    store.commit(&[
        paused("short", 10),
        paused("long", 11),
        drained("node-2", 12),
        drained("node-1", 13),
        labelled("node-1", "size", Some("large")),
        labelled("node-1", "rack", Some("a")),
        labelled("node-2", "rack", Some("b")),
    ]);
    store.commit(&[
        Record::SubclusterResumed {
            name: "long".to_owned(),
        },
        Record::NodeResumed {
            node: "node-2".to_owned(),
        },
        labelled("node-1", "rack", None),
        labelled("node-2", "rack", Some("c")),
    ]);
    let expected = Wishes {
        paused: vec![PausedSubcluster {
            name: "short".to_owned(),
            by: ADA,
            reason: "asked at 10".to_owned(),
            since: at(10),
        }],
        drained: vec![DrainedNode {
            node: "node-1".to_owned(),
            by: ADA,
            reason: "asked at 13".to_owned(),
            since: at(13),
        }],
        labels: labels(&[("node-1", "size", "large"), ("node-2", "rack", "c")]),
    };
    assert_eq!(store.reader().wishes().unwrap(), expected);

    let again = restarted(store);
    assert_eq!(
        again.reader().wishes().unwrap(),
        expected,
        "after a restart"
    );
}

#[test]
fn a_wish_that_is_repeated_keeps_its_beginning_and_gets_the_new_reason() {
    let mut store = store();
    store.commit(&[paused("short", 10), drained("node-1", 10)]);
    store.commit(&[paused("short", 20), drained("node-1", 20)]);
    let wishes = store.reader().wishes().unwrap();
    let (paused, drained) = (&wishes.paused[0], &wishes.drained[0]);
    assert_eq!(
        (paused.since, paused.reason.as_str()),
        (at(10), "asked at 20")
    );
    assert_eq!(
        (drained.since, drained.reason.as_str()),
        (at(10), "asked at 20")
    );
}

#[test]
fn what_is_not_there_is_taken_back_without_harm() {
    let mut store = store();
    store.commit(&[
        Record::SubclusterResumed {
            name: "short".to_owned(),
        },
        Record::NodeResumed {
            node: "node-1".to_owned(),
        },
        labelled("node-1", "rack", None),
    ]);
    assert_eq!(store.reader().wishes().unwrap(), Wishes::default());
}
