//! Questions about jobs and users: each finds what is theirs, and somebody else's row looks exactly like a missing one.

use sublet_scheduler::{CancelReason, JobId, LossReason, Next, Outcome, Usage};
use sublet_store::{
    Digest, IdempotencyKey, JobFilter, JobPage, JobSelector, NewJob, OpenStart, OutcomeKind,
    PublicId, Record, Tally, TaskFilter, TaskState, Whose,
};

use crate::support::*;

const ADAS: Whose = Whose::User(ADA);
const BOBS: Whose = Whose::User(BOB);
const FIRST: JobPage = JobPage {
    before: None,
    limit: 100,
};

/// Ada's jobs 1 to 6 and bob's 7: render, index, render, and three without a name.
fn world() -> Store {
    let mut store = store();
    for id in 1..=6 {
        let name = match id {
            1 | 3 => Some("render".to_owned()),
            2 => Some("index".to_owned()),
            _ => None,
        };
        let mut new = NewJob {
            name,
            ..job(id, 0..=4)
        };
        let size = if id % 2 == 0 { "small" } else { "large" };
        new.spec.labels = [("size", size), ("team", "maps")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        store.commit(&[submitted(&new)]);
    }
    let bobs = NewJob {
        user: BOB,
        number: 1,
        name: Some("render".to_owned()),
        ..job(7, 0..=0)
    };
    store.commit(&[submitted(&bobs)]);
    store
}

fn found(store: &Store, whose: Whose, selector: &JobSelector) -> Vec<u64> {
    let found = store.reader().find_jobs(whose, selector).unwrap();
    found.iter().map(|job| job.id.0).collect()
}

fn listed(store: &Store, whose: Whose, filter: &JobFilter) -> Vec<u64> {
    store
        .reader()
        .jobs(whose, filter, FIRST)
        .unwrap()
        .iter()
        .map(|job| job.id.0)
        .collect()
}

#[test]
fn a_job_is_found_by_every_name_it_has() {
    let store = world();
    let id = PublicId(3 << 64 | 7).to_string();
    let prefix = |text: &str| JobSelector::Id(text.parse().unwrap());
    assert_eq!(found(&store, ADAS, &prefix(&id)), [3]);
    assert_eq!(found(&store, ADAS, &prefix(&id.to_lowercase())), [3]);
    assert_eq!(found(&store, ADAS, &prefix(&id[..14])), [3]);
    assert_eq!(found(&store, ADAS, &prefix("0")), [6, 5, 4, 3, 2, 1]);
    assert_eq!(found(&store, ADAS, &JobSelector::Number(2)), [2]);
    assert_eq!(
        found(&store, ADAS, &JobSelector::Name("render".to_owned())),
        [3]
    );
    assert_eq!(found(&store, ADAS, &JobSelector::Newest(0)), [6]);
    assert_eq!(found(&store, ADAS, &JobSelector::Newest(2)), [4]);
    assert_eq!(found(&store, ADAS, &JobSelector::Newest(6)), [0; 0]);
    assert_eq!(
        found(&store, Whose::Everyone, &JobSelector::Number(1)),
        [7, 1]
    );
    assert_eq!(
        found(&store, Whose::Everyone, &prefix("0")),
        [7, 6, 5, 4, 3, 2, 1]
    );
    assert_eq!(found(&store, Whose::Everyone, &JobSelector::Newest(0)), [7]);
}

#[test]
fn l14_somebody_else_s_job_looks_like_a_missing_one() {
    let store = world();
    let reader = store.reader();
    let id = PublicId(3 << 64 | 7).to_string();
    assert!(reader.job(ADAS, JobId(3)).unwrap().is_some());
    assert!(reader.job(Whose::Everyone, JobId(3)).unwrap().is_some());
    for missing in [JobId(3), JobId(99), JobId(u64::MAX >> 1)] {
        assert!(reader.job(BOBS, missing).unwrap().is_none());
    }
    assert_eq!(
        found(&store, BOBS, &JobSelector::Id(id.parse().unwrap())),
        [0; 0]
    );
    assert_eq!(found(&store, BOBS, &JobSelector::Number(3)), [0; 0]);
    assert_eq!(
        found(&store, BOBS, &JobSelector::Name("index".to_owned())),
        [0; 0]
    );
    assert_eq!(listed(&store, BOBS, &JobFilter::default()), [7]);
    let labelled = vec![("team".to_owned(), "maps".to_owned())];
    assert_eq!(
        listed(
            &store,
            BOBS,
            &JobFilter {
                labels: labelled,
                ..JobFilter::default()
            }
        ),
        [0; 0]
    );
}

/// Which of ada's jobs the filter lets pass, when job 2 is finished with a failed task.
fn check_filter(change: impl FnOnce(&mut JobFilter), expected: &[u64]) {
    let mut store = world();
    let tally = Tally {
        succeeded: 4,
        failed: 1,
        ..Tally::default()
    };
    store.commit(&[
        Record::JobTally {
            job: JobId(2),
            tally,
            at: at(700),
        },
        Record::JobFinished {
            job: JobId(2),
            at: at(700),
        },
    ]);
    let mut filter = JobFilter::default();
    change(&mut filter);
    assert_eq!(listed(&store, ADAS, &filter), expected, "{filter:?}");
}

fn small() -> Vec<(String, String)> {
    [("size", "small"), ("team", "maps")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

#[test]
fn a_list_shows_what_its_filter_lets_pass() {
    check_filter(|_| {}, &[6, 5, 4, 3, 2, 1]);
    check_filter(|filter| filter.active = Some(true), &[6, 5, 4, 3, 1]);
    check_filter(|filter| filter.active = Some(false), &[2]);
    check_filter(|filter| filter.outcome = Some(OutcomeKind::Failed), &[2]);
    check_filter(|filter| filter.outcome = Some(OutcomeKind::Lost), &[]);
    check_filter(|filter| filter.labels = small(), &[6, 4, 2]);
    check_filter(|filter| filter.name = Some("render".to_owned()), &[3, 1]);
    check_filter(|filter| filter.module = Some(Digest::of(b"other")), &[]);
    check_filter(|filter| filter.since = Some(at(4)), &[6, 5, 4]);
}

#[test]
fn filters_hold_together() {
    check_filter(
        |filter| (filter.labels, filter.active) = (small(), Some(true)),
        &[6, 4],
    );
    check_filter(
        |filter| (filter.since, filter.until) = (Some(at(2)), Some(at(4))),
        &[3, 2],
    );
    let module = Some(Digest::of(b"module"));
    check_filter(
        |filter| (filter.module, filter.active) = (module, Some(true)),
        &[6, 5, 4, 3, 1],
    );
}

#[test]
fn operators_see_the_jobs_of_everyone() {
    let filter = JobFilter {
        name: Some("render".to_owned()),
        ..JobFilter::default()
    };
    assert_eq!(listed(&world(), Whose::Everyone, &filter), [7, 3, 1]);
}

#[test]
fn pages_join_without_gap_or_repeat() {
    let mut store = world();
    let reader = store.reader();
    let mut before = None;
    let mut seen = Vec::new();
    for round in 0..4 {
        let page = reader
            .jobs(ADAS, &JobFilter::default(), JobPage { before, limit: 2 })
            .unwrap();
        before = page.last().map(|job| job.id).or(before);
        seen.extend(page.iter().map(|job| job.id.0));
        // What comes in meanwhile is newer than any page that is still to come.
        store.commit(&[submitted(&job(100 + round, 0..=0))]);
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1]);
}

#[test]
fn a_job_comes_back_as_it_was_submitted() {
    let mut store = store();
    let mut new = job(1, 3..=9);
    new.spec.stdin = Some(Digest::of(b"in"));
    new.spec.limits.cpu_ms = Some(5);
    new.spec.inputs = vec![sublet_store::NewInput {
        digest: Digest::of(b"tree"),
        guest_path: "/in".to_owned(),
    }];
    new.idempotency = Some(IdempotencyKey {
        key: "k".to_owned(),
        body: Digest::of(b"body"),
    });
    store.commit(&[submitted(&new)]);
    let reader = store.reader();
    let read = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    assert_eq!(read.spec().unwrap(), new.spec);
    assert_eq!(
        (read.summary.public_id, read.summary.tasks.clone()),
        (new.public_id, 3..=9)
    );
    assert_eq!(
        store.unfinished().job,
        NewJob {
            idempotency: None,
            ..new
        }
    );
}

#[test]
fn an_idempotency_key_is_one_user_s_and_expires() {
    let mut store = store();
    let key = IdempotencyKey {
        key: "k".to_owned(),
        body: Digest::of(b"body"),
    };
    let submit = |id| {
        submitted(&NewJob {
            idempotency: Some(key.clone()),
            ..job(id, 0..=0)
        })
    };
    store.commit(&[submit(1)]);
    let known = store.reader().idempotency_key(ADA, "k").unwrap().unwrap();
    assert_eq!(
        (known.body, known.job, known.at),
        (key.body, JobId(1), at(1))
    );
    assert_eq!(store.reader().idempotency_key(BOB, "k").unwrap(), None);
    store.commit(&[submit(2)]);
    assert_eq!(
        store
            .reader()
            .idempotency_key(ADA, "k")
            .unwrap()
            .unwrap()
            .job,
        JobId(2)
    );
    store.commit(&[Record::IdempotencyKeysExpired { before: at(2) }]);
    assert!(store.reader().idempotency_key(ADA, "k").unwrap().is_some());
    store.commit(&[Record::IdempotencyKeysExpired { before: at(3) }]);
    assert_eq!(store.reader().idempotency_key(ADA, "k").unwrap(), None);
}

/// One task in each state.
fn mixed() -> Store {
    let mut store = store();
    store.commit(&[
        submitted(&job(1, 0..=5)),
        started(1, 0..=3, 1),
        finished(1, 0, 1, Outcome::Succeeded, Next::Settled),
        finished(1, 1, 1, Outcome::Failed(3), retry(2, 900)),
        finished(1, 2, 1, Outcome::Lost(LossReason::Worker), retry(2, 0)),
        started(1, 2..=2, 2),
        cancelled(1, &[5..=5]),
    ]);
    store
}

#[test]
fn l14_tasks_are_listed_with_their_state() {
    let store = mixed();
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    let list = |filter, after, limit| {
        let tasks = job.tasks(filter, after, limit).unwrap().into_iter();
        tasks
            .map(|row| (row.task, row.state, row.latest.map(|latest| latest.number)))
            .collect::<Vec<_>>()
    };
    let all = [
        (0, TaskState::Settled(OutcomeKind::Succeeded), Some(1)),
        (
            1,
            TaskState::Waiting {
                number: 2,
                not_before: at(900),
            },
            Some(1),
        ),
        (
            2,
            TaskState::Started {
                number: 2,
                at: at(100),
            },
            Some(1),
        ),
        (
            3,
            TaskState::Started {
                number: 1,
                at: at(100),
            },
            None,
        ),
        (4, TaskState::Fresh, None),
        (5, TaskState::Cancelled { at: at(300) }, None),
    ];
    assert_eq!(list(TaskFilter::All, None, 100), all);
    assert_eq!(list(TaskFilter::All, Some(1), 2), all[2..4]);
    assert_eq!(list(TaskFilter::All, Some(5), 2), []);
    assert_eq!(list(TaskFilter::All, Some(u32::MAX), 2), []);
    assert_eq!(list(TaskFilter::Started, None, 100), all[2..4]);
    assert_eq!(list(TaskFilter::Fresh, None, 100), all[4..5]);
    assert_eq!(list(TaskFilter::Waiting, None, 100), all[1..2]);
    assert_eq!(list(TaskFilter::Settled, None, 100), [all[0], all[5]]);
    assert_eq!(
        list(TaskFilter::Outcome(OutcomeKind::Cancelled), None, 100),
        all[5..]
    );
    assert_eq!(
        list(TaskFilter::Outcome(OutcomeKind::Failed), None, 100),
        []
    );
}

#[test]
fn l15_attempts_are_listed_with_how_they_ended() {
    let store = mixed();
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    let open = |tasks, number| OpenStart {
        tasks,
        number,
        at: at(100),
    };
    assert_eq!(job.open_starts().unwrap(), [open(2..=2, 2), open(3..=3, 1)]);
    let attempts = job.attempts(2).unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, Outcome::Lost(LossReason::Worker));
    assert_eq!(
        (attempts[0].started_at, attempts[0].ended_at),
        (Some(at(101)), at(200))
    );
    assert_eq!(attempts[0].usage, usage());
    assert_eq!(job.attempts(4).unwrap(), []);

    let total = job.usage().unwrap();
    assert_eq!((total.attempts, total.usage.cpu_us), (3, 3_702));
    assert_eq!(total.usage.memory_peak_bytes, 1_114_112);
}

#[test]
fn a_job_without_attempts_has_used_nothing() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=5))]);
    let reader = store.reader();
    let total = reader
        .job(ADAS, JobId(1))
        .unwrap()
        .unwrap()
        .usage()
        .unwrap();
    assert_eq!((total.attempts, total.usage), (0, Usage::default()));
}

#[test]
fn the_history_of_a_finished_job_stays() {
    let mut store = store();
    store.commit(&[
        submitted(&job(1, 0..=1)),
        started(1, 0..=0, 1),
        finished(
            1,
            0,
            1,
            Outcome::Cancelled(CancelReason::Asked),
            Next::Settled,
        ),
        cancelled(1, &[1..=1]),
        job_finished(1),
    ]);
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    let states: Vec<_> = job
        .tasks(TaskFilter::All, None, 9)
        .unwrap()
        .into_iter()
        .map(|task| task.state)
        .collect();
    let expected = [
        TaskState::Settled(OutcomeKind::Cancelled),
        TaskState::Cancelled { at: at(300) },
    ];
    assert_eq!(states, expected);
    assert_eq!(job.open_starts().unwrap(), []);
}

#[test]
fn users_are_known_by_name() {
    let store = store();
    let reader = store.reader();
    assert_eq!(reader.users().unwrap().len(), 2);
    assert_eq!(reader.user_named("bob").unwrap().unwrap().id, BOB);
    assert_eq!(reader.user_named("eve").unwrap(), None);
}
