//! What was used, in sums that add up to the attempts, and that do not shrink when jobs are removed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sublet_scheduler::{AttemptId, JobId, NetworkUsage, Next, Outcome, Usage, UserId};
use sublet_store::{
    Day, FinishedAttempt, JobUsage, NewJob, PublicId, Record, Retention, Used, Whose,
};

use crate::{retention::remove, support::*};

const DAY: u64 = 86_400_000;
const ALL_DAYS: std::ops::RangeInclusive<Day> = Day(0)..=Day(u64::MAX);

/// An attempt that ended.
#[derive(Clone, Debug)]
struct Attempt {
    job: u64,
    ended_at: u64,
    used: u64,
}

/// Jobs of ada's have odd numbers.
fn owner(job: u64) -> UserId {
    if job % 2 == 1 { ADA } else { BOB }
}

const JOBS: u64 = 6;

fn memory(job: u64) -> u64 {
    (job << 37) + 3
}

fn jobs() -> Vec<Record> {
    let new = |id: u64| {
        let mut new = NewJob {
            user: owner(id),
            public_id: PublicId(u128::from(id)),
            ..job(id, 0..=1_000)
        };
        new.spec.limits.memory_bytes = memory(id);
        new.spec.labels = [("team".to_owned(), "maps".to_owned())].into();
        submitted(&new)
    };
    (1..=JOBS).map(new).collect()
}

fn usage_of(amount: u64) -> Usage {
    Usage {
        cpu_us: amount,
        wall_us: amount * 1_000_003,
        stdout_bytes: 2 * amount,
        stderr_bytes: 3 * amount,
        output_cut_bytes: amount,
        network: NetworkUsage {
            bytes_sent: 5 * amount,
            bytes_received: 7 * amount,
            ..NetworkUsage::default()
        },
        ..Usage::default()
    }
}

fn record(attempt: &Attempt, task: u32) -> Record {
    Record::AttemptFinished(FinishedAttempt {
        attempt: AttemptId {
            job: JobId(attempt.job),
            task,
            number: 1,
        },
        started_at: None,
        ended_at: at(attempt.ended_at),
        outcome: Outcome::Succeeded,
        detail: None,
        usage: usage_of(attempt.used),
        slot: None,
        place: None,
        nic: None,
        next: Next::Settled,
    })
}

/// What the attempts used, added up by hand.
fn sum<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> Used {
    let mut sum = Used::default();
    for Attempt { job, used, .. } in attempts {
        sum = sum.and(Used {
            attempts: 1,
            cpu_us: *used,
            wall_us: used * 1_000_003,
            memory_byte_us: u128::from(memory(*job)) * u128::from(used * 1_000_003),
            stdout_bytes: 2 * used,
            stderr_bytes: 3 * used,
            cut_bytes: *used,
            sent_bytes: 5 * used,
            received_bytes: 7 * used,
        });
    }
    sum
}

fn attempt() -> impl Strategy<Value = Attempt> {
    (1..=JOBS, 0..4 * DAY, 0..1_u64 << 30).prop_map(|(job, ended_at, used)| Attempt {
        job,
        ended_at,
        used,
    })
}

