//! Networks are prepared ahead, each goes to one user and stays theirs; what users may reach outside is remembered.

use rusqlite::Connection;
use sublet_scheduler::UserId;
use sublet_store::{Record, StoredNetwork};

use crate::support::*;

/// What the store says of a record that contradicts those before it.
fn refusal(store: &mut Store, record: Record) -> String {
    let error = store.writer.commit(&[record]).unwrap_err();
    std::error::Error::source(&error).unwrap().to_string()
}

#[test]
fn l09_networks_prepared_ahead_are_there_after_a_restart() {
    let mut store = store();
    assert_eq!(store.reader().networks().unwrap(), []);
    store.commit(&[prepared(2), prepared(1)]);
    let expected = [network(1), network(2)];
    assert_eq!(store.reader().networks().unwrap(), expected);
    assert_eq!(restarted(store).reader().networks().unwrap(), expected);
}

#[test]
fn l10_a_network_that_was_assigned_stays_its_user_s() {
    let mut store = store();
    store.commit(&[prepared(1), prepared(2), assigned(2, ADA, 40)]);
    let store = restarted(store);
    let reader = store.reader();
    let adas = network_for(2, ADA, 40);
    assert_eq!(reader.network_of(ADA).unwrap(), Some(adas.clone()));
    assert_eq!(reader.network_of(BOB).unwrap(), None);
    assert_eq!(reader.networks().unwrap(), [network(1), adas]);
}

#[test]
fn l10_a_hundred_users_at_once_have_a_hundred_networks() {
    let mut store = store();
    let users = (10..110).map(UserId);
    let known: Vec<_> = users
        .clone()
        .map(|id| user(id, &id.0.to_string()))
        .collect();
    let supply: Vec<_> = (1..=100).map(prepared).collect();
    store.commit(&[known, supply].concat());
    let all: Vec<_> = (1..)
        .zip(users.clone())
        .map(|(network, user)| assigned(network, user, 40))
        .collect();
    store.commit(&all);
    let reader = store.reader();
    let expected: Vec<_> = (1..)
        .zip(users)
        .map(|(id, user)| network_for(id, user, 40))
        .collect();
    assert_eq!(reader.networks().unwrap(), expected);
}

#[test]
fn l10_a_network_that_has_a_user_is_not_given_to_another() {
    let mut store = store();
    store.commit(&[prepared(1), assigned(1, ADA, 40)]);
    let expected = "network 1 is not in supply: it is not there, or has a user already".to_owned();
    assert_eq!(refusal(&mut store, assigned(1, BOB, 50)), expected);
    assert_eq!(
        store.reader().networks().unwrap(),
        [network_for(1, ADA, 40)]
    );
    assert_eq!(store.reader().network_of(BOB).unwrap(), None);
}

#[test]
fn l10_a_user_who_has_a_network_is_not_given_another() {
    let mut store = store();
    store.commit(&[prepared(1), prepared(2), assigned(1, ADA, 40)]);
    for network in [1, 2] {
        let expected = format!("user 1 cannot have network {network}: they have a network already");
        assert_eq!(refusal(&mut store, assigned(network, ADA, 50)), expected);
    }
    let expected = [network_for(1, ADA, 40), network(2)];
    assert_eq!(store.reader().networks().unwrap(), expected);
}

#[test]
fn l10_the_database_itself_has_no_place_for_a_second_network_of_a_user() {
    let mut store = store();
    store.commit(&[prepared(1), prepared(2), assigned(1, ADA, 40)]);
    let database = Connection::open(store.folder.path().join("sublet.db")).unwrap();
    let second = "UPDATE networks SET user = 1, assigned_at = 50 WHERE id = 2";
    let error = database.execute_batch(second).unwrap_err().to_string();
    assert!(error.contains("networks.user"), "{error}");
}

#[test]
fn only_what_is_there_is_assigned_and_only_to_those_who_are() {
    let mut store = store();
    store.commit(&[prepared(1)]);
    let missing = "network 2 is not in supply: it is not there, or has a user already";
    assert_eq!(refusal(&mut store, assigned(2, ADA, 40)), missing);
    store
        .writer
        .commit(&[assigned(1, UserId(99), 40)])
        .unwrap_err();
    assert_eq!(store.reader().networks().unwrap(), [network(1)]);
}

#[test]
fn a_network_that_contradicts_itself_or_another_is_not_prepared() {
    let mut store = store();
    store.commit(&[prepared(1)]);
    let wrong = [
        network(1),
        StoredNetwork {
            v4_bits: 33,
            ..network(2)
        },
        StoredNetwork {
            v6_bits: 129,
            ..network(2)
        },
        StoredNetwork {
            user: Some(ADA),
            ..network(2)
        },
        StoredNetwork {
            assigned_at: Some(at(40)),
            ..network(2)
        },
    ];
    for network in wrong {
        let record = Record::NetworkPrepared(network);
        store.writer.commit(&[record]).unwrap_err();
    }
    assert_eq!(store.reader().networks().unwrap(), [network(1)]);
}

#[test]
fn networks_of_two_users_may_have_equal_addresses() {
    let mut store = store();
    let twin = StoredNetwork {
        id: 2,
        ..network(1)
    };
    store.commit(&[
        prepared(1),
        Record::NetworkPrepared(twin),
        assigned(1, ADA, 40),
        assigned(2, BOB, 40),
    ]);
    let networks = store.reader().networks().unwrap();
    assert_eq!(networks[0].v4, networks[1].v4);
}

#[test]
fn the_last_word_on_what_a_user_may_reach_counts() {
    let mut store = store();
    let policy = |store: &Store, user| store.reader().egress_policy(user).unwrap();
    assert_eq!(policy(&store, ADA), None);
    store.commit(&[may_reach(ADA, &["*:443"]), may_reach(BOB, &["a.example:1"])]);
    store.commit(&[may_reach(ADA, &["10.1.0.0/16", "b.example:2"])]);
    store.commit(&[may_reach(BOB, &[])]);
    let store = restarted(store);
    let adas = vec!["10.1.0.0/16".to_owned(), "b.example:2".to_owned()];
    assert_eq!(policy(&store, ADA), Some(adas.clone()));
    assert_eq!(policy(&store, BOB), Some(vec![]), "nothing was decided");
    let all = store.reader().egress_policies().unwrap();
    assert_eq!(all, [(ADA, adas), (BOB, vec![])].into());
}

#[test]
fn a_user_who_is_not_there_may_reach_nothing() {
    let mut store = store();
    let record = may_reach(UserId(99), &["*"]);
    store.writer.commit(&[record]).unwrap_err();
    assert!(store.reader().egress_policies().unwrap().is_empty());
}
