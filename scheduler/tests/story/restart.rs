//! What follows an attempt that did not succeed.

use crate::notation::check;

#[test]
fn never_means_that_a_lost_task_is_settled() {
    check(
        "
        capacity 1
        submit a restart=never
          start a/0 on 0.0
        exit a/0 lost
          finish a/0: lost: the worker process died; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn on_loss_tries_a_lost_task_again_but_three_losses_in_a_row_end_it() {
    check(
        "
        capacity 1
        submit a restart=on-loss
          start a/0 on 0.0
        end a/0 lost
          finish a/0: lost: the worker process died; #2 at 0
          reclaim a/0 on 0.0
          start a/0#2 on 0.0
        end a/0#2 lost
          finish a/0#2: lost: the worker process died; #3 at 0
          reclaim a/0#2 on 0.0
          start a/0#3 on 0.0
        end a/0#3 lost
          finish a/0#3: lost: the worker process died; settled
          job a finished
          reclaim a/0#3 on 0.0
        ",
    );
}

#[test]
fn on_loss_does_not_try_a_failed_task_again() {
    check(
        "
        capacity 1
        submit a restart=on-loss
          start a/0 on 0.0
        exit a/0 fail
          finish a/0: failed with exit code 1; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn on_failure_tries_again_after_a_pause_that_doubles_and_then_gives_up() {
    check(
        "
        capacity 1
        submit a restart=on-failure:2:100
          start a/0 on 0.0
        end a/0 fail
          finish a/0: failed with exit code 1; #2 at 100
          reclaim a/0 on 0.0
          wake at 100
        why a
          pause until 100
        at 100
        tick
          start a/0#2 on 0.0
        at 150
        end a/0#2 trap
          finish a/0#2: trapped: unreachable code was reached; #3 at 350
          reclaim a/0#2 on 0.0
          wake at 350
        at 350
        tick
          start a/0#3 on 0.0
        end a/0#3 limit
          finish a/0#3: limit exceeded: wall; settled
          job a finished
          reclaim a/0#3 on 0.0
        ",
    );
}

#[test]
fn a_loss_uses_up_no_retry_and_a_failure_ends_the_row_of_losses() {
    check(
        "
        capacity 1
        submit a restart=on-failure:1:100
          start a/0 on 0.0
        end a/0 lost
          finish a/0: lost: the worker process died; #2 at 0
          reclaim a/0 on 0.0
          start a/0#2 on 0.0
        end a/0#2 lost
          finish a/0#2: lost: the worker process died; #3 at 0
          reclaim a/0#2 on 0.0
          start a/0#3 on 0.0
        end a/0#3 fail
          finish a/0#3: failed with exit code 1; #4 at 100
          reclaim a/0#3 on 0.0
          wake at 100
        at 100
        tick
          start a/0#4 on 0.0
        end a/0#4 lost
          finish a/0#4: lost: the worker process died; #5 at 100
          reclaim a/0#4 on 0.0
          start a/0#5 on 0.0
        end a/0#5 fail
          finish a/0#5: failed with exit code 1; settled
          job a finished
          reclaim a/0#5 on 0.0
        ",
    );
}

#[test]
fn a_slot_is_not_kept_while_a_retry_waits() {
    check(
        "
        capacity 1
        submit a restart=on-failure:1:100
          start a/0 on 0.0
        submit b
        end a/0 fail
          finish a/0: failed with exit code 1; #2 at 100
          reclaim a/0 on 0.0
          start b/0 on 0.0
          wake at 100
        at 100
        tick
        why a
          1 slots in 0, 0 jobs with 0 tasks and 0 users ahead
        ",
    );
}

#[test]
fn a_retry_does_not_start_before_its_last_slot_is_released_even_when_another_is_free() {
    check(
        "
        capacity 2
        submit a
          start a/0 on 0.0
        exit a/0 lost
          finish a/0: lost: the worker process died; #2 at 0
          reclaim a/0 on 0.0
        why a
          the last slot is being released
        reclaim a/0
          start a/0#2 on 0.0
        ",
    );
}

#[test]
fn a_pause_that_is_over_before_the_slot_is_released_is_not_waited_for_again() {
    check(
        "
        capacity 1
        submit a restart=on-failure:1:100
          start a/0 on 0.0
        exit a/0 fail
          finish a/0: failed with exit code 1; #2 at 100
          reclaim a/0 on 0.0
        at 100
        reclaim a/0
          start a/0#2 on 0.0
        ",
    );
}

#[test]
fn the_alarm_is_set_to_the_earliest_pause_and_set_again_when_it_rings_too_early() {
    check(
        "
        capacity 2
        submit slow restart=on-failure:1:500
          start slow/0 on 0.0
        submit fast restart=on-failure:1:100
          start fast/0 on 0.1
        end slow/0 fail
          finish slow/0: failed with exit code 1; #2 at 500
          reclaim slow/0 on 0.0
          wake at 500
        end fast/0 fail
          finish fast/0: failed with exit code 1; #2 at 100
          reclaim fast/0 on 0.1
          wake at 100
        at 99
        tick
          wake at 100
        at 100
        tick
          start fast/0#2 on 0.0
          wake at 500
        ",
    );
}

#[test]
fn a_cancelled_attempt_is_not_tried_again() {
    check(
        "
        capacity 1
        submit a restart=on-failure:5:100
          start a/0 on 0.0
        exit a/0 cancelled
          finish a/0: cancelled; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}
