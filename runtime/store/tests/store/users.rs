//! Users, what they may have, and what they have: changed by records, found by name, number and page, never forgotten.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sublet_scheduler::UserId;
use sublet_store::{
    Digest, Holdings, Input, InputKind, NewJob, NewModule, NewUser, Quota, Record, Role, Standing,
    User, UserChange, UserFilter,
};

use crate::support::*;

fn changed(user: UserId, change: UserChange, when: u64) -> Record {
    Record::UserChanged {
        user,
        change,
        at: at(when),
    }
}

fn found(store: &Store, id: UserId) -> User {
    store.reader().user(id).unwrap().unwrap()
}

fn listed(store: &Store, filter: UserFilter) -> Vec<u64> {
    let users = store.reader().users_after(filter, None, 100).unwrap();
    users.iter().map(|user| user.id.0).collect()
}

#[test]
fn a_user_is_found_by_name_and_number_as_they_were_added() {
    let mut store = store();
    let eve = NewUser {
        id: UserId(3),
        name: "eve".to_owned(),
        role: Role::Operator,
        at: at(7),
    };
    store.commit(&[Record::UserAdded(eve)]);
    let expected = User {
        id: UserId(3),
        name: "eve".to_owned(),
        role: Role::Operator,
        added_at: Some(at(7)),
        suspended_at: None,
        removed_at: None,
    };
    let reader = store.reader();
    assert_eq!(reader.user_named("eve").unwrap(), Some(expected.clone()));
    assert_eq!(reader.user(UserId(3)).unwrap(), Some(expected));
    for missing in [0, 4, u64::MAX] {
        assert_eq!(reader.user(UserId(missing)).unwrap(), None);
    }
}

#[test]
fn a_user_changes_role_is_suspended_and_comes_back() {
    let mut store = store();
    store.commit(&[changed(ADA, UserChange::Role(Role::Operator), 10)]);
    assert_eq!(found(&store, ADA).role, Role::Operator);
    assert_eq!(found(&store, BOB).role, Role::User);
    store.commit(&[changed(ADA, UserChange::Suspended, 20)]);
    store.commit(&[changed(ADA, UserChange::Suspended, 30)]);
    assert_eq!(found(&store, ADA).standing(), Standing::Suspended);
    assert_eq!(found(&store, ADA).suspended_at, Some(at(20)));
    store.commit(&[changed(ADA, UserChange::Resumed, 40)]);
    assert_eq!(found(&store, ADA).standing(), Standing::Active);
    assert_eq!(found(&store, ADA).suspended_at, None);
}

#[test]
fn l14_a_user_who_is_removed_keeps_their_records_and_their_name() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=0))]);
    store.commit(&[changed(ADA, UserChange::Removed, 50)]);
    let ada = found(&store, ADA);
    assert_eq!(
        (ada.standing(), ada.removed_at),
        (Standing::Removed, Some(at(50)))
    );
    assert_eq!(store.reader().user_named("ada").unwrap(), Some(ada));
    assert_eq!(store.recover().len(), 1);
    store.writer.commit(&[user(UserId(3), "ada")]).unwrap_err();
    for change in [
        UserChange::Removed,
        UserChange::Resumed,
        UserChange::Suspended,
        UserChange::Role(Role::Operator),
    ] {
        let error = store
            .writer
            .commit(&[changed(ADA, change, 60)])
            .unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(
            source,
            "user 1 cannot change: they are not there, or were removed"
        );
    }
    assert_eq!(found(&store, ADA).removed_at, Some(at(50)));
    store
        .writer
        .commit(&[changed(UserId(9), UserChange::Resumed, 60)])
        .unwrap_err();
}

