//! A database that an earlier program left is brought up to date with everything in it, and goes on as if it had been
//! today's.

use std::{fs, path::Path};

use rusqlite::Connection;
use sublet_scheduler::{Again, AttemptId, Interrupted, JobId};
use sublet_store::{
    AuditChain, DataDirectory, Digest, JobEnd, JobSpec, NewInput, NewJob, Reader, StoredJobNetwork,
    Tally, Unfinished, Whose, Wishes, Writer,
};
use tempfile::TempDir;

use crate::support::*;

const STEP_1: &str = include_str!("../../src/records/schema_1.sql");
const ROWS: &str = include_str!("written_by_step_1.sql");

/// The directory of a server that knew only the first step.
fn left_by_step_1() -> TempDir {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join("sublet.db")).unwrap();
    database.execute_batch(STEP_1).unwrap();
    database.execute_batch(ROWS).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    folder
}

fn opened(path: &Path) -> (DataDirectory, Writer, Reader) {
    let data = DataDirectory::open(path).unwrap();
    let writer = data.writer().unwrap();
    let reader = data.readers().get().unwrap();
    (data, writer, reader)
}

/// What its jobs asked for, in today's words.
fn asked(job: NewJob) -> NewJob {
    let spec = JobSpec {
        module_name: Digest::of(b"module").to_string(),
        class: String::new(),
        gang: false,
        subcluster: None,
        after: vec![],
        network: StoredJobNetwork::default(),
        ..job.spec
    };
    NewJob {
        spec,
        via: None,
        ..job
    }
}

/// Job 2, as it was submitted.
fn job_2() -> NewJob {
    let mut whole = asked(job(2, 0..=5));
    whole.name = Some("render".to_owned());
    whole.spec.labels = [("team".to_owned(), "maps".to_owned())].into();
    whole.spec.stdin = Some(Digest::of(b"in"));
    whole.spec.inputs = vec![NewInput {
        digest: Digest::of(b"tree"),
        guest_path: "/in".to_owned(),
    }];
    whole
}

/// Job 2, as the old program left it.
fn unfinished() -> Unfinished {
    let attempt = |task, number| AttemptId {
        job: JobId(2),
        task,
        number,
    };
    let interrupted = |task, number, losses| Interrupted {
        attempt: attempt(task, number),
        failures: 0,
        losses,
    };
    Unfinished {
        job: job_2(),
        fresh: vec![4..=4],
        again: vec![Again {
            attempt: attempt(1, 2),
            not_before: at(900),
            failures: 1,
            losses: 0,
        }],
        interrupted: vec![interrupted(2, 2, 1), interrupted(3, 1, 0)],
        cancel_asked: std::iter::once(3..=3).collect(),
        tally: Tally {
            succeeded: 1,
            cancelled: 1,
            ..Tally::default()
        },
    }
}

#[test]
fn a_database_of_step_1_is_taken_up_with_everything_in_it() {
    let folder = left_by_step_1();
    let (_data, _writer, reader) = opened(folder.path());
    assert_eq!(reader.recover().unwrap(), [unfinished()]);

    let old = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    assert_eq!(old.new_job().unwrap(), asked(job(1, 0..=1)));
    assert_eq!(old.summary.route, None);
    assert_eq!(old.considered().unwrap(), None);
    assert_eq!(old.usage().unwrap().attempts, 2);
    let attempts = old.attempts(1).unwrap();
    assert_eq!((attempts.len(), &attempts[0].place), (1, &None));
    assert_eq!(attempts[0].usage, usage());
    assert_eq!(
        reader.job_end(Whose::Everyone, JobId(1)).unwrap(),
        Some(JobEnd::Succeeded)
    );
    assert_eq!(reader.next_ids().unwrap().number(ADA), 3);
    let key = reader.idempotency_key(ADA, "k").unwrap().unwrap();
    assert_eq!(key.job, JobId(2));
}

