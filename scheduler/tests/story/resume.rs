//! Jobs that come back: after a restart of the server, or because their user asked for a retry.

use crate::notation::check;

#[test]
fn m02_after_a_restart_the_rest_of_a_job_runs() {
    check(
        "
        capacity 4
        resume a*9 fresh=5-6,8 again=3#2@500:1:0 interrupted=4#1
          finish a/4: lost: the server was ended; #2 at 0
          start a/4#2 on 0.0
          start a/5 on 0.1
          start a/6 on 0.2
          start a/8 on 0.3
          wake at 500
        ",
    );
}

#[test]
fn an_interrupted_task_that_must_not_start_twice_is_settled() {
    check(
        "
        resume a restart=never interrupted=0#1
          finish a/0: lost: the server was ended; settled
          job a finished
        job a
          gone
        ",
    );
}

#[test]
fn losses_before_the_restart_count() {
    check(
        "
        resume a interrupted=0#3:0:2
          finish a/0#3: lost: the server was ended; settled
          job a finished
        ",
    );
}

#[test]
fn retries_used_up_before_the_restart_count() {
    check(
        "
        capacity 1
        resume a restart=on-failure:2:100 again=0#3@0:2:0
          start a/0#3 on 0.0
        exit a/0#3 fail
          finish a/0#3: failed with exit code 1; settled
          job a finished
          reclaim a/0#3 on 0.0
        ",
    );
}

#[test]
fn a_job_with_nothing_left_is_finished() {
    check(
        "
        resume a*3
          job a finished
        job a
          gone
        ",
    );
}

#[test]
fn a_user_retries_one_task_while_others_still_run() {
    check(
        "
        capacity 2
        submit a*2
          start a/0 on 0.0
          start a/1 on 0.1
        end a/0 fail
          finish a/0: failed with exit code 1; settled
          reclaim a/0 on 0.0
        resume a again=0#2
          start a/0#2 on 0.0
        end a/1 ok
          finish a/1: succeeded; settled
          reclaim a/1 on 0.1
        end a/0#2 ok
          finish a/0#2: succeeded; settled
          job a finished
          reclaim a/0#2 on 0.0
        ",
    );
}

#[test]
fn a_user_retries_a_task_of_a_finished_job_whose_slot_is_not_released_yet() {
    check(
        "
        capacity 2
        submit a
          start a/0 on 0.0
        exit a/0 fail
          finish a/0: failed with exit code 1; settled
          job a finished
          reclaim a/0 on 0.0
        resume a again=0#2
        why a
          the last slot is being released
        reclaim a/0
          start a/0#2 on 0.0
        exit a/0#2 ok
          finish a/0#2: succeeded; settled
          job a finished
          reclaim a/0#2 on 0.0
        ",
    );
}

#[test]
fn a_resumption_that_speaks_of_tasks_under_way_changes_nothing_about_them() {
    check(
        "
        capacity 1
        submit a*3
          start a/0 on 0.0
        resume a fresh=0-2 again=0#2 interrupted=0#1
        job a
          2 queued, 0 retrying, 1 starting, 0 running, 0 stopping; 0 reclaiming
        ",
    );
}

#[test]
fn a_task_that_is_named_twice_goes_on_with_the_attempt_that_has_a_number() {
    check(
        "
        capacity 3
        resume a*3 fresh=0-2 again=0#3 interrupted=1#4
          finish a/1#4: lost: the server was ended; #5 at 0
          start a/0#3 on 0.0
          start a/1#5 on 0.1
          start a/2 on 0.2
        job a
          0 queued, 0 retrying, 3 starting, 0 running, 0 stopping; 0 reclaiming
        ",
    );
}

#[test]
fn tasks_that_the_job_does_not_have_are_not_taken_up() {
    check(
        "
        capacity 2
        resume a*2 fresh=1-9 again=7#2 interrupted=8#1
          start a/1 on 0.0
        ",
    );
}

#[test]
fn a_job_that_no_slot_is_large_enough_for_any_more_waits_and_can_be_cancelled() {
    check(
        "
        capacity 1
        resume a want=50:128 fresh=0
        why a
          sub-cluster default does not take the job: a slot has 64MiB of memory (asked: 128MiB)
        cancel a
          cancel waiting a/0
          job a finished
        ",
    );
}
