//! What went over the nics of attempts, and what a job's attempts had of it together.

use rusqlite::Connection;
use sublet_scheduler::{JobId, NetworkUsage, Next, Outcome, Usage};
use sublet_store::{AttemptRow, Record, TaskFilter, UsageTotal, Whose};

use crate::support::*;

/// Job 1, whose attempts ended so.
fn after(ends: &[Record]) -> Store {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=9)), started(1, 0..=9, 1)]);
    store.commit(ends);
    store
}

fn attempt(store: &Store, task: u32) -> AttemptRow {
    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    job.attempts(task).unwrap().remove(0)
}

fn total(store: &Store) -> UsageTotal {
    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    job.usage().unwrap()
}

fn rows_of_nics(store: &Store) -> i64 {
    let database = Connection::open(store.folder.path().join("sublet.db")).unwrap();
    database
        .query_one("SELECT count(*) FROM nic_usage", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn l15_an_attempt_says_which_nic_it_had_and_what_went_over_it() {
    let busy = nic(7, &["evil.example:25", "10.0.0.1:80"]);
    let store = after(&[networked(1, 0, traffic(3), busy.clone())]);
    let row = attempt(&store, 0);
    assert_eq!(row.nic, Some(busy.clone()));
    let expected = Usage {
        network: traffic(3),
        ..usage()
    };
    assert_eq!(row.usage, expected);

    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    let listed = job.tasks(TaskFilter::Settled, None, 9).unwrap().remove(0);
    assert_eq!(listed.latest, Some(row));
}

#[test]
fn l15_an_attempt_without_a_nic_has_none_and_used_none() {
    let store = after(&[finished(1, 0, 1, Outcome::Succeeded, Next::Settled)]);
    let row = attempt(&store, 0);
    assert_eq!((row.nic, row.usage), (None, usage()));
    assert_eq!(rows_of_nics(&store), 0);
}

#[test]
fn an_attempt_that_talked_to_nobody_says_its_nic_and_costs_no_row() {
    let quiet = nic(0, &[]);
    let store = after(&[networked(1, 0, NetworkUsage::default(), quiet.clone())]);
    let row = attempt(&store, 0);
    assert_eq!((row.nic, row.usage), (Some(quiet), usage()));
    assert_eq!(rows_of_nics(&store), 0);
}

#[test]
fn any_one_counter_is_enough_to_be_kept() {
    let none = NetworkUsage::default();
    let dropped = NetworkUsage {
        datagrams_dropped: 1,
        ..none
    };
    let store = after(&[
        networked(1, 0, dropped, nic(1, &[])),
        networked(1, 1, none, nic(2, &["evil.example:25"])),
    ]);
    assert_eq!(attempt(&store, 0).usage.network, dropped);
    let row = attempt(&store, 1);
    assert_eq!(row.nic, Some(nic(2, &["evil.example:25"])));
    assert_eq!(row.usage.network, none);
}

#[test]
fn what_was_denied_comes_back_as_it_was_whatever_the_guest_called_it() {
    let odd = nic(1, &["two\nlines", "", "\"quoted\", ü:1", "nul\0"]);
    let store = after(&[networked(1, 0, traffic(1), odd.clone())]);
    assert_eq!(attempt(&store, 0).nic, Some(odd));
}

#[test]
fn l15_what_a_job_used_includes_what_went_over_all_its_nics() {
    let store = after(&[
        networked(1, 0, traffic(1), nic(1, &[])),
        networked(1, 1, traffic(10), nic(2, &["evil.example:25"])),
        networked(1, 2, NetworkUsage::default(), nic(3, &[])),
        finished(1, 3, 1, Outcome::Succeeded, Next::Settled),
    ]);
    let total = total(&store);
    assert_eq!(total.attempts, 4);
    assert_eq!(total.usage.network, traffic(11));
    assert_eq!(total.usage.cpu_us, 4 * usage().cpu_us, "counted once each");
}

#[test]
fn a_job_whose_attempts_talked_to_nobody_used_no_network() {
    let store = after(&[finished(1, 0, 1, Outcome::Succeeded, Next::Settled)]);
    assert_eq!(total(&store).usage.network, NetworkUsage::default());
}

#[test]
fn another_job_s_nics_are_not_counted() {
    let mut store = after(&[networked(1, 0, traffic(1), nic(1, &[]))]);
    store.commit(&[submitted(&job(2, 0..=0)), started(2, 0..=0, 1)]);
    store.commit(&[networked(2, 0, traffic(5), nic(1, &[]))]);
    assert_eq!(total(&store).usage.network, traffic(1));
}

#[test]
fn a_count_beyond_what_is_stored_is_the_greatest_there_is() {
    let endless = NetworkUsage {
        bytes_sent: u64::MAX,
        ..NetworkUsage::default()
    };
    let store = after(&[networked(1, 0, endless, nic(1, &[]))]);
    let kept = attempt(&store, 0).usage.network.bytes_sent;
    assert_eq!(kept, u64::MAX >> 1);
    assert_eq!(total(&store).usage.network.bytes_sent, kept);
}

#[test]
fn a_sum_beyond_what_is_stored_is_the_greatest_there_is() {
    let endless = NetworkUsage {
        bytes_sent: u64::MAX,
        ..NetworkUsage::default()
    };
    let mut store = after(&[networked(1, 0, endless, nic(1, &[]))]);
    store.commit(&[networked(1, 1, endless, nic(2, &[]))]);
    assert_eq!(total(&store).usage.network.bytes_sent, u64::MAX >> 1);
}
