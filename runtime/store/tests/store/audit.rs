//! The account of who did what: complete, in order, and honest about what somebody else did to it.

use rusqlite::Connection;
use sublet_store::{
    AuditBreak, AuditChain, AuditFilter, AuditOutcome, AuditRow, Audited, Digest, Page, Record, Who,
};

use crate::support::*;

const ALL: Page = Page {
    before: None,
    limit: 1_000,
};

/// Five rows: rules twice, a node, somebody unknown, rules again.
fn world() -> (Store, Vec<Audited>) {
    let mut store = store();
    let rows = vec![
        audited("rules.apply", "rules", 1),
        Audited {
            before: Some("memory <= 1GiB".to_owned()),
            after: Some("memory <= 2GiB".to_owned()),
            ..audited("rules.apply", "rules", 2)
        },
        audited("node.drain", "node-1", 3),
        Audited {
            who: Who {
                user: None,
                name: "uid 1001".to_owned(),
                via: "socket uid 1001".to_owned(),
            },
            outcome: AuditOutcome::Refused("only operators may drain nodes".to_owned()),
            ..audited("node.drain", "node-2", 4)
        },
        audited("rules.apply", "rules", 5),
    ];
    for row in &rows {
        store.commit(&[Record::Audited(Box::new(row.clone()))]);
    }
    (store, rows)
}

fn seqs(rows: &[AuditRow]) -> Vec<u64> {
    rows.iter().map(|row| row.seq).collect()
}

#[test]
fn i01_what_was_asked_for_is_told_as_it_was() {
    let (store, rows) = world();
    let found = store.reader().audit(&AuditFilter::default(), ALL).unwrap();
    assert_eq!(seqs(&found), [5, 4, 3, 2, 1]);
    let told: Vec<_> = found.into_iter().rev().map(|row| row.audited).collect();
    assert_eq!(told, rows);
}

#[test]
fn the_account_is_read_in_pages_and_by_what_was_done_to_what() {
    let (store, _) = world();
    let reader = store.reader();
    let list = |action: Option<&str>, object: Option<&str>, before| {
        let filter = AuditFilter {
            action: action.map(str::to_owned),
            object: object.map(str::to_owned),
        };
        let page = Page { before, limit: 2 };
        seqs(&reader.audit(&filter, page).unwrap())
    };
    assert_eq!(list(None, None, None), [5, 4]);
    assert_eq!(list(None, None, Some(4)), [3, 2]);
    assert_eq!(list(None, None, Some(2)), [1]);
    assert_eq!(list(Some("rules.apply"), None, None), [5, 2]);
    assert_eq!(list(Some("rules.apply"), None, Some(2)), [1]);
    assert_eq!(list(None, Some("node-2"), None), [4]);
    assert_eq!(list(Some("node.drain"), Some("node-1"), None), [3]);
    assert_eq!(list(Some("node.drain"), Some("rules"), None), [0; 0]);
}

#[test]
fn each_row_has_the_digest_of_the_one_before() {
    let (store, _) = world();
    let reader = store.reader();
    let mut found = reader.audit(&AuditFilter::default(), ALL).unwrap();
    found.reverse();
    assert_eq!(found[0].previous, Digest::from_bytes([0; Digest::BYTES]));
    let AuditChain::Whole { rows: 5, last } = reader.audit_verify().unwrap() else {
        panic!("the chain is whole");
    };
    let mut digests: Vec<_> = found.iter().map(|row| row.previous).chain([last]).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 6, "no two rows have the same digest");
}

/// Written chains must be found whole by every later program. The digest was computed by another one, from the format
/// alone.
#[test]
fn a_chain_has_the_digest_that_it_always_had() {
    let (store, _) = world();
    let expected = "a1348ae7d874a21f1624edfcce30e8f9b3675c17c9e1344a52c40c484a580aa5";
    let whole = AuditChain::Whole {
        rows: 5,
        last: expected.parse().unwrap(),
    };
    assert_eq!(store.reader().audit_verify().unwrap(), whole);
}

/// What is found once somebody has done this to the account by hand.
fn after(by_hand: &str) -> AuditChain {
    let (store, _) = world();
    let database = Connection::open(store.folder.path().join("sublet.db")).unwrap();
    let changed = database.execute(by_hand, []).unwrap();
    assert!(changed > 0, "{by_hand}");
    store.reader().audit_verify().unwrap()
}

fn check_break(by_hand: &str, expected: AuditBreak) {
    assert_eq!(after(by_hand), AuditChain::Broken(expected), "{by_hand}");
}

#[test]
fn a_row_that_was_changed_is_found_whatever_was_changed_of_it() {
    let changes = [
        "at = at + 1",
        "user = 2",
        "user = NULL",
        "user_name = 'bob'",
        "via = ''",
        "action = 'rules.plan'",
        "object = ''",
        "before = NULL",
        "before = ''",
        "after = 'memory <= 3GiB'",
        "refused = ''",
        // The same bytes in a row, but not in the same fields.
        "user_name = 'adasocket', via = ' uid 1000'",
    ];
    for change in changes {
        let by_hand = format!("UPDATE audit SET {change} WHERE seq = 2");
        check_break(&by_hand, AuditBreak::Changed { seq: 2 });
        let last = format!("UPDATE audit SET {change}, before = 'x' WHERE seq = 5");
        check_break(&last, AuditBreak::Changed { seq: 5 });
    }
}

#[test]
fn a_row_that_was_removed_is_found_wherever_it_was() {
    for seq in 1..=5 {
        let by_hand = format!("DELETE FROM audit WHERE seq = {seq}");
        check_break(&by_hand, AuditBreak::Missing { seq });
    }
    check_break("DELETE FROM audit", AuditBreak::Missing { seq: 1 });
}

#[test]
fn a_gap_that_was_closed_is_found() {
    let (store, _) = world();
    let database = Connection::open(store.folder.path().join("sublet.db")).unwrap();
    let by_hand = "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;
        UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit_head SET seq = 4;";
    database.execute_batch(by_hand).unwrap();
    let expected = AuditBreak::Changed { seq: 2 };
    assert_eq!(
        store.reader().audit_verify().unwrap(),
        AuditChain::Broken(expected)
    );
}

#[test]
fn links_that_were_changed_are_found() {
    check_break(
        "UPDATE audit SET previous = zeroblob(32) WHERE seq = 4",
        AuditBreak::Changed { seq: 3 },
    );
    check_break(
        "UPDATE audit SET previous = randomblob(32) WHERE seq = 1",
        AuditBreak::Changed { seq: 1 },
    );
    check_break(
        "UPDATE audit_head SET digest = zeroblob(32)",
        AuditBreak::Changed { seq: 5 },
    );
    check_break(
        "UPDATE audit_head SET seq = 6",
        AuditBreak::Missing { seq: 6 },
    );
}

#[test]
fn a_row_that_somebody_else_added_is_found() {
    let added = "INSERT INTO audit (seq, at, user_name, via, action, object, previous)
        SELECT 6, 6, 'ada', '', 'rules.apply', 'rules', digest FROM audit_head";
    check_break(added, AuditBreak::Added { seq: 6 });
}

#[test]
fn a_batch_that_fails_leaves_the_chain_whole() {
    let (mut store, _) = world();
    let row = || Record::Audited(Box::new(audited("rules.apply", "rules", 6)));
    store.writer.commit(&[row(), rules(7)]).unwrap_err();
    store.commit(&[row(), row()]);
    assert!(matches!(
        store.reader().audit_verify().unwrap(),
        AuditChain::Whole { rows: 7, .. }
    ));
}
