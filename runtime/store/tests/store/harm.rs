//! What modules did to our side: it is there after a restart, it is each user's own, and it outlives its module.

use std::path::Path;

use rusqlite::Connection;
use sublet_scheduler::{JobId, UserId};
use sublet_store::{
    DataDirectory, Digest, GivenUp, HarmCounts, ModuleHarm, ModuleSelector, NewModule, Record,
    Whose,
};
use tempfile::TempDir;

use crate::support::*;

const ADAS: Whose = Whose::User(ADA);

fn harm(user: UserId, worker_deaths: u32) -> ModuleHarm {
    ModuleHarm {
        user,
        digest: Digest::of(b"poison"),
        counts: HarmCounts {
            worker_deaths,
            host_panics: 2,
            compile_kills: 1,
        },
        is_suspect: true,
        at: at(7),
        quarantined_at: (worker_deaths > 0).then_some(at(8)),
    }
}

fn module(user: UserId) -> Record {
    Record::ModuleAdded(NewModule {
        user,
        digest: Digest::of(b"poison"),
        name: None,
        size_bytes: 6,
        interface: "{}".to_owned(),
        at: at(1),
    })
}

fn shown(store: &Store) -> Option<ModuleHarm> {
    let selector = ModuleSelector::Digest(Digest::of(b"poison").into());
    let found = store.reader().find_modules(ADAS, &selector).unwrap();
    found[0].harm
}

#[test]
fn what_a_module_did_is_there_after_a_restart_and_is_each_users_own() {
    let mut store = store();
    store.commit(&[module(ADA), module(BOB)]);
    assert_eq!(shown(&store), None);
    let (adas, bobs) = (harm(ADA, 3), harm(BOB, 0));
    store.commit(&[
        Record::ModuleHarmed(harm(ADA, 1)),
        Record::ModuleHarmed(adas),
        Record::ModuleHarmed(bobs),
    ]);
    let Store {
        writer,
        readers,
        data,
        folder,
    } = store;
    drop((writer, readers, data));
    let store = store_again(folder);
    assert_eq!(store.reader().module_harm().unwrap(), [adas, bobs]);
    assert_eq!(shown(&store), Some(adas));
    assert_eq!(adas.counts.sum(), 6);
}

#[test]
fn it_outlives_its_module_and_goes_when_there_is_nothing_to_say() {
    let mut store = store();
    let deleted = Record::ModuleDeleted {
        user: ADA,
        digest: Digest::of(b"poison"),
    };
    store.commit(&[module(ADA), Record::ModuleHarmed(harm(ADA, 3)), deleted]);
    store.commit(&[module(ADA)]);
    assert_eq!(shown(&store), Some(harm(ADA, 3)));
    let nothing = ModuleHarm {
        counts: HarmCounts::default(),
        is_suspect: false,
        quarantined_at: None,
        ..harm(ADA, 0)
    };
    store.commit(&[Record::ModuleHarmed(nothing)]);
    assert_eq!(store.reader().module_harm().unwrap(), []);
    assert_eq!(shown(&store), None);
}

const STEPS: [&str; 5] = [
    include_str!("../../src/records/schema_1.sql"),
    include_str!("../../src/records/schema_2.sql"),
    include_str!("../../src/records/schema_3.sql"),
    include_str!("../../src/records/schema_4.sql"),
    include_str!("../../src/records/schema_5.sql"),
];

/// What a server wrote that knew only the first five steps.
fn write_by_step_5(folder: &Path) {
    let database = Connection::open(folder.join("sublet.db")).unwrap();
    let (first, second) = STEPS.split_at(3);
    let rows = include_str!("written_by_step_3.sql");
    for sql in first.iter().chain([&rows]).chain(second) {
        database.execute_batch(sql).unwrap();
    }
    database
        .execute_batch("INSERT INTO given_up VALUES (2)")
        .unwrap();
    database.pragma_update(None, "user_version", 5).unwrap();
}

#[test]
fn in_a_database_of_step_5_no_module_did_harm_and_who_was_given_up_waited_for_a_job() {
    let folder = TempDir::new().unwrap();
    write_by_step_5(folder.path());
    let data = DataDirectory::open(folder.path()).unwrap();
    let mut writer = data.writer().unwrap();
    let reader = data.readers().get().unwrap();
    assert_eq!(reader.module_harm().unwrap(), []);
    let why = |job| {
        let job = reader.job(ADAS, JobId(job)).unwrap().unwrap();
        job.summary.given_up
    };
    assert_eq!((why(1), why(2)), (None, Some(GivenUp::Dependency)));
    writer
        .commit(&[Record::ModuleHarmed(harm(ADA, 1))])
        .unwrap();
    assert_eq!(reader.module_harm().unwrap(), [harm(ADA, 1)]);
}
