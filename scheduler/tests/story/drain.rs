//! The server stops.

use crate::notation::check;

#[test]
fn a_drain_starts_nothing_and_takes_nothing_in_but_lets_run_what_runs() {
    check(
        "
        capacity 1
        submit a*2
          start a/0 on 0.0
        drain
        admit b
          the server is stopping and takes no new jobs
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
        why a
          draining
        idle
          yes
        capacity 1
        ",
    );
}

#[test]
fn when_the_grace_is_over_everything_is_told_to_stop_once() {
    check(
        "
        capacity 3
        submit a*3
          start a/0 on 0.0
          start a/1 on 0.1
          start a/2 on 0.2
        start a/0
        cancel a/1
          stop a/1: Cancel
        drain
        grace
          stop a/0: Shutdown
          stop a/2: Shutdown
        grace
        end a/0 shutdown
          finish a/0: cancelled: the server was stopping; #2 at 0
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn a_cancel_after_the_grace_is_not_told_again_but_keeps_the_task_from_another_attempt() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        drain
        grace
          stop a/0: Shutdown
        cancel a
        exit a/0 lost
          finish a/0: lost: the worker process died; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}

#[test]
fn a_task_that_is_lost_at_the_end_of_the_grace_waits_for_the_next_server() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        drain
        grace
          stop a/0: Shutdown
        end a/0 lost
          finish a/0: lost: the worker process died; #2 at 0
          reclaim a/0 on 0.0
        job a
          1 queued, 0 retrying, 0 starting, 0 running, 0 stopping; 0 reclaiming
        ",
    );
}

#[test]
fn a_task_that_may_start_only_once_is_over_when_the_server_stops_it() {
    check(
        "
        capacity 1
        submit a restart=never
          start a/0 on 0.0
        drain
        grace
          stop a/0: Shutdown
        end a/0 shutdown
          finish a/0: cancelled: the server was stopping; settled
          job a finished
          reclaim a/0 on 0.0
        ",
    );
}
