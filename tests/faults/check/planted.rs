//! Evidence made by hand: a good world in which nothing is wrong, and for each rule one lie that it has to see.

use super::super::evidence::{Evidence, Instant, Job, Line, Submission, Task, What, journal};
use super::{unfinished, violations};

/// The job of the world below. Its number in the journal is 7.
const JOB: &str = "job_a";

fn line(at: Instant, process: u32, what: What) -> Line {
    Line { at, process, what }
}

fn granted(at: Instant, attempt: &str, slot: &str) -> Line {
    let (attempt, slot, job) = (attempt.to_owned(), slot.to_owned(), JOB.to_owned());
    line(at, 1, What::Granted { attempt, slot, job })
}

fn released(at: Instant, attempt: &str) -> Line {
    let attempt = attempt.to_owned();
    line(at, 1, What::Released { attempt })
}

fn started(at: Instant, worker: u32, attempt: &str) -> Line {
    let attempt = attempt.to_owned();
    line(at, worker, What::Started { attempt })
}

fn ended(at: Instant, worker: u32, attempt: &str) -> Line {
    let attempt = attempt.to_owned();
    line(at, worker, What::Ended { attempt })
}

fn task(index: u32, attempts: &[&str]) -> Task {
    Task {
        index,
        outcome: attempts.last().map(|&end| end.to_owned()),
        attempts: attempts.iter().map(|&end| Some(end.to_owned())).collect(),
    }
}

/// Two tasks in one slot, one after the other; the first was lost with its worker once.
fn good() -> Evidence {
    let job = Job {
        id: JOB.to_owned(),
        name: "a".to_owned(),
        is_finished: true,
        tasks: vec![task(0, &["lost", "succeeded"]), task(1, &["succeeded"])],
    };
    let submission = Submission {
        name: "a".to_owned(),
        tasks: 2,
        acknowledged: Some(JOB.to_owned()),
        ends: &["succeeded"],
        ..Submission::default()
    };
    Evidence {
        said: vec![submission],
        earlier: vec![job.clone()],
        later: vec![job],
        journal: vec![
            granted(1, "7.0.1", "0.0"),
            started(2, 50, "7.0.1"),
            released(5, "7.0.1"),
            granted(6, "7.1.1", "0.0"),
            started(7, 51, "7.1.1"),
            ended(8, 51, "7.1.1"),
            released(9, "7.1.1"),
            granted(10, "7.0.2", "0.0"),
            started(11, 51, "7.0.2"),
            ended(12, 51, "7.0.2"),
            released(13, "7.0.2"),
        ],
        slots: Some((4, 4)),
    }
}

/// The world with one lie in it is seen through, in these words.
#[track_caller]
fn is_seen(words: &str, lie: impl FnOnce(&mut Evidence)) {
    let mut evidence = good();
    lie(&mut evidence);
    let found = violations(&evidence);
    assert!(
        found.iter().any(|violation| violation.contains(words)),
        "no {words:?} in {found:?}"
    );
}

#[test]
fn a_good_world_is_let_pass() {
    assert_eq!(violations(&good()), [""; 0]);
    assert_eq!(unfinished(&good()), [""; 0]);
}

#[test]
fn an_acknowledged_job_that_is_not_there_is_seen() {
    is_seen("lost: a was acknowledged", |world| world.later.clear());
}

#[test]
fn an_acknowledged_job_that_lost_a_task_is_seen() {
    is_seen("has 1 tasks of 2", |world| {
        world.later[0].tasks.pop();
    });
}

#[test]
fn a_submission_that_became_two_jobs_is_seen() {
    is_seen("doubled", |world| {
        let again = Job {
            id: "job_b".to_owned(),
            ..world.later[0].clone()
        };
        world.later.push(again);
    });
}

#[test]
fn a_job_that_nobody_submitted_is_seen() {
    is_seen("made up", |world| {
        let strange = Job {
            name: "b".to_owned(),
            ..Job::default()
        };
        world.later.push(strange);
    });
}

#[test]
fn an_attempt_that_starts_twice_is_seen() {
    is_seen("twice: attempt 7.0.2", |world| {
        world.journal.push(started(14, 52, "7.0.2"));
    });
}

#[test]
fn a_task_that_may_start_once_and_starts_twice_is_seen() {
    is_seen("twice: task 0 of job_a", |world| {
        world.said[0].starts_once = true;
    });
    is_seen("twice: a task 0 has several", |world| {
        world.said[0].starts_once = true;
    });
}

#[test]
fn a_start_that_nobody_declared_is_seen() {
    is_seen("nobody said so", |world| {
        world.journal.push(started(14, 51, "7.1.2"));
    });
    is_seen("before it was said", |world| world.journal[1].at = 0);
    is_seen("is not on record", |world| {
        world.later[0].tasks[0].attempts.pop();
    });
}

#[test]
fn an_attempt_after_one_that_succeeded_is_seen() {
    is_seen("order", |world| {
        world.later[0].tasks[0] = task(0, &["succeeded", "succeeded"]);
    });
}

#[test]
fn a_slot_with_two_holders_is_seen() {
    is_seen("slot 0.0: given to 7.1.1, 7.0.1 has it", |world| {
        world.journal.remove(2);
    });
}

#[test]
fn two_guests_in_one_slot_are_seen_whichever_front_gave_it() {
    is_seen("slot 0.0: 7.0.2 runs beside 7.1.1", |world| {
        let another_front = world.journal.remove(7);
        world.journal.insert(
            7,
            Line {
                process: 2,
                ..another_front
            },
        );
        // The first one ends behind the start of the second.
        let late = world.journal.remove(5);
        world.journal.insert(8, Line { at: 12, ..late });
    });
}

#[test]
fn a_slot_that_does_not_come_back_is_seen() {
    is_seen("slots: 3 of 4", |world| world.slots = Some((4, 3)));
}

#[test]
fn an_end_that_changes_is_seen() {
    is_seen("changed", |world| {
        world.later[0].tasks[1] = task(1, &["lost"]);
    });
    is_seen("changed: a is gone", |world| world.later.clear());
}

#[test]
fn a_start_after_an_acknowledged_cancel_is_seen() {
    is_seen("cancelled: 7.0.2", |world| {
        world.said[0].cancelled_at = Some(9);
    });
}

#[test]
fn what_is_not_over_or_over_in_another_way_is_seen() {
    let mut world = good();
    world.later[0].tasks[0].outcome = None;
    world.later[0].tasks[1].outcome = Some("trapped".to_owned());
    world.said.push(Submission::default());
    assert_eq!(unfinished(&world).len(), 3, "{:?}", unfinished(&world));
}

#[test]
fn the_journal_is_read_between_other_lines() {
    let log = "INFO the server is ready\n\
        fault-journal 20 51 started 7.0.1\n\
        fault-journal 10 1 granted 7.0.1 0.3 job_a\n\
        a guest says fault-journal\n";
    let lines = journal(log);
    assert_eq!(lines[0], granted(10, "7.0.1", "0.3"));
    assert_eq!(lines[1], started(20, 51, "7.0.1"));
    assert_eq!(lines.len(), 2);
}
