//! A database from before there were roles, quotas, certificates and kept sums is brought up to date with everything in it,
//! and what is kept from then on is there for what was before.

use std::path::Path;

use rusqlite::Connection;
use sublet_scheduler::{JobId, Next, Outcome};
use sublet_store::{
    CertificateFilter, DataDirectory, Day, Holdings, JobFilter, JobPage, NewJob, Page, Quota,
    Reader, Retention, Role, Used, Whose, Writer,
};
use tempfile::TempDir;

use crate::support::*;

const STEPS: [&str; 3] = [
    include_str!("../../src/records/schema_1.sql"),
    include_str!("../../src/records/schema_2.sql"),
    include_str!("../../src/records/schema_3.sql"),
];
const ROWS: &str = include_str!("written_by_step_3.sql");
const ADAS: Whose = Whose::User(ADA);
/// What each attempt of the jobs was given.
const MEMORY: u128 = 64 << 20;

/// The directory of a server that knew only the first three steps.
fn left_by_step_3() -> TempDir {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join("sublet.db")).unwrap();
    for sql in STEPS.into_iter().chain([ROWS]) {
        database.execute_batch(sql).unwrap();
    }
    database.pragma_update(None, "user_version", 3).unwrap();
    folder
}

fn opened(path: &Path) -> (DataDirectory, Writer, Reader) {
    let data = DataDirectory::open(path).unwrap();
    let writer = data.writer().unwrap();
    let reader = data.readers().get().unwrap();
    (data, writer, reader)
}

#[test]
fn a_database_of_step_3_is_taken_up_with_everything_in_it() {
    let folder = left_by_step_3();
    let (_data, _writer, reader) = opened(folder.path());
    let unfinished = reader.recover().unwrap();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0].fresh, [4..=4]);
    let old = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    let as_submitted = NewJob {
        via: None,
        ..job(1, 0..=1)
    };
    assert_eq!(old.new_job().unwrap(), as_submitted);
    let attempt = &old.attempts(1).unwrap()[0];
    assert_eq!(attempt.nic, Some(nic(7, &["evil.example:25"])));
    assert_eq!(attempt.usage.network, traffic(1));
    assert!(reader.network_of(ADA).unwrap().is_some());
    assert!(reader.egress_policy(ADA).unwrap().is_some());
}

#[test]
fn users_of_step_3_came_by_the_socket_and_are_operators() {
    let folder = left_by_step_3();
    let (_data, _writer, reader) = opened(folder.path());
    for user in reader.users().unwrap() {
        assert_eq!((user.role, user.added_at), (Role::Operator, None));
    }
    assert_eq!(reader.quota(ADA).unwrap(), Quota::default());
    let page = Page {
        before: None,
        limit: 9,
    };
    let certificates = reader.certificates(Whose::Everyone, CertificateFilter::All, page);
    assert_eq!(certificates.unwrap(), []);
    assert_eq!(reader.removals(Whose::Everyone).unwrap(), []);
    assert_eq!(reader.removed_jobs().unwrap(), []);
}

#[test]
fn what_was_used_and_stored_before_step_4_is_counted() {
    let folder = left_by_step_3();
    let (_data, _writer, reader) = opened(folder.path());
    let four = Used {
        attempts: 4,
        cpu_us: 4 * 1_234,
        wall_us: 4 * 5_678,
        memory_byte_us: MEMORY * 4 * 5_678,
        stdout_bytes: 4 * 12,
        ..Used::default()
    };
    let long = Used {
        attempts: 1,
        cpu_us: 1_234,
        wall_us: 3_000_000_000_000,
        memory_byte_us: MEMORY * 3_000_000_000_000,
        stdout_bytes: 12,
        stderr_bytes: 5,
        cut_bytes: 4,
        sent_bytes: 1,
        received_bytes: 2,
    };
    let days = Day(0)..=Day(9);
    let by_day = reader.usage_by_day(ADAS, &days).unwrap();
    assert_eq!(by_day, [(Day(0), four), (Day(1), long)]);
    let by_job: Vec<_> = reader
        .usage_by_job(ADAS, &days, None, 9)
        .unwrap()
        .into_iter()
        .map(|row| (row.day.0, row.job.unwrap().0, row.used.attempts))
        .collect();
    assert_eq!(by_job, [(0, 1, 1), (0, 2, 3), (1, 1, 1)]);
    let expected = Holdings {
        artifact_bytes: 0,
        modules: 2,
        module_bytes: 111,
        inputs: 1,
        input_bytes: 1_000,
        jobs: 2,
        log_bytes: 5 * 12 + 1,
    };
    assert_eq!(reader.holdings(ADA).unwrap(), expected);
    assert_eq!(reader.holdings(BOB).unwrap(), Holdings::default());
}

#[test]
fn a_database_of_step_3_goes_on_in_today_s_words() {
    let folder = left_by_step_3();
    let (data, mut writer, reader) = opened(folder.path());
    assert_eq!(reader.next_ids().unwrap().number(ADA), 3);
    assert_eq!(reader.next_ids().unwrap().job, JobId(3));
    // Job 2 waits for job 1, as it said when it was submitted: so nothing goes.
    let everything = Retention::BeyondJobs(0);
    assert_eq!(writer.retire_jobs(ADA, everything).unwrap(), []);
    writer
        .commit(&[
            submitted(&job(3, 0..=0)),
            finished(3, 0, 1, Outcome::Succeeded, Next::Settled),
            job_finished(3),
            job_finished(2),
        ])
        .unwrap();
    let since = JobFilter {
        since: Some(at(2)),
        until: Some(at(3)),
        ..JobFilter::default()
    };
    let page = JobPage {
        before: None,
        limit: 9,
    };
    let listed = reader.jobs(Whose::Everyone, &since, page).unwrap();
    assert_eq!(listed.iter().map(|job| job.id.0).collect::<Vec<_>>(), [2]);
    let retired = writer.retire_jobs(ADA, everything).unwrap();
    assert_eq!(retired.len(), 3);
    drop((reader, writer, data));

    let (_data, _writer, reader) = opened(folder.path());
    assert_eq!(reader.removed_jobs().unwrap().len(), 3);
    let used = reader.usage_by_user(ADAS, &(Day(0)..=Day(9))).unwrap();
    assert_eq!(used[0].1.attempts, 6);
    assert_eq!(reader.next_ids().unwrap().job, JobId(4));
}

#[test]
fn a_fourth_step_that_fails_leaves_the_database_of_step_3_as_it_was() {
    let folder = left_by_step_3();
    let path = folder.path().join("sublet.db");
    let database = Connection::open(&path).unwrap();
    // In the way of the last thing that the step makes.
    let in_the_way = "CREATE INDEX idempotency_keys_by_job ON idempotency_keys (at)";
    database.execute_batch(in_the_way).unwrap();
    drop(database);
    let data = DataDirectory::open(folder.path()).unwrap();
    data.writer().unwrap_err();
    drop(data);
    let database = Connection::open(&path).unwrap();
    let version: i64 = database
        .query_one("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 3);
    database.prepare("SELECT role FROM users").unwrap_err();
}
