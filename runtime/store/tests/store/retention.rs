//! What goes when it is old: which jobs, in which order, a bounded number at a time, and what stays known of them.

use sublet_scheduler::{JobId, Next, Outcome, UserId};
use sublet_store::{Record, Removal, Retention, StoredDependency, When, Whose};

use crate::support::*;

/// Removes all that retention lets go, with its attempts.
pub(crate) fn remove(store: &mut Store, user: UserId, retention: Retention) -> Vec<u64> {
    let mut removed = Vec::new();
    loop {
        let retired = store.writer.retire_jobs(user, retention).unwrap();
        if retired.is_empty() {
            return removed;
        }
        while store.writer.remove_attempts(&retired).unwrap() == Removal::More {}
        removed.extend(retired.into_iter().map(|job| job.0));
    }
}

/// Ada's jobs 1 to `count`, of which each finished at its number times ten, having printed ten bytes.
fn finished_jobs(count: u64) -> Store {
    let mut store = store();
    for id in 1..=count {
        let mut new = job(id, 0..=0);
        new.spec.labels = [("team".to_owned(), "maps".to_owned())].into();
        new.idempotency = Some(sublet_store::IdempotencyKey {
            key: format!("key {id}"),
            body: sublet_store::Digest::of(b"body"),
        });
        let Record::AttemptFinished(mut end) =
            finished(id, 0, 1, Outcome::Succeeded, Next::Settled)
        else {
            unreachable!("it is one")
        };
        (end.usage.stdout_bytes, end.ended_at) = (10, at(id * 10));
        end.usage.network = traffic(1);
        end.nic = Some(nic(1, &[]));
        store.commit(&[
            submitted(&new),
            routed(id, "short"),
            Record::AttemptFinished(end),
            Record::JobFinished {
                job: JobId(id),
                at: at(id * 10),
            },
        ]);
    }
    store
}

fn left(store: &Store) -> Vec<u64> {
    let page = sublet_store::JobPage {
        before: None,
        limit: 1_000,
    };
    let jobs = store.reader().jobs(Whose::Everyone, &<_>::default(), page);
    jobs.unwrap().iter().map(|job| job.id.0).collect()
}

#[test]
fn jobs_go_by_age_by_number_and_by_bytes_the_oldest_first() {
    let mut store = finished_jobs(9);
    let age = Retention::FinishedBefore(at(30));
    assert_eq!(remove(&mut store, ADA, age), [1, 2]);
    assert_eq!(remove(&mut store, ADA, age), [0; 0]);
    assert_eq!(remove(&mut store, BOB, Retention::BeyondJobs(0)), [0; 0]);
    assert_eq!(remove(&mut store, ADA, Retention::BeyondJobs(5)), [3, 4]);
    assert_eq!(remove(&mut store, ADA, Retention::BeyondJobs(5)), [0; 0]);
    let bytes = Retention::BeyondLogBytes(29);
    assert_eq!(remove(&mut store, ADA, bytes), [5, 6, 7]);
    assert_eq!(remove(&mut store, ADA, bytes), [0; 0]);
    assert_eq!(left(&store), [9, 8]);
    let removals: Vec<_> = store
        .reader()
        .removals(Whose::User(ADA))
        .unwrap()
        .into_iter()
        .map(|row| {
            let span = (row.oldest.0, row.newest.0);
            (
                row.reason.word(),
                row.jobs,
                row.tasks,
                row.attempts,
                row.log_bytes,
                span,
            )
        })
        .collect();
    assert_eq!(
        removals,
        [
            ("age", 2, 2, 2, 20, (10, 20)),
            ("bytes", 3, 3, 3, 30, (50, 70)),
            ("count", 2, 2, 2, 20, (30, 40)),
        ]
    );
    assert_eq!(store.reader().removals(Whose::User(BOB)).unwrap(), []);
    let holdings = store.reader().holdings(ADA).unwrap();
    assert_eq!((holdings.jobs, holdings.log_bytes), (2, 20));
}

#[test]
fn a_job_that_is_removed_leaves_nothing_behind() {
    let mut store = finished_jobs(3);
    assert_eq!(remove(&mut store, ADA, Retention::BeyondJobs(1)), [1, 2]);
    let reader = store.reader();
    assert!(reader.job(Whose::Everyone, JobId(1)).unwrap().is_none());
    assert_eq!(reader.idempotency_key(ADA, "key 1").unwrap(), None);
    assert!(reader.idempotency_key(ADA, "key 3").unwrap().is_some());
    drop(reader);
    let path = store.folder.path().join("sublet.db");
    let database = rusqlite::Connection::open(path).unwrap();
    let by_job = [
        "jobs WHERE id",
        "job_specs WHERE job",
        "job_labels WHERE job",
        "job_routes WHERE job",
        "idempotency_keys WHERE job",
        "attempts WHERE job",
        "nic_usage WHERE job",
        "starts WHERE job",
        "job_usage WHERE job",
        "removed_jobs WHERE job",
    ];
    for table in by_job {
        let count = |job: i64| -> i64 {
            let sql = format!("SELECT count(*) FROM {table} = ?1");
            database.query_one(&sql, [job], |row| row.get(0)).unwrap()
        };
        assert_eq!((count(1), count(2)), (0, 0), "{table}");
    }
    let violations = database
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .query_map([], |_| Ok(()))
        .unwrap()
        .count();
    assert_eq!(violations, 0);
}

