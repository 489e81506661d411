//! From submission to the free slot, and how every ending gives everything back.

use crate::notation::check;

#[test]
fn x3_a_job_runs_end_to_end() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        start a/0
        exit a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        job a
          0 queued, 0 retrying, 0 starting, 0 running, 0 stopping; 1 reclaiming
        reclaim a/0
        job a
          gone
        idle
          yes
        ",
    );
}

#[test]
fn l04_the_slot_is_free_only_after_everything_is_released() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        submit b
        exit a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        reclaim a/0
          start b/0 on 0.0
        ",
    );
}

#[test]
fn an_attempt_that_could_not_be_set_up_ends_without_having_run() {
    check(
        "
        capacity 1
        submit a restart=never
          start a/0 on 0.0
        exit a/0 setup
          finish a/0: lost: it could not be started; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

/// Plays one ending of a task that is not tried again.
#[track_caller]
fn ends(outcome: &str, words: &str) {
    check(&format!(
        "
        capacity 1
        submit a restart=never
          start a/0 on 0.0
        start a/0
        pool
          node 0: 0 of 1 slots free, 0.05 cpu and 64MiB granted
          default: 1 of 1 slots in use, 0 tasks of 0 jobs queued
        exit a/0 {outcome}
          finish a/0: {words}; settled
          job a finished
          reclaim a/0 on 0.0
        reclaim a/0
        pool
          node 0: 1 of 1 slots free, 0 cpu and 0B granted
          default: 0 of 1 slots in use, 0 tasks of 0 jobs queued
        "
    ));
}

#[test]
fn l07_the_slot_comes_back_when_a_task_succeeded() {
    ends("ok", "succeeded");
}

#[test]
fn l07_the_slot_comes_back_when_a_task_failed() {
    ends("fail", "failed with exit code 1");
}

#[test]
fn l07_the_slot_comes_back_when_a_task_trapped() {
    ends("trap", "trapped: unreachable code was reached");
}

#[test]
fn l07_the_slot_comes_back_when_a_task_exceeded_a_limit() {
    ends("limit", "limit exceeded: wall");
}

#[test]
fn l07_the_slot_comes_back_when_a_task_was_cancelled() {
    ends("cancelled", "cancelled");
}

#[test]
fn l07_the_slot_comes_back_when_a_task_was_lost() {
    ends("lost", "lost: the worker process died");
}

#[test]
fn m02_messages_that_come_twice_or_late_change_nothing() {
    check(
        "
        capacity 1
        submit a*2 restart=never
          start a/0 on 0.0
        submit a
        start a/0
        start a/0
        reclaim a/0
        exit a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
        exit a/0 fail
        start a/0
        reclaim a/0
          start a/1 on 0.0
        reclaim a/0
        exit a/0 lost
        exit a/1#2 ok
        exit a/7 ok
        rejoin 5
        grace
        tick
        job a
          0 queued, 0 retrying, 1 starting, 0 running, 0 stopping; 0 reclaiming
        ",
    );
}

#[test]
fn s6_a_late_message_of_an_earlier_attempt_does_not_touch_the_present_one() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        end a/0 lost
          finish a/0: lost: the worker process died; #2 at 0
          reclaim a/0 on 0.0
          start a/0#2 on 0.0
        exit a/0 ok
        reclaim a/0
        attempts a
          a/0#2 Starting on 0.0
        ",
    );
}

#[test]
fn a_withdrawn_submission_never_was() {
    check(
        "
        capacity 2
        submit a
          start a/0 on 0.0
        submit b*5
          start b/0 on 0.1
        submit c
        withdraw b
          start c/0 on 0.1
        job b
          gone
        withdraw b
        ",
    );
}

#[test]
fn a_withdrawn_submission_that_was_cancelled_in_the_same_batch_gives_its_slot_back() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        cancel a
          stop a/0: Cancel
        withdraw a
        idle
          yes
        ",
    );
}

#[test]
fn s4_a_job_that_is_known_to_run_cannot_be_withdrawn() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        start a/0
        withdraw a
        attempts a
          a/0 Running on 0.0
        ",
    );
}