#[test]
fn users_are_listed_in_pages_by_role_and_standing() {
    let mut store = store();
    let more = [(3, "carl"), (4, "dora"), (5, "eve")].map(|(id, name)| user(UserId(id), name));
    store.commit(&more);
    store.commit(&[
        changed(UserId(2), UserChange::Suspended, 10),
        changed(UserId(3), UserChange::Suspended, 10),
        changed(UserId(3), UserChange::Removed, 11),
        changed(UserId(4), UserChange::Role(Role::Operator), 12),
    ]);
    let standing = |standing| UserFilter {
        standing: Some(standing),
        ..UserFilter::default()
    };
    assert_eq!(listed(&store, UserFilter::default()), [1, 2, 3, 4, 5]);
    assert_eq!(listed(&store, standing(Standing::Active)), [1, 4, 5]);
    assert_eq!(listed(&store, standing(Standing::Suspended)), [2]);
    assert_eq!(listed(&store, standing(Standing::Removed)), [3]);
    let active_users = UserFilter {
        role: Some(Role::User),
        standing: Some(Standing::Active),
    };
    assert_eq!(listed(&store, active_users), [1, 5]);
    let page = |after| {
        let reader = store.reader();
        let users = reader.users_after(UserFilter::default(), after, 2).unwrap();
        users.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(page(Some(UserId(2))), [UserId(3), UserId(4)]);
    assert_eq!(page(Some(UserId(4))), [UserId(5)]);
    assert_eq!(page(Some(UserId(5))), []);
}

const ALL_SET: Quota = Quota {
    slots: Some(20),
    cpu_millis: Some(4_000),
    memory_bytes: Some(8 << 30),
    queued: Some(200_000),
    submits_per_s: Some(100),
    modules: Some(0),
    stored_bytes: Some(10 << 30),
    weight: Some(3),
};

#[test]
fn a_quota_is_what_was_set_last() {
    let mut store = store();
    let set = |user, quota| Record::QuotaSet {
        user,
        quota,
        at: at(9),
    };
    assert_eq!(store.reader().quota(ADA).unwrap(), Quota::default());
    store.commit(&[set(ADA, ALL_SET)]);
    assert_eq!(store.reader().quota(ADA).unwrap(), ALL_SET);
    assert_eq!(store.reader().quota(BOB).unwrap(), Quota::default());
    let one = Quota {
        slots: Some(1),
        ..Quota::default()
    };
    store.commit(&[set(ADA, one), set(BOB, ALL_SET)]);
    let expected = BTreeMap::from([(ADA, one), (BOB, ALL_SET)]);
    assert_eq!(store.reader().quotas().unwrap(), expected);
    store.writer.commit(&[set(UserId(9), one)]).unwrap_err();
}

/// Something that changes what ada has.
#[derive(Clone, Debug)]
enum Change {
    AddModule(u8),
    DeleteModule(u8),
    AddInput(u8, bool),
    Submit,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..5_u8).prop_map(Change::AddModule),
        2 => (0..5_u8).prop_map(Change::DeleteModule),
        2 => (0..5_u8, any::<bool>()).prop_map(|(which, tree)| Change::AddInput(which, tree)),
        1 => Just(Change::Submit),
    ]
}

fn record(change: &Change, jobs: &mut u64) -> Record {
    match *change {
        Change::AddModule(which) => Record::ModuleAdded(NewModule {
            user: ADA,
            digest: Digest::of(&[which]),
            name: None,
            size_bytes: 100 + u64::from(which),
            interface: "{}".to_owned(),
            at: at(1),
        }),
        Change::DeleteModule(which) => Record::ModuleDeleted {
            user: ADA,
            digest: Digest::of(&[which]),
        },
        Change::AddInput(which, tree) => Record::InputAdded(Input {
            user: ADA,
            digest: Digest::of(&[which]),
            kind: if tree {
                InputKind::Tree
            } else {
                InputKind::Blob
            },
            size_bytes: 1_000 + u64::from(which),
            files: 1,
            at: at(1),
        }),
        Change::Submit => {
            *jobs += 1;
            submitted(&job(*jobs, 0..=0))
        }
    }
}

/// What is left of the changes, counted by hand.
fn counted(changes: &[Change]) -> Holdings {
    let (mut modules, mut inputs) = (BTreeMap::new(), BTreeMap::new());
    let mut jobs = 0;
    for change in changes {
        match *change {
            Change::AddModule(which) => drop(modules.insert(which, 100 + u64::from(which))),
            Change::DeleteModule(which) => drop(modules.remove(&which)),
            Change::AddInput(which, tree) => {
                inputs.insert((which, tree), 1_000 + u64::from(which));
            }
            Change::Submit => jobs += 1,
        }
    }
    Holdings {
        artifact_bytes: 0,
        modules: modules.len() as u64,
        module_bytes: modules.values().sum(),
        inputs: inputs.len() as u64,
        input_bytes: inputs.values().sum(),
        jobs,
        log_bytes: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn s10_what_a_user_has_is_counted_exactly(changes in proptest::collection::vec(change(), 1..40)) {
        let mut store = store_in(memory_folder());
        let mut jobs = 0;
        let records: Vec<_> = changes.iter().map(|change| record(change, &mut jobs)).collect();
        records.chunks(7).for_each(|batch| store.commit(batch));
        let holdings = store.reader().holdings(ADA).unwrap();
        prop_assert_eq!(holdings, counted(&changes));
        prop_assert_eq!(holdings.stored_bytes(), holdings.module_bytes + holdings.input_bytes);
        prop_assert_eq!(store.reader().holdings(BOB).unwrap(), Holdings::default());
    }
}

#[test]
fn l15_a_job_says_how_it_was_submitted() {
    let mut store = store();
    let certified = NewJob {
        via: Some("certificate 01ab".to_owned()),
        ..job(1, 0..=0)
    };
    store.commit(&[submitted(&certified)]);
    let reader = store.reader();
    let whose = sublet_store::Whose::User(ADA);
    let read = reader.job(whose, certified.id).unwrap().unwrap();
    assert_eq!(read.via().unwrap().as_deref(), Some("certificate 01ab"));
    assert_eq!(read.new_job().unwrap(), certified);
    assert_eq!(store.unfinished().job, certified);
}
