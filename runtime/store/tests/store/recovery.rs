//! What a server that starts finds of each state that a task can be in.

use sublet_scheduler::{
    Again, AttemptId, CancelReason, Interrupted, JobId, LossReason, Next, Outcome, TaskRange,
};
use sublet_store::{Tally, Unfinished};

use crate::support::*;

const LOST: Outcome = Outcome::Lost(LossReason::Worker);

fn attempt(task: u32, number: u32) -> AttemptId {
    AttemptId {
        job: JobId(1),
        task,
        number,
    }
}

/// What becomes of job 1 with four tasks after these batches.
fn after(batches: &[&[sublet_store::Record]]) -> Unfinished {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=3))]);
    batches.iter().for_each(|batch| store.commit(batch));
    store.unfinished()
}

fn nothing() -> Unfinished {
    Unfinished {
        job: job(1, 0..=3),
        fresh: vec![],
        again: vec![],
        interrupted: vec![],
        cancel_asked: vec![],
        tally: Tally::default(),
    }
}

fn ranges(ranges: &[TaskRange]) -> Vec<TaskRange> {
    ranges.to_vec()
}

#[test]
fn l14_a_job_that_was_only_submitted_is_fresh() {
    assert_eq!(
        after(&[]),
        Unfinished {
            fresh: ranges(&[0..=3]),
            ..nothing()
        }
    );
}

#[test]
fn l13_started_without_an_end_is_interrupted() {
    let expected = Unfinished {
        fresh: ranges(&[0..=0, 3..=3]),
        interrupted: vec![
            Interrupted {
                attempt: attempt(1, 1),
                failures: 0,
                losses: 0,
            },
            Interrupted {
                attempt: attempt(2, 1),
                failures: 0,
                losses: 0,
            },
        ],
        ..nothing()
    };
    assert_eq!(after(&[&[started(1, 1..=2, 1)]]), expected);
}

#[test]
fn what_ended_is_counted_and_not_started_again() {
    let expected = Unfinished {
        fresh: ranges(&[2..=3]),
        tally: Tally {
            succeeded: 1,
            failed: 1,
            ..Tally::default()
        },
        ..nothing()
    };
    let history = [
        started(1, 0..=1, 1),
        finished(1, 0, 1, Outcome::Succeeded, Next::Settled),
        finished(1, 1, 1, Outcome::Failed(3), Next::Settled),
    ];
    assert_eq!(after(&[&history]), expected);
}

#[test]
fn a_retry_that_is_due_comes_back_with_what_it_has_behind_it() {
    let history = [
        started(1, 0..=0, 1),
        finished(1, 0, 1, Outcome::Failed(3), retry(2, 1_000)),
        started(1, 0..=0, 2),
        finished(1, 0, 2, LOST, retry(3, 2_000)),
        started(1, 0..=0, 3),
        finished(1, 0, 3, LOST, retry(4, 3_000)),
    ];
    let waiting = Again {
        attempt: attempt(0, 4),
        not_before: at(3_000),
        failures: 1,
        losses: 2,
    };
    let expected = Unfinished {
        fresh: ranges(&[1..=3]),
        again: vec![waiting],
        ..nothing()
    };
    assert_eq!(after(&[&history]), expected);

    let interrupted = Interrupted {
        attempt: attempt(0, 4),
        failures: 1,
        losses: 2,
    };
    let expected = Unfinished {
        fresh: ranges(&[1..=3]),
        interrupted: vec![interrupted],
        ..nothing()
    };
    assert_eq!(after(&[&history, &[started(1, 0..=0, 4)]]), expected);
}

#[test]
fn a_failure_ends_the_row_of_losses() {
    let history = [
        started(1, 0..=0, 1),
        finished(1, 0, 1, LOST, retry(2, 0)),
        started(1, 0..=0, 2),
        finished(1, 0, 2, Outcome::Failed(1), retry(3, 0)),
    ];
    let waiting = Again {
        attempt: attempt(0, 3),
        not_before: at(0),
        failures: 1,
        losses: 0,
    };
    let expected = Unfinished {
        fresh: ranges(&[1..=3]),
        again: vec![waiting],
        ..nothing()
    };
    assert_eq!(after(&[&history]), expected);
}

