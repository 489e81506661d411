//! Nodes keep their numbers, stand in one place each, and where they stood is kept as far back as it is bounded.

use rusqlite::Connection;
use sublet_scheduler::NodeId;
use sublet_store::{Membership, Node, NodeMove, NodeState, Page, Record};

use crate::support::*;

const ALL: Page = Page {
    before: None,
    limit: 1_000,
};

fn node(id: u32, name: &str, host: &str) -> Node {
    Node {
        id: NodeId(id),
        name: name.to_owned(),
        host: host.to_owned(),
    }
}

#[test]
fn a_node_keeps_its_number_over_restarts() {
    let mut store = store();
    let (first, second) = (node(1, "node-1", "here"), node(2, "node-2", "here"));
    store.commit(&[named(2), named(1)]);
    assert_eq!(store.reader().nodes().unwrap(), [first, second.clone()]);

    let moved = node(1, "node-1", "there");
    store.commit(&[Record::NodeNamed(moved.clone())]);
    let again = restarted(store);
    assert_eq!(again.reader().nodes().unwrap(), [moved, second]);
}

#[test]
fn two_nodes_never_share_a_number_or_a_name() {
    let mut store = store();
    store.commit(&[named(1), named(2)]);
    for wrong in [node(1, "other", "here"), node(3, "node-1", "here")] {
        let wrong = Record::NodeNamed(wrong);
        store.writer.commit(&[wrong]).unwrap_err();
    }
    assert_eq!(store.reader().nodes().unwrap().len(), 2);
}

#[test]
fn i04_a_node_stands_where_it_went_last_and_nowhere_else() {
    let mut store = store();
    store.commit(&[named(1), named(2)]);
    let moves = [
        stands(1, NodeState::Unassigned, None, 1),
        stands(1, NodeState::In, Some("short"), 2),
        stands(2, NodeState::In, Some("short"), 3),
        stands(1, NodeState::Draining, Some("short"), 4),
        stands(1, NodeState::Unassigned, None, 5),
        stands(1, NodeState::In, Some("long"), 5),
        stands(2, NodeState::Down, Some("short"), 6),
    ];
    for moved in &moves {
        store.commit(&[Record::NodeMoved(moved.clone())]);
    }
    let reader = store.reader();
    let expected = [moves[5].clone(), moves[6].clone()];
    assert_eq!(reader.memberships().unwrap(), expected);

    let row = |seq: u64| NodeMove {
        seq,
        membership: moves[usize::try_from(seq).unwrap() - 1].clone(),
    };
    let history = [7, 6, 5, 4, 3, 2, 1].map(row);
    assert_eq!(reader.node_moves(ALL).unwrap(), history);
    let page = Page {
        before: Some(6),
        limit: 2,
    };
    assert_eq!(reader.node_moves(page).unwrap(), history[2..4]);
    let of_2 = reader.node_moves_of(NodeId(2), ALL).unwrap();
    assert_eq!(of_2, [row(7), row(3)]);
    assert_eq!(
        reader.node_moves_of(NodeId(1), page).unwrap(),
        [row(5), row(4)]
    );
    assert_eq!(reader.node_moves_of(NodeId(9), ALL).unwrap(), []);
}

#[test]
fn i04_the_database_itself_has_no_place_for_a_second_membership() {
    let mut store = store();
    let stood = stands(1, NodeState::In, Some("short"), 1);
    store.commit(&[named(1), Record::NodeMoved(stood)]);
    let database = Connection::open(store.folder.path().join("sublet.db")).unwrap();
    let second = "INSERT INTO memberships (node, state, subcluster, since, cause, rule_set)
        VALUES (1, 'in', 'long', 1, '', 1)";
    let error = database.execute_batch(second).unwrap_err().to_string();
    assert!(error.contains("memberships.node"), "{error}");
}

#[test]
fn a_membership_that_contradicts_itself_is_not_recorded() {
    let mut store = store();
    store.commit(&[named(1)]);
    let wrong = [
        stands(9, NodeState::In, Some("short"), 1),
        stands(1, NodeState::In, None, 1),
        stands(1, NodeState::Draining, None, 1),
        stands(1, NodeState::Unassigned, Some("short"), 1),
    ];
    for membership in wrong {
        let record = Record::NodeMoved(membership);
        store.writer.commit(&[record]).unwrap_err();
    }
    assert_eq!(store.reader().memberships().unwrap(), []);
    assert_eq!(store.reader().node_moves(ALL).unwrap(), []);
}

#[test]
fn moves_are_kept_as_far_back_as_the_bound_and_what_went_is_counted() {
    const MORE: u64 = 25;
    let mut store = store_in(memory_folder());
    store.commit(&[named(1)]);
    let moved = |number| Record::NodeMoved(stands(1, NodeState::In, Some("short"), number));
    let moves = (1..=Membership::MOVES_KEPT).map(moved);
    store.commit(&moves.collect::<Vec<_>>());
    assert_eq!(store.reader().node_moves_removed().unwrap(), 0);

    let more = (1..=MORE).map(|number| moved(Membership::MOVES_KEPT + number));
    store.commit(&more.collect::<Vec<_>>());
    let reader = store.reader();
    assert_eq!(reader.node_moves_removed().unwrap(), MORE);
    let end = Page {
        before: Some(MORE + 3),
        limit: 9,
    };
    let oldest: Vec<_> = reader
        .node_moves(end)
        .unwrap()
        .into_iter()
        .map(|kept| (kept.seq, kept.membership.since))
        .collect();
    let expected = [MORE + 2, MORE + 1].map(|seq| (seq, at(seq)));
    assert_eq!(oldest, expected);
    assert_eq!(
        reader.node_moves(ALL).unwrap()[0].seq,
        Membership::MOVES_KEPT + MORE
    );
}
