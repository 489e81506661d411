//! Work that its user wants ended.

use crate::notation::check;

#[test]
fn what_waits_is_cancelled_at_once_and_what_runs_is_told_to_stop() {
    check(
        "
        capacity 2
        submit a*5
          start a/0 on 0.0
          start a/1 on 0.1
        start a/0
        cancel a
          stop a/0: Cancel
          stop a/1: Cancel
          cancel waiting a/2-4
        job a
          0 queued, 0 retrying, 0 starting, 0 running, 2 stopping; 0 reclaiming
        end a/0 cancelled
          finish a/0: cancelled; settled
          reclaim a/0 on 0.0
        end a/1 cancelled
          finish a/1: cancelled; settled
          job a finished
          reclaim a/1 on 0.1
        ",
    );
}

#[test]
fn a_job_that_only_waits_is_finished_by_its_cancel() {
    check(
        "
        submit a*3
        cancel a
          cancel waiting a/0-2
          job a finished
        job a
          gone
        cancel a
        ",
    );
}

#[test]
fn one_task_can_be_cancelled() {
    check(
        "
        capacity 1
        submit a*4
          start a/0 on 0.0
        cancel a/2
          cancel waiting a/2
        cancel a/2
        cancel a/9
        cancel a/0
          stop a/0: Cancel
        end a/0 cancelled
          finish a/0: cancelled; settled
          reclaim a/0 on 0.0
          start a/1 on 0.0
        end a/1 ok
          finish a/1: succeeded; settled
          reclaim a/1 on 0.0
          start a/3 on 0.0
        ",
    );
}

#[test]
fn a_running_attempt_is_told_once() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        start a/0
        cancel a
          stop a/0: Cancel
        cancel a
        cancel a/0
        ",
    );
}

#[test]
fn a_start_seen_after_the_cancel_does_not_bring_the_attempt_back() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        cancel a
          stop a/0: Cancel
        start a/0
        attempts a
          a/0 Stopping on 0.0
        ",
    );
}

#[test]
fn an_attempt_that_succeeds_before_the_cancel_reaches_it_has_succeeded() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        cancel a
          stop a/0: Cancel
        exit a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn a_task_that_is_lost_after_its_cancel_is_not_tried_again() {
    check(
        "
        capacity 1
        submit a restart=on-failure:5:100
          start a/0 on 0.0
        cancel a
          stop a/0: Cancel
        exit a/0 lost
          finish a/0: lost: the worker process died; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn tasks_that_wait_for_a_retry_are_cancelled_too() {
    check(
        "
        capacity 2
        submit a*2 restart=on-failure:1:100
          start a/0 on 0.0
          start a/1 on 0.1
        end a/0 fail
          finish a/0: failed with exit code 1; #2 at 100
          reclaim a/0 on 0.0
          wake at 100
        exit a/1 fail
          finish a/1: failed with exit code 1; #2 at 100
          reclaim a/1 on 0.1
        cancel a
          cancel waiting a/0-1
          job a finished
        reclaim a/1
        at 100
        tick
        job a
          gone
        ",
    );
}

#[test]
fn of_a_job_that_is_barred_nothing_more_starts_and_what_runs_is_let_be() {
    check(
        "
        capacity 2
        submit a*4
          start a/0 on 0.0
          start a/1 on 0.1
        start a/0
        bar a
          cancel waiting a/2-3: Quarantine
        job a
          0 queued, 0 retrying, 1 starting, 1 running, 0 stopping; 0 reclaiming
        bar a
        end a/0 lost
          finish a/0: lost: the worker process died; settled
          reclaim a/0 on 0.0
        end a/1 ok
          finish a/1: succeeded; settled
          job a finished
          reclaim a/1 on 0.1
        bar a
        ",
    );
}
