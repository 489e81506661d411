//! What people can ask while jobs wait and run.

use crate::notation::check;

#[test]
fn l04_a_full_pool_is_the_reason_to_wait_and_no_part_of_a_slot_is_held_meanwhile() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        submit b*3
        submit c
        why c
          1 slots in 0, 1 jobs with 3 tasks and 0 users ahead
        why a
          it does not wait
        pool
          node 0: 0 of 1 slots free, 0.05 cpu and 64MiB granted
          default: 1 of 1 slots in use, 4 tasks of 2 jobs queued
        ",
    );
}

#[test]
fn a_job_waits_for_the_first_node() {
    check(
        "
        submit a
        why a
          sub-cluster default does not take the job: no node can hold a slot of it (0.05 cpu and 64MiB)
        capacity 1
          start a/0 on 0.0
        why a
          it does not wait
        ",
    );
}

#[test]
fn every_task_is_counted_once() {
    check(
        "
        capacity 4
        submit a*6 restart=on-failure:1:100
          start a/0 on 0.0
          start a/1 on 0.1
          start a/2 on 0.2
          start a/3 on 0.3
        start a/0
        cancel a/1
          stop a/1: Cancel
        exit a/2 fail
          finish a/2: failed with exit code 1; #2 at 100
          reclaim a/2 on 0.2
        exit a/3 ok
          finish a/3: succeeded; settled
          reclaim a/3 on 0.3
        job a
          2 queued, 1 retrying, 0 starting, 1 running, 1 stopping; 2 reclaiming
        attempts a
          a/0 Running on 0.0
          a/1 Stopping on 0.1
          a/2 Finished on 0.2
          a/3 Finished on 0.3
        idle
          no
        ",
    );
}
