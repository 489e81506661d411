//! Submissions that come too fast, too many at once, or beyond a quota, and when to come again.

use sublet_scheduler::*;

use crate::notation::{Stage, check};

#[test]
fn a_user_may_be_ahead_by_ten_seconds_worth_of_submissions_cancelled_ones_included() {
    let mut stage = Stage::new();
    stage.tell("capacity 1");
    stage.tell("terms user=1 rate=2");
    for number in 0..20 {
        stage.tell(&format!("submit a{number}"));
        stage.tell(&format!("cancel a{number}"));
    }
    let refused = ["the user submits too fast, the limit is 2 jobs per second"];
    assert_eq!(stage.tell("admit b"), refused);
    assert_eq!(retry_after(&mut stage, "b"), Some(500));
    stage.tell("at 499");
    assert_eq!(stage.tell("admit b"), refused);
    stage.tell("at 500");
    assert_eq!(stage.tell("admit b"), ["yes"]);
    assert_eq!(stage.tell("admit c user=2"), ["yes"]);
}

#[test]
fn more_than_all_users_together_may_have_is_refused() {
    check(
        "
        capacity 1
        submit a*1000000 user=1
          start a/0 on 0.0
        submit b*1000000 user=2
        submit c*999999 user=3
        admit d user=4
          yes
        admit d*2 user=4
          the job has 2 tasks and all users together have 2999999 queued or running, the limit is 3000000
        ",
    );
}

#[test]
fn what_a_quota_never_lets_start_is_refused_with_both_numbers() {
    check(
        "
        capacity 4
        terms user=1 slots=2
        admit g*3 gang
          the job needs 3 slots at once and its user may hold 2 slots
        admit g*2 gang
          yes
        admit a*3
          yes
        terms user=1 cpu=120
        admit g*3 gang
          the job needs slots with 0.15 cpu at once and its user may hold 0.12
        terms user=1 memory=100
        admit g*2 gang
          the job needs slots with 128MiB of memory at once and its user may hold 100MiB
        terms user=1 slots=0
        admit a
          the job needs 1 slots at once and its user may hold 0 slots
        ",
    );
}

/// Two tasks end in each second.
#[test]
fn who_is_further_over_the_limit_is_asked_to_come_later() {
    let mut stage = Stage::new();
    stage.tell("capacity 1");
    stage.tell("terms user=1 queued=1000");
    stage.tell("submit a*1000");
    for task in 0..100 {
        stage.tell(&format!("at {}", task * 500));
        stage.tell(&format!("end a/{task} ok"));
    }
    assert_eq!(retry_after(&mut stage, "b*100"), None);
    assert_eq!(retry_after(&mut stage, "b*110"), Some(5_000));
    assert_eq!(retry_after(&mut stage, "b*200"), Some(50_000));
    assert_eq!(
        retry_after(&mut stage, "b*101"),
        Some(1_000),
        "never at once"
    );
}

fn retry_after(stage: &mut Stage, job: &str) -> Option<u64> {
    let job = stage.job_of(&[job, "user=1"]);
    stage.jobs.retain(|_, one| one.id != job.id);
    match stage.scheduler.admit(stage.now, &job) {
        Ok(_) => None,
        Err(
            Rejection::QueueFull { retry_after_ms, .. }
            | Rejection::ServerFull { retry_after_ms, .. }
            | Rejection::TooFast { retry_after_ms, .. },
        ) => Some(retry_after_ms),
        Err(other) => panic!("{other}"),
    }
}
