//! A database from before there were networks is brought up to date with everything in it, and knows networks from then on.

use std::path::Path;

use rusqlite::Connection;
use sublet_scheduler::{Again, AttemptId, Interrupted, JobId, NetworkUsage};
use sublet_store::{
    AuditChain, DataDirectory, Digest, NewInput, NewJob, NodeState, Reader, StoredDependency,
    StoredJobNetwork, Tally, Unfinished, When, Whose, Writer,
};
use tempfile::TempDir;

use crate::support::*;

const STEPS: [&str; 2] = [
    include_str!("../../src/records/schema_1.sql"),
    include_str!("../../src/records/schema_2.sql"),
];
const ROWS: &str = include_str!("written_by_step_2.sql");

/// The directory of a server that knew only the first two steps.
fn left_by_step_2() -> TempDir {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join("sublet.db")).unwrap();
    for sql in STEPS.into_iter().chain([ROWS]) {
        database.execute_batch(sql).unwrap();
    }
    database.pragma_update(None, "user_version", 2).unwrap();
    folder
}

fn opened(path: &Path) -> (DataDirectory, Writer, Reader) {
    let data = DataDirectory::open(path).unwrap();
    let writer = data.writer().unwrap();
    let reader = data.readers().get().unwrap();
    (data, writer, reader)
}

/// What its jobs asked for, in today's words.
fn asked(mut job: NewJob) -> NewJob {
    job.spec.network = StoredJobNetwork::default();
    job.via = None;
    job
}

/// Job 2, as it was submitted.
fn job_2() -> NewJob {
    let mut whole = asked(job(2, 0..=5));
    whole.name = Some("render".to_owned());
    whole.spec.labels = [("team".to_owned(), "maps".to_owned())].into();
    whole.spec.subcluster = Some("short".to_owned());
    whole.spec.after = vec![StoredDependency {
        job: JobId(1),
        when: When::OnSuccess,
    }];
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
fn a_database_of_step_2_is_taken_up_with_everything_in_it() {
    let folder = left_by_step_2();
    let (_data, _writer, reader) = opened(folder.path());
    assert_eq!(reader.recover().unwrap(), [unfinished()]);

    let old = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    assert_eq!(old.new_job().unwrap(), asked(job(1, 0..=1)));
    assert_eq!(old.summary.route.as_ref().unwrap().subcluster, "short");
    assert_eq!(old.usage().unwrap().attempts, 2);
    let attempts = old.attempts(1).unwrap();
    assert_eq!(attempts[0].place.as_ref().unwrap().node, "node-1");
    assert_eq!(attempts[0].usage, usage());

    assert_eq!(reader.rule_set().unwrap().unwrap().version, 1);
    let stands = stands(1, NodeState::In, Some("short"), 1);
    assert_eq!(reader.memberships().unwrap(), [stands]);
    let wishes = reader.wishes().unwrap();
    assert_eq!((wishes.paused.len(), wishes.drained.len()), (1, 1));
    assert_eq!(wishes.labels["node-1"]["size"], "large");
    let chain = reader.audit_verify().unwrap();
    assert!(matches!(chain, AuditChain::Whole { rows: 1, .. }));
}

#[test]
fn what_step_2_did_not_know_begins_empty() {
    let folder = left_by_step_2();
    let (_data, _writer, reader) = opened(folder.path());
    assert_eq!(reader.networks().unwrap(), []);
    assert_eq!(reader.network_of(ADA).unwrap(), None);
    assert!(reader.egress_policies().unwrap().is_empty());
    let old = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    assert_eq!(old.attempts(1).unwrap()[0].nic, None);
    let used = old.usage().unwrap().usage.network;
    assert_eq!(used, NetworkUsage::default());
}

#[test]
fn a_database_of_step_2_goes_on_with_networks() {
    let folder = left_by_step_2();
    let (data, mut writer, reader) = opened(folder.path());
    writer
        .commit(&[
            prepared(1),
            assigned(1, ADA, 40),
            may_reach(ADA, &["api.example.org:443"]),
            networked(2, 3, traffic(1), nic(7, &["evil.example:25"])),
            submitted(&job(3, 0..=0)),
        ])
        .unwrap();
    drop((reader, writer, data));

    let (_data, _writer, reader) = opened(folder.path());
    let adas = network_for(1, ADA, 40);
    assert_eq!(reader.network_of(ADA).unwrap(), Some(adas));
    assert!(reader.egress_policy(ADA).unwrap().is_some());
    let again = reader.job(Whose::User(ADA), JobId(2)).unwrap().unwrap();
    let nics: Vec<_> = [2, 3]
        .into_iter()
        .flat_map(|task| again.attempts(task).unwrap())
        .map(|attempt| attempt.nic.map(|nic| nic.number))
        .collect();
    assert_eq!(nics, [None, Some(7)]);
    assert_eq!(again.usage().unwrap().usage.network, traffic(1));
    assert_eq!(again.spec().unwrap(), job_2().spec);
    assert_eq!(reader.recover().unwrap()[1].job, job(3, 0..=0));
}

#[test]
fn a_third_step_that_fails_leaves_the_database_of_step_2_as_it_was() {
    let folder = left_by_step_2();
    let path = folder.path().join("sublet.db");
    // A table in the way of the last thing that the step makes.
    let in_the_way = "CREATE TABLE nic_usage (one INTEGER) STRICT";
    let database = Connection::open(&path).unwrap();
    database.execute_batch(in_the_way).unwrap();
    drop(database);
    let data = DataDirectory::open(folder.path()).unwrap();
    data.writer().unwrap_err();
    drop(data);

    let database = Connection::open(&path).unwrap();
    let version: i64 = database
        .query_one("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 2);
    database.prepare("SELECT nic FROM attempts").unwrap_err();
    database.execute_batch("DROP TABLE nic_usage").unwrap();
    drop(database);
    assert_eq!(recovered(folder.path()), [unfinished()]);
}
