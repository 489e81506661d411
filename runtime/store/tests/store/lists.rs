//! Lists of jobs by any filter, page by page, equal what a filter in memory says that knows no index.

use proptest::prelude::*;
use sublet_scheduler::{JobId, UserId};
use sublet_store::{
    Digest, JobFilter, JobPage, NewJob, OutcomeKind, PublicId, Record, Tally, Whose,
};

use crate::support::*;

/// Ids lie this far apart, so that the jobs are in several blocks of submission times.
const APART: u64 = 1_500;

/// What a filter can see of a job. Small numbers stand for names, labels and modules.
#[derive(Clone, Debug)]
struct Seen {
    adas: bool,
    name: Option<u8>,
    label: u8,
    module: u8,
    /// The clock may be set back.
    submitted_at: u64,
    outcome: Option<OutcomeKind>,
    is_finished: bool,
    parent: Option<u64>,
}

fn outcome() -> impl Strategy<Value = OutcomeKind> {
    prop_oneof![
        Just(OutcomeKind::Succeeded),
        Just(OutcomeKind::Failed),
        Just(OutcomeKind::Trapped),
        Just(OutcomeKind::LimitExceeded),
        Just(OutcomeKind::Cancelled),
        Just(OutcomeKind::Lost),
    ]
}

fn seen() -> impl Strategy<Value = Seen> {
    let names = (
        any::<bool>(),
        proptest::option::of(0..2_u8),
        0..2_u8,
        0..2_u8,
    );
    let rest = (
        0..20_u64,
        proptest::option::of(outcome()),
        any::<bool>(),
        proptest::option::of(1..3_u64),
    );
    (names, rest).prop_map(
        |((adas, name, label, module), (submitted_at, outcome, is_finished, parent))| Seen {
            adas,
            name,
            label,
            module,
            submitted_at,
            outcome,
            is_finished,
            parent,
        },
    )
}

fn labels(label: u8) -> Vec<(String, String)> {
    vec![
        ("team".to_owned(), label.to_string()),
        ("size".to_owned(), "large".to_owned()),
    ]
}

fn filter() -> impl Strategy<Value = JobFilter> {
    let what = (
        proptest::option::of(any::<bool>()),
        proptest::option::of(outcome()),
        proptest::option::of(0..2_u8),
        proptest::option::of(0..2_u8),
        proptest::option::of(0..2_u8),
    );
    let when = (
        proptest::option::of(0..20_u64),
        proptest::option::of(0..20_u64),
    );
    let parent = proptest::option::weighted(0.3, 1..3_u64);
    (what, when, 0..=2_usize, parent).prop_map(
        |((active, outcome, label, name, module), (since, until), count, parent)| JobFilter {
            parent: parent.map(JobId),
            active,
            outcome,
            labels: label
                .map(labels)
                .into_iter()
                .flatten()
                .take(count)
                .collect(),
            name: name.map(|name| name.to_string()),
            module: module.map(|module| Digest::of(&[module])),
            since: since.map(at),
            until: until.map(at),
        },
    )
}

fn records(nth: u64, seen: &Seen) -> Vec<Record> {
    let id = nth * APART;
    let mut new = NewJob {
        user: if seen.adas { ADA } else { BOB },
        name: seen.name.map(|name| name.to_string()),
        module: Digest::of(&[seen.module]),
        submitted_at: at(seen.submitted_at),
        public_id: PublicId(u128::from(id)),
        parent: seen.parent.map(JobId),
        ..job(id, 0..=0)
    };
    new.spec.labels = labels(seen.label).into_iter().collect();
    let mut records = vec![submitted(&new)];
    if let Some(outcome) = seen.outcome {
        let mut tally = Tally::default();
        *tally.of(outcome) += 1;
        records.push(Record::JobTally {
            job: JobId(id),
            tally,
            at: at(30),
        });
    }
    if seen.is_finished {
        records.push(job_finished(id));
    }
    records
}

fn passes(filter: &JobFilter, seen: &Seen) -> bool {
    let JobFilter {
        active,
        outcome,
        labels: wanted,
        name,
        module,
        parent,
        since,
        until,
    } = filter;
    let has = labels(seen.label);
    active.is_none_or(|active| active != seen.is_finished)
        && outcome.is_none_or(|outcome| seen.outcome == Some(outcome))
        && wanted.iter().all(|label| has.contains(label))
        && name
            .as_ref()
            .is_none_or(|name| seen.name.map(|n| n.to_string()).as_ref() == Some(name))
        && module.is_none_or(|module| module == Digest::of(&[seen.module]))
        && parent.is_none_or(|parent| seen.parent.map(JobId) == Some(parent))
        && since.is_none_or(|since| at(seen.submitted_at) >= since)
        && until.is_none_or(|until| at(seen.submitted_at) < until)
}

fn listed(store: &Store, whose: Whose, filter: &JobFilter, limit: u32) -> Vec<u64> {
    let reader = store.reader();
    let mut ids: Vec<u64> = Vec::new();
    loop {
        let before = ids.last().copied().map(JobId);
        let page = reader
            .jobs(whose, filter, JobPage { before, limit })
            .unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return ids;
        }
        ids.extend(page.iter().map(|job| job.id.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn l14_lists_equal_the_model(
        jobs in proptest::collection::vec(seen(), 0..30),
        filters in proptest::collection::vec(filter(), 1..20),
        limit in 1..6_u32,
    ) {
        let mut store = store_in(memory_folder());
        store.commit(&[user(UserId(3), "carl")]);
        for (seen, nth) in jobs.iter().zip(1..) {
            store.commit(&records(nth, seen));
        }
        for filter in filters.iter().chain([&JobFilter::default()]) {
            for whose in [Whose::User(ADA), Whose::User(BOB), Whose::Everyone] {
                let theirs = |seen: &Seen| match whose {
                    Whose::User(user) => seen.adas == (user == ADA),
                    Whose::Everyone => true,
                };
                let mut expected: Vec<u64> = jobs
                    .iter()
                    .zip(1..)
                    .filter(|(seen, _)| theirs(seen) && passes(filter, seen))
                    .map(|(_, nth)| nth * APART)
                    .collect();
                expected.reverse();
                prop_assert_eq!(listed(&store, whose, filter, limit), expected, "{:?}", filter);
            }
        }
    }
}
