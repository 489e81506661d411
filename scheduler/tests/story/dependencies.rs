//! Jobs that wait for other jobs.

use sublet_scheduler::*;

use crate::notation::{Stage, check};

#[test]
fn a_job_starts_once_the_job_it_waits_for_has_succeeded() {
    check(
        "
        capacity 3
        submit a*2
          start a/0 on 0.0
          start a/1 on 0.1
        submit b after=a:success
        why b
          waits for a
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
        end a/1 ok
          finish a/1: succeeded; settled
          job a finished
          reclaim a/1 on 0.1
          start b/0 on 0.0
        ",
    );
}

#[test]
fn a_job_that_waits_for_a_success_ends_with_the_failure_and_so_does_who_waits_for_it() {
    check(
        "
        capacity 3
        submit a
          start a/0 on 0.0
        submit b*2 after=a:success
        submit c after=b:success
        submit d after=b:always
        submit e after=a:failure
        exit a/0 fail
          finish a/0: failed with exit code 1; settled
          job a finished
          reclaim a/0 on 0.0
          cancel waiting b/0-1: Dependency
          job b finished
          cancel waiting c/0: Dependency
          job c finished
          start d/0 on 0.1
          start e/0 on 0.2
        ",
    );
}

#[test]
fn a_job_that_waits_for_several_waits_for_the_last() {
    check(
        "
        capacity 3
        submit a
          start a/0 on 0.0
        submit b
          start b/0 on 0.1
        submit c after=a:always,b:success
        end a/0 fail
          finish a/0: failed with exit code 1; settled
          job a finished
          reclaim a/0 on 0.0
        why c
          waits for b
        end b/0 ok
          finish b/0: succeeded; settled
          job b finished
          reclaim b/0 on 0.1
          start c/0 on 0.0
        ",
    );
}

#[test]
fn a_task_that_succeeds_at_its_second_attempt_is_a_success() {
    check(
        "
        capacity 1
        submit a restart=on-failure:1:0
          start a/0 on 0.0
        submit b after=a:success
        end a/0 fail
          finish a/0: failed with exit code 1; #2 at 0
          reclaim a/0 on 0.0
          start a/0#2 on 0.0
        end a/0#2 ok
          finish a/0#2: succeeded; settled
          job a finished
          reclaim a/0#2 on 0.0
          start b/0 on 0.0
        ",
    );
}

#[test]
fn a_cancelled_job_is_no_success() {
    check(
        "
        submit a
        submit b after=a:success
        submit c after=a:failure
        cancel a
          cancel waiting a/0
          job a finished
          cancel waiting b/0: Dependency
          job b finished
        capacity 1
          start c/0 on 0.0
        ",
    );
}

#[test]
fn who_was_cancelled_while_it_waited_is_not_woken() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        submit b after=a:success
        cancel b
          cancel waiting b/0
          job b finished
        end a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn who_waits_for_a_submission_that_never_was_is_given_up() {
    check(
        "
        capacity 2
        submit a
          start a/0 on 0.0
        submit b after=a:always
        submit c after=b:success
        withdraw a
          cancel waiting b/0: Dependency
          job b finished
          cancel waiting c/0: Dependency
          job c finished
        ",
    );
}

#[test]
fn a_task_that_a_crash_ended_for_good_is_no_success() {
    check(
        "
        capacity 1
        resume a*2 restart=never fresh=1 interrupted=0#1
          finish a/0: lost: the server was ended; settled
          start a/1 on 0.0
        submit b after=a:success
        end a/1 ok
          finish a/1: succeeded; settled
          job a finished
          reclaim a/1 on 0.0
          cancel waiting b/0: Dependency
          job b finished
        ",
    );
}

#[test]
fn a_job_that_is_over_and_retried_finds_nobody_who_still_waits_for_it() {
    check(
        "
        capacity 2
        submit a restart=never
          start a/0 on 0.0
        submit b after=a:success
        end a/0 fail
          finish a/0: failed with exit code 1; settled
          job a finished
          reclaim a/0 on 0.0
          cancel waiting b/0: Dependency
          job b finished
        resume a again=0#2
          start a/0#2 on 0.0
        submit c after=a:success
        end a/0#2 ok
          finish a/0#2: succeeded; settled
          job a finished
          reclaim a/0#2 on 0.0
          start c/0 on 0.1
        job b
          gone
        ",
    );
}

#[test]
fn a_chain_of_any_length_ends_with_its_first_job() {
    const JOBS: usize = 50_000;
    let mut stage = Stage::new();
    stage.tell("submit j0");
    for number in 1..JOBS {
        stage.tell(&format!("submit j{number} after=j{}:success", number - 1));
    }
    let first = stage.jobs["j0"].id;
    let mut actions = Vec::new();
    let cancel = Event::CancelAsked {
        job: first,
        task: None,
    };
    stage.scheduler.handle(stage.now, cancel, &mut actions);
    assert_eq!(actions.len(), 2 * JOBS);
    assert_eq!(stage.scheduler.pool().jobs, 0);
}