#[test]
fn a_job_that_is_not_finished_or_that_others_wait_for_never_goes() {
    let mut store = finished_jobs(3);
    let mut waiting = job(4, 0..=0);
    waiting.spec.after = vec![StoredDependency {
        job: JobId(1),
        when: When::Always,
    }];
    store.commit(&[submitted(&waiting), reopened(2, &[0..=0])]);
    let everything = Retention::FinishedBefore(at(u64::MAX));
    assert_eq!(remove(&mut store, ADA, everything), [3]);
    assert_eq!(remove(&mut store, ADA, Retention::BeyondJobs(0)), [0; 0]);
    assert_eq!(
        remove(&mut store, ADA, Retention::BeyondLogBytes(0)),
        [0; 0]
    );
    store.commit(&[job_finished(4)]);
    assert_eq!(remove(&mut store, ADA, everything), [1, 4]);
    assert_eq!(left(&store), [2]);
}

#[test]
fn no_number_is_given_twice_when_the_newest_job_is_gone() {
    let mut store = finished_jobs(3);
    remove(&mut store, ADA, Retention::BeyondJobs(0));
    assert_eq!(left(&store), [0; 0]);
    let store = restarted(store);
    let next = store.reader().next_ids().unwrap();
    assert_eq!((next.job, next.number(ADA)), (JobId(4), 4));
}

#[test]
fn a_call_removes_a_bounded_number_and_a_restart_goes_on() {
    let mut store = finished_jobs(0);
    store.commit(&[submitted(&job(1, 0..=11_999))]);
    for first in (0..12_000).step_by(4_000) {
        let ends = (first..first + 4_000)
            .map(|task| finished(1, task, 1, Outcome::Succeeded, Next::Settled));
        store.commit(&ends.collect::<Vec<_>>());
    }
    store.commit(&[job_finished(1)]);
    for id in 2..=150 {
        store.commit(&[submitted(&job(id, 0..=0)), job_finished(id)]);
    }
    let everything = Retention::BeyondJobs(0);
    let first = store.writer.retire_jobs(ADA, everything).unwrap();
    assert_eq!(first.len(), 100);
    assert_eq!(left(&store).len(), 50);
    // The attempts are there still, though nobody sees them.
    assert_eq!(store.writer.remove_attempts(&first).unwrap(), Removal::More);
    let mut store = restarted(store);
    let unfinished = store.reader().removed_jobs().unwrap();
    assert_eq!(unfinished.len(), 100);
    assert_eq!(
        store.writer.remove_attempts(&unfinished).unwrap(),
        Removal::More
    );
    assert_eq!(
        store.writer.remove_attempts(&unfinished).unwrap(),
        Removal::Done
    );
    assert_eq!(store.reader().removed_jobs().unwrap(), []);
    // Attempts of a job that nobody removed are not removed by mistake.
    store.commit(&[submitted(&job(200, 0..=0)), started(200, 0..=0, 1)]);
    store.commit(&[finished(200, 0, 1, Outcome::Succeeded, Next::Settled)]);
    let other = store.writer.remove_attempts(&[JobId(200)]).unwrap();
    assert_eq!(other, Removal::Done);
    let reader = store.reader();
    let whole = reader.job(Whose::User(ADA), JobId(200)).unwrap().unwrap();
    assert_eq!(whole.attempts(0).unwrap().len(), 1);
}

#[test]
fn jobs_that_finished_before_an_instant_are_listed_in_the_order_of_their_ends() {
    let store = finished_jobs(9);
    let reader = store.reader();
    let listed = |after: (u64, u64), before, limit| -> Vec<u64> {
        let after = (at(after.0), JobId(after.1));
        let found = reader.finished_jobs(ADA, after, at(before), limit);
        found.unwrap().iter().map(|(_, job)| job.0).collect()
    };
    assert_eq!(listed((0, 0), 50, 3), [1, 2, 3]);
    assert_eq!(listed((30, 3), 50, 3), [4]);
    assert_eq!(listed((0, 0), 10, 3), [0; 0]);
    let bobs = reader.finished_jobs(BOB, (at(0), JobId(0)), at(50), 3);
    assert_eq!(bobs.unwrap(), []);
}