/// Every row of every page.
fn by_job(store: &Store, whose: Whose, days: &std::ops::RangeInclusive<Day>) -> Vec<JobUsage> {
    let reader = store.reader();
    let mut rows: Vec<JobUsage> = Vec::new();
    loop {
        let after = rows.last().map(JobUsage::cursor);
        let page = reader.usage_by_job(whose, days, after, 2).unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

fn add_all(sums: impl IntoIterator<Item = Used>) -> Used {
    sums.into_iter().fold(Used::default(), Used::and)
}

/// Compares each way to ask with the attempts that ended on these days.
fn check(store: &Store, attempts: &[Attempt], days: std::ops::RangeInclusive<Day>) {
    let reader = store.reader();
    let inside = |attempt: &&Attempt| days.contains(&Day::of(at(attempt.ended_at)));
    let inside: Vec<&Attempt> = attempts.iter().filter(inside).collect();
    for whose in [Whose::User(ADA), Whose::User(BOB), Whose::Everyone] {
        let theirs = |attempt: &&&Attempt| match whose {
            Whose::User(user) => owner(attempt.job) == user,
            Whose::Everyone => true,
        };
        let theirs: Vec<&Attempt> = inside.iter().filter(theirs).copied().collect();
        let mut by_day = BTreeMap::<_, Vec<&Attempt>>::new();
        let mut by_user = BTreeMap::<_, Vec<&Attempt>>::new();
        for attempt in &theirs {
            let day = Day::of(at(attempt.ended_at));
            by_day.entry(day).or_default().push(attempt);
            by_user.entry(owner(attempt.job)).or_default().push(attempt);
        }
        let of_days = by_day.into_iter().map(|(day, of)| (day, sum(of)));
        let of_users = by_user.into_iter().map(|(user, of)| (user, sum(of)));
        assert_eq!(
            reader.usage_by_day(whose, &days).unwrap(),
            of_days.collect::<Vec<_>>()
        );
        assert_eq!(
            reader.usage_by_user(whose, &days).unwrap(),
            of_users.collect::<Vec<_>>()
        );
        let rows = by_job(store, whose, &days);
        assert_eq!(add_all(rows.iter().map(|row| row.used)), sum(theirs));
        assert!(rows.iter().map(JobUsage::cursor).is_sorted());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn usage_adds_up_to_the_attempts_whatever_is_removed(
        attempts in proptest::collection::vec(attempt(), 1..60),
        batch in 1..20_usize,
        finished_first in 1..=JOBS,
        going in proptest::collection::vec((any::<bool>(), 0..4_u64), 0..4),
        days in (0..4_u64, 0..4_u64),
    ) {
        let mut store = store_in(memory_folder());
        store.commit(&jobs());
        let ends: Vec<_> = attempts.iter().zip(0..).map(|(end, task)| record(end, task)).collect();
        ends.chunks(batch).for_each(|batch| store.commit(batch));
        check(&store, &attempts, ALL_DAYS);
        check(&store, &attempts, Day(days.0)..=Day(days.1));
        for job in 1..=finished_first {
            store.commit(&[Record::JobFinished { job: JobId(job), at: at(job) }]);
        }
        let mut gone = BTreeSet::new();
        for (adas, keep) in going {
            let user = if adas { ADA } else { BOB };
            gone.extend(remove(&mut store, user, Retention::BeyondJobs(keep)));
            check(&store, &attempts, ALL_DAYS);
            check(&store, &attempts, Day(days.0)..=Day(days.1));
        }
        // Rows of jobs that are left say exactly what their attempts used.
        for row in by_job(&store, Whose::Everyone, &ALL_DAYS) {
            let of_row = |attempt: &&Attempt| {
                let job = Some(attempt.job).filter(|job| !gone.contains(job)).map(JobId);
                (owner(attempt.job), Day::of(at(attempt.ended_at)), job) == (row.user, row.day, row.job)
            };
            prop_assert_eq!(row.used, sum(attempts.iter().filter(of_row)));
        }
        for user in [ADA, BOB] {
            let left = attempts.iter().filter(|end| owner(end.job) == user && !gone.contains(&end.job));
            let held = store.reader().holdings(user).unwrap();
            prop_assert_eq!(held.log_bytes, sum(left).log_bytes());
        }
    }
}

#[test]
fn an_attempt_of_a_job_that_is_not_there_is_refused() {
    let mut store = store();
    let nobody_s = Attempt {
        job: 1,
        ended_at: 1,
        used: 1,
    };
    store.writer.commit(&[record(&nobody_s, 0)]).unwrap_err();
}

#[test]
fn a_measure_beyond_sense_does_not_poison_the_sums() {
    let mut store = store();
    store.commit(&jobs());
    let end = |task| {
        let Record::AttemptFinished(mut end) = record(
            &Attempt {
                job: 1,
                ended_at: 1,
                used: 0,
            },
            task,
        ) else {
            unreachable!("it is one")
        };
        end.usage.wall_us = u64::MAX;
        end.usage.cpu_us = u64::MAX;
        end.usage.output_cut_bytes = u64::MAX;
        Record::AttemptFinished(end)
    };
    (0..9).for_each(|task| store.commit(&[end(task)]));
    let sums = store.reader().usage_by_user(Whose::User(ADA), &ALL_DAYS);
    let used = sums.unwrap()[0].1;
    assert_eq!((used.cpu_us, used.log_bytes()), (9 << 50, 0));
    let expected = u128::from(memory(1)) * (9 << 50);
    assert_eq!(used.memory_byte_us, expected);
}
