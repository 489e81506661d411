//! How the database goes about each kind of list: along an index, in its order, and never through all there is.

use rusqlite::Connection;
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{
    Digest,
    records::{codes::OutcomeKind, database::STEPS},
};

use super::{Ids, JobFilter, Lead, Question};

const OUTCOMES: [OutcomeKind; 6] = [
    OutcomeKind::Succeeded,
    OutcomeKind::Failed,
    OutcomeKind::Trapped,
    OutcomeKind::LimitExceeded,
    OutcomeKind::Cancelled,
    OutcomeKind::Lost,
];

fn database() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    for step in STEPS {
        database.execute_batch(step).unwrap();
    }
    database
}

/// What the planner says of the question that a list asks, a line per step.
fn plan(database: &Connection, user: Option<UserId>, filter: &JobFilter) -> Vec<String> {
    let ids = Ids { first: 0, last: 9 };
    let question = Question::of(user, filter).unwrap().within(ids, 9);
    let mut statement = database
        .prepare(&format!("EXPLAIN QUERY PLAN {}", question.sql))
        .unwrap();
    let steps = statement
        .query_map(rusqlite::params_from_iter(question.parameters), |row| {
            row.get(3)
        })
        .unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

/// Every filter there is, but for the values in it.
fn filters() -> impl Iterator<Item = JobFilter> {
    let outcomes = OUTCOMES.map(Some).into_iter().chain([None]);
    outcomes.flat_map(|outcome| {
        (0..2 * 3 * 3 * 16_usize).map(move |bits| JobFilter {
            active: [None, Some(true), Some(false)][bits / 48 % 3],
            parent: (bits >= 144).then_some(JobId(1)),
            outcome,
            labels: vec![("k".to_owned(), "v".to_owned()); bits / 16 % 3],
            name: (bits & 1 > 0).then(|| "n".to_owned()),
            module: (bits & 2 > 0).then(|| Digest::of(b"m")),
            since: (bits & 4 > 0).then_some(UnixMillis(1)),
            until: (bits & 8 > 0).then_some(UnixMillis(2)),
        })
    })
}

#[test]
fn no_list_goes_through_all_jobs_or_sorts_them() {
    let database = database();
    let mut tried = 0;
    for filter in filters() {
        let everyone = (Lead::of(&filter) == Lead::User).then_some(None);
        for user in [Some(UserId(1))].into_iter().chain(everyone) {
            let steps = plan(&database, user, &filter);
            let along = |step: &String| {
                step.starts_with("SEARCH ") || step.starts_with("CORRELATED SCALAR SUBQUERY")
            };
            assert!(steps.iter().all(along), "{filter:?}: {steps:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 2 * 7 * 144 + 4);
}

/// The first step of a list of one user's jobs.
fn check(filter: &JobFilter, expected: &str) {
    let step = plan(&database(), Some(UserId(1)), filter)[0].replace("COVERING ", "");
    assert_eq!(step, expected);
}

#[test]
fn each_filter_alone_goes_along_an_index_of_its_own() {
    let all = JobFilter::default();
    let range = "rowid>? AND rowid<?";
    let along =
        |index: &str, more: &str| format!("SEARCH jobs USING {index} (user=?{more} AND {range})");
    check(&all, &along("INDEX jobs_by_user", ""));
    for (active, index) in [(true, "jobs_unfinished"), (false, "jobs_finished")] {
        let filter = JobFilter {
            active: Some(active),
            ..all.clone()
        };
        check(&filter, &along(&format!("INDEX {index}"), ""));
    }
    for (outcome, word) in OUTCOMES.into_iter().zip([
        "succeeded",
        "failed",
        "trapped",
        "limit_exceeded",
        "cancelled",
        "lost",
    ]) {
        let filter = JobFilter {
            outcome: Some(outcome),
            ..all.clone()
        };
        check(&filter, &along(&format!("INDEX jobs_with_{word}"), ""));
    }
    let named = JobFilter {
        name: Some("n".to_owned()),
        ..all.clone()
    };
    check(&named, &along("INDEX jobs_by_name", " AND name=?"));
    let children = JobFilter {
        parent: Some(JobId(1)),
        ..all.clone()
    };
    check(&children, &along("INDEX jobs_by_parent", " AND parent=?"));
    let module = JobFilter {
        module: Some(Digest::of(b"m")),
        ..all.clone()
    };
    check(&module, &along("INDEX jobs_by_module", " AND module=?"));
    let labelled = JobFilter {
        labels: vec![("k".to_owned(), "v".to_owned())],
        ..all
    };
    let key = "key=? AND value=? AND user=? AND job>? AND job<?";
    check(&labelled, &format!("SEARCH lead USING PRIMARY KEY ({key})"));
}