#[test]
fn a_waiting_task_that_was_cancelled_stays_cancelled() {
    let history = [
        started(1, 0..=0, 1),
        finished(1, 0, 1, Outcome::Failed(3), retry(2, 1_000)),
        cancelled(1, &[0..=1, 3..=3]),
    ];
    let expected = Unfinished {
        fresh: ranges(&[2..=2]),
        tally: Tally {
            cancelled: 3,
            ..Tally::default()
        },
        ..nothing()
    };
    assert_eq!(after(&[&history]), expected);
}

#[test]
fn a_cancel_that_was_asked_for_is_not_forgotten() {
    let running = [started(1, 0..=1, 1), cancel_asked(1, Some(1))];
    let found = after(&[&running]);
    assert_eq!(found.cancel_asked, ranges(&[1..=1]));
    assert_eq!(found.interrupted.len(), 2);

    let all = after(&[&running, &[cancel_asked(1, None), cancel_asked(1, None)]]);
    assert_eq!(all.cancel_asked, ranges(&[0..=3]));
}

#[test]
fn a_user_s_retry_reopens_settled_tasks_with_a_clean_slate() {
    let history = [
        started(1, 0..=1, 1),
        finished(1, 0, 1, Outcome::Failed(3), retry(2, 1_000)),
        finished(
            1,
            1,
            1,
            Outcome::Cancelled(CancelReason::Asked),
            Next::Settled,
        ),
        started(1, 0..=0, 2),
        finished(1, 0, 2, Outcome::Failed(3), Next::Settled),
        cancel_asked(1, None),
        cancelled(1, &[2..=3]),
        job_finished(1),
    ];
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=3))]);
    store.commit(&history);
    assert_eq!(store.recover(), vec![], "a finished job is not taken up");

    store.commit(&[reopened(1, &[0..=0, 3..=3])]);
    let waiting = Again {
        attempt: attempt(0, 3),
        not_before: at(400),
        failures: 0,
        losses: 0,
    };
    let expected = Unfinished {
        fresh: ranges(&[3..=3]),
        again: vec![waiting],
        tally: Tally {
            cancelled: 2,
            ..Tally::default()
        },
        ..nothing()
    };
    assert_eq!(store.unfinished(), expected);

    store.commit(&[started(1, 0..=0, 3), finished(1, 0, 3, LOST, retry(4, 600))]);
    let waiting = Again {
        attempt: attempt(0, 4),
        not_before: at(600),
        failures: 0,
        losses: 1,
    };
    assert_eq!(store.unfinished().again, vec![waiting]);
}

#[test]
fn a_retry_of_some_tasks_leaves_the_wish_to_end_the_others() {
    let history = [
        started(1, 0..=3, 1),
        cancel_asked(1, None),
        finished(
            1,
            1,
            1,
            Outcome::Cancelled(CancelReason::Asked),
            Next::Settled,
        ),
        reopened(1, &[1..=1]),
    ];
    let found = after(&[&history]);
    assert_eq!(found.cancel_asked, ranges(&[0..=0, 2..=3]));
    assert_eq!(found.again.len(), 1);
    assert_eq!(found.interrupted.len(), 3);
}

#[test]
fn a_task_may_be_cancelled_reopened_and_cancelled_again() {
    let cycle = [cancelled(1, &[0..=3]), reopened(1, &[1..=2])];
    assert_eq!(after(&[&cycle]).fresh, ranges(&[1..=2]));
    let found = after(&[&cycle, &[cancelled(1, &[2..=2])]]);
    assert_eq!(found.fresh, ranges(&[1..=1]));
    assert_eq!(found.tally.cancelled, 3);
}

#[test]
fn the_numbers_go_on_where_they_were() {
    let mut store = store();
    let next = store.reader().next_ids().unwrap();
    assert_eq!((next.job, next.user.0), (JobId(1), 3));
    store.commit(&[submitted(&job(7, 0..=0)), job_finished(7)]);
    let next = store.reader().next_ids().unwrap();
    assert_eq!(next.job, JobId(8));
    assert_eq!(
        next.numbers.into_iter().collect::<Vec<_>>(),
        vec![(ADA, 8), (BOB, 1)]
    );
}
