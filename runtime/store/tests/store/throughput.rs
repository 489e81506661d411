//! A job of 100,000 tasks is one job, and costs about one row per task.

use std::time::Instant;

use sublet_scheduler::{JobId, Next, Outcome};
use sublet_store::{Record, Tally, TaskFilter, Whose};

use crate::support::*;

const TASKS: u32 = 100_000;
const BATCH: u32 = 500;

fn batch(first: u32) -> Vec<Record> {
    let last = first + BATCH - 1;
    let ends = (first..=last).map(|task| finished(1, task, 1, Outcome::Succeeded, Next::Settled));
    let tally = Tally {
        succeeded: first,
        ..Tally::default()
    };
    let tally = Record::JobTally {
        job: JobId(1),
        tally,
        at: at(9),
    };
    [started(1, first..=last, 1)]
        .into_iter()
        .chain(ends)
        .chain([tally])
        .collect()
}

#[test]
fn l13_a_job_of_100_000_tasks_is_recorded_and_taken_up_half_done() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=TASKS - 1))]);
    let batches: Vec<_> = (0..TASKS / 2).step_by(BATCH as usize).map(batch).collect();
    let begin = Instant::now();
    batches.iter().for_each(|batch| store.commit(batch));
    let per_task = begin.elapsed() / (TASKS / 2);
    store.commit(&[started(1, TASKS / 2..=TASKS / 2 + 49, 1)]);

    let begin = Instant::now();
    let found = store.unfinished();
    println!(
        "recorded in {per_task:?} per task, taken up in {:?}",
        begin.elapsed()
    );
    assert_eq!(found.tally.succeeded, TASKS / 2);
    assert_eq!(found.fresh, [TASKS / 2 + 50..=TASKS - 1]);
    assert_eq!(found.interrupted.len(), 50);

    let begin = Instant::now();
    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    let page = job.tasks(TaskFilter::Fresh, None, 100).unwrap();
    println!(
        "100 tasks behind 50,000 others listed in {:?}",
        begin.elapsed()
    );
    assert_eq!(page[0].task, TASKS / 2 + 50);
}

#[test]
fn jobs_of_one_task_are_recorded_from_submission_to_end() {
    const JOBS: u64 = 20_000;
    let mut store = store();
    let ids: Vec<u64> = (1..=JOBS).collect();
    let begin = Instant::now();
    for ids in ids.chunks(200) {
        let submissions = ids
            .iter()
            .flat_map(|id| [submitted(&job(*id, 0..=0)), started(*id, 0..=0, 1)]);
        store.commit(&submissions.collect::<Vec<_>>());
        let tally = Tally {
            succeeded: 1,
            ..Tally::default()
        };
        let ends = ids.iter().flat_map(|id| {
            [
                finished(*id, 0, 1, Outcome::Succeeded, Next::Settled),
                Record::JobTally {
                    job: JobId(*id),
                    tally,
                    at: at(200),
                },
                job_finished(*id),
            ]
        });
        store.commit(&ends.collect::<Vec<_>>());
    }
    println!(
        "recorded in {:?} per job of one task",
        begin.elapsed() / 20_000
    );
    assert_eq!(store.recover(), []);
    assert_eq!(store.reader().next_ids().unwrap().job, JobId(JOBS + 1));
}
