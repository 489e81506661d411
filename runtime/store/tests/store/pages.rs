//! How long a page takes at a million finished tasks: one job of a million, and a million jobs of one. Run it in release:
//! `cargo test --release -p sublet-store --test store -- --ignored --nocapture a_page_at_a_million`.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use sublet_scheduler::{JobId, Next, Outcome};
use sublet_store::{
    Digest, JobFilter, JobPage, JobSummary, NewJob, OutcomeKind, Reader, Record, Tally, TaskFilter,
    Whose,
};

use crate::support::*;

const MILLION: u32 = 1_000_000;
const BATCH: u32 = 1_000;
const ROUNDS: u32 = 1_000;
const ADAS: Whose = Whose::User(ADA);

/// Numbers that jump about, the same each time.
struct Jumps(u64);

impl Jumps {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        u32::try_from((self.0 >> 33) % u64::from(end)).unwrap()
    }
}

fn ended(job: u64, task: u32) -> Record {
    finished(job, task, 1, Outcome::Succeeded, Next::Settled)
}

/// Job 1 has a million tasks; jobs 2 to 1,000,001 have one each.
fn a_million_twice(store: &mut Store) {
    store.commit(&[submitted(&job(1, 0..=MILLION - 1))]);
    for first in (0..MILLION).step_by(BATCH as usize) {
        let ends = (first..first + BATCH).map(|task| ended(1, task));
        store.commit(&ends.collect::<Vec<_>>());
    }
    store.commit(&[job_finished(1)]);
    for first in (0..MILLION).step_by(BATCH as usize) {
        let ids = (first..first + BATCH).map(|nth| u64::from(nth) + 2);
        let records = ids.flat_map(|id| {
            let mut new = NewJob {
                name: Some(format!("job-{}", id % 100)),
                ..job(id, 0..=0)
            };
            let team = (id % 10).to_string();
            new.spec.labels = [("team".to_owned(), team)].into();
            let tally = Tally {
                succeeded: u32::from(id % 1_000 != 0),
                failed: u32::from(id % 1_000 == 0),
                ..Tally::default()
            };
            let tally = Record::JobTally {
                job: JobId(id),
                tally,
                at: at(200),
            };
            [submitted(&new), ended(id, 0), tally, job_finished(id)]
        });
        store.commit(&records.collect::<Vec<_>>());
    }
}

/// Prints the median and the 99th percentile of what `ask` takes.
fn measure(what: &str, mut ask: impl FnMut(&mut Jumps)) {
    let mut jumps = Jumps(7);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            ask(&mut jumps);
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("{what:<52} median {median:>10.1?}  p99 {p99:>10.1?}");
}

fn page(reader: &Reader, whose: Whose, filter: &JobFilter, before: Option<u64>) -> Vec<JobSummary> {
    let page = JobPage {
        before: before.map(JobId),
        limit: 100,
    };
    reader.jobs(whose, filter, page).unwrap()
}

fn measure_lists(reader: &Reader) {
    let filter = |change: fn(&mut JobFilter)| {
        let mut filter = JobFilter::default();
        change(&mut filter);
        filter
    };
    let filters = [
        ("all", filter(|_| {})),
        ("finished", filter(|filter| filter.active = Some(false))),
        (
            "active, of which there are none",
            filter(|filter| filter.active = Some(true)),
        ),
        (
            "failed, one in 1,000",
            filter(|filter| filter.outcome = Some(OutcomeKind::Failed)),
        ),
        (
            "lost, of which there are none",
            filter(|filter| filter.outcome = Some(OutcomeKind::Lost)),
        ),
        (
            "of a name, one in 100",
            filter(|filter| filter.name = Some("job-7".to_owned())),
        ),
        (
            "with a label, one in 10",
            filter(|filter| {
                filter.labels = vec![("team".to_owned(), "3".to_owned())];
            }),
        ),
        (
            "of a module that nobody runs",
            filter(|filter| filter.module = Some(Digest::of(b"x"))),
        ),
        (
            "submitted in a second of long ago",
            filter(|filter| {
                (filter.since, filter.until) = (Some(at(300_000)), Some(at(301_000)));
            }),
        ),
    ];
    for (words, filter) in &filters {
        for (whose, who) in [(ADAS, "ada's"), (Whose::Everyone, "everyone's")] {
            measure(&format!("100 jobs, {who}, {words}"), |jumps| {
                let before = u64::from(jumps.below(MILLION)) + 200;
                page(reader, whose, filter, Some(before));
            });
        }
    }
    let newest = page(reader, ADAS, &JobFilter::default(), None);
    assert_eq!(
        (newest.len(), newest[0].id.0),
        (100, u64::from(MILLION) + 1)
    );
}

#[test]
#[ignore = "takes minutes; run by hand, in release"]
fn a_page_at_a_million_finished_tasks() {
    let mut store = store();
    let begin = Instant::now();
    a_million_twice(&mut store);
    println!("two million tasks recorded in {:?}", begin.elapsed());
    let reader = store.reader();

    let path = store.folder.path().join("sublet.db");
    let bare = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = bare.prepare("SELECT * FROM jobs WHERE id = ?1").unwrap();
    measure("one row by its key, bare SQLite", |jumps| {
        let id = jumps.below(MILLION) + 2;
        statement
            .query_one([id], |row| row.get::<_, i64>(0))
            .unwrap();
    });
    let long = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    measure("100 tasks of a job of a million", |jumps| {
        let after = Some(jumps.below(MILLION - 200));
        let tasks = long.tasks(TaskFilter::All, after, 100).unwrap();
        assert_eq!(tasks.len(), 100);
    });
    measure("the task of a job of one", |jumps| {
        let id = JobId(u64::from(jumps.below(MILLION)) + 2);
        let one = reader.job(ADAS, id).unwrap().unwrap();
        assert_eq!(one.tasks(TaskFilter::All, None, 100).unwrap().len(), 1);
    });
    measure_lists(&reader);
    measure("what a user has", |_| {
        reader.holdings(ADA).unwrap();
    });
    let days = sublet_store::Day(0)..=sublet_store::Day(30);
    measure("usage of a month by user", |_| {
        reader.usage_by_user(Whose::Everyone, &days).unwrap();
    });
    measure("100 rows of usage by job", |_| {
        reader
            .usage_by_job(Whose::Everyone, &days, None, 100)
            .unwrap();
    });
}