#[test]
fn what_step_1_did_not_know_begins_empty() {
    let folder = left_by_step_1();
    let (_data, _writer, reader) = opened(folder.path());
    assert_eq!(reader.rule_set().unwrap(), None);
    assert_eq!(reader.wishes().unwrap(), Wishes::default());
    assert_eq!(reader.nodes().unwrap(), []);
    assert_eq!(reader.memberships().unwrap(), []);
    assert_eq!(reader.node_moves_removed().unwrap(), 0);
    assert_eq!(reader.networks().unwrap(), []);
    assert!(matches!(
        reader.audit_verify().unwrap(),
        AuditChain::Whole { rows: 0, .. }
    ));
}

#[test]
fn a_database_of_step_1_goes_on_in_today_s_words() {
    let folder = left_by_step_1();
    let (data, mut writer, reader) = opened(folder.path());
    let done = |task, number| {
        finished(
            2,
            task,
            number,
            sublet_scheduler::Outcome::Succeeded,
            sublet_scheduler::Next::Settled,
        )
    };
    writer
        .commit(&[routed(2, "short"), done(2, 2), submitted(&job(3, 0..=0))])
        .unwrap();
    drop((reader, writer, data));

    let (_data, _writer, reader) = opened(folder.path());
    let again = reader.job(Whose::User(ADA), JobId(2)).unwrap().unwrap();
    assert_eq!(again.summary.route.as_ref().unwrap().subcluster, "short");
    let places: Vec<_> = again
        .attempts(2)
        .unwrap()
        .into_iter()
        .map(|attempt| attempt.place.map(|place| place.node))
        .collect();
    assert_eq!(places, [None, Some("node-1".to_owned())]);
    assert_eq!(again.spec().unwrap(), job_2().spec);
    assert_eq!(reader.recover().unwrap()[1].job, job(3, 0..=0));
}

#[test]
fn a_migration_that_fails_leaves_the_old_database_as_it_was() {
    let folder = left_by_step_1();
    let path = folder.path().join("sublet.db");
    // A table in the way of the last thing that the last step makes.
    let in_the_way = "CREATE INDEX idempotency_keys_by_job ON idempotency_keys (at)";
    Connection::open(&path)
        .unwrap()
        .execute_batch(in_the_way)
        .unwrap();
    let data = DataDirectory::open(folder.path()).unwrap();
    let error = data.writer().unwrap_err();
    assert_eq!(error.to_string(), "cannot bring the database up to date");
    drop(data);

    assert_eq!(version(&path), 1);
    let database = Connection::open(&path).unwrap();
    database.prepare("SELECT * FROM places").unwrap_err();
    database
        .execute_batch("DROP INDEX idempotency_keys_by_job")
        .unwrap();
    drop(database);
    assert_eq!(recovered(folder.path()), [unfinished()]);
    assert!(fs::exists(path).unwrap());
}

/// Whoever migrates may end at any instant. What of the log is on the disk then is some beginning of it.
#[test]
fn a_migration_that_is_cut_off_anywhere_is_made_anew_and_loses_nothing() {
    const WAL: &str = "sublet.db-wal";
    /// A page and what stands before it in the log.
    const FRAME_BYTES: usize = 24 + 4096;
    let folder = left_by_step_1();
    let migrated = opened(folder.path());
    let of = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let (database, log) = (of("sublet.db"), of(WAL));
    let mut versions = std::collections::BTreeMap::new();
    let cuts = (0..log.len()).step_by(FRAME_BYTES / 2).chain([log.len()]);
    for length in cuts {
        let copy = memory_folder();
        let path = copy.path().join("sublet.db");
        fs::write(&path, &database).unwrap();
        fs::write(copy.path().join(WAL), &log[..length]).unwrap();
        *versions.entry(version(&path)).or_insert(0) += 1;
        assert_eq!(recovered(copy.path()), [unfinished()], "cut at {length}");
        assert!(version(&path) > 1, "cut at {length}");
    }
    // All of it or nothing, and both were seen.
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(versions[&1] > 10, "{versions:?}");
    drop(migrated);
}

fn version(database: &Path) -> i64 {
    let database = Connection::open(database).unwrap();
    database
        .query_one("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}
