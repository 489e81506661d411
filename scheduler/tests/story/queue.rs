//! Who gets the next free slot, and which.

use crate::notation::check;

#[test]
fn first_come_first_served() {
    check(
        "
        submit a
        submit b
        submit c
        capacity 2
          start a/0 on 0.0
          start b/0 on 0.1
        end b/0 ok
          finish b/0: succeeded; settled
          job b finished
          reclaim b/0 on 0.1
          start c/0 on 0.1
        ",
    );
}

#[test]
fn a_higher_priority_goes_first() {
    check(
        "
        submit low priority=-1
        submit plain
        submit high priority=7
        capacity 3
          start high/0 on 0.0
          start plain/0 on 0.1
          start low/0 on 0.2
        ",
    );
}

#[test]
fn within_a_job_the_lowest_task_goes_first() {
    check(
        "
        submit a tasks=5-7
        capacity 2
          start a/5 on 0.0
          start a/6 on 0.1
        ",
    );
}

#[test]
fn a_job_of_higher_priority_passes_an_array_that_is_under_way() {
    check(
        "
        capacity 1
        submit a*1000
          start a/0 on 0.0
        submit b priority=1
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
          start b/0 on 0.0
        end b/0 ok
          finish b/0: succeeded; settled
          job b finished
          reclaim b/0 on 0.0
          start a/1 on 0.0
        ",
    );
}

#[test]
fn a_retry_that_is_due_goes_before_fresh_tasks_of_its_job() {
    check(
        "
        capacity 1
        submit a*3
          start a/0 on 0.0
        end a/0 lost
          finish a/0: lost: the worker process died; #2 at 0
          reclaim a/0 on 0.0
          start a/0#2 on 0.0
        ",
    );
}

#[test]
fn f01_a_new_node_is_put_to_use_at_once() {
    check(
        "
        capacity 1
        submit a*4
          start a/0 on 0.0
        capacity 2
          start a/1 on 1.0
          start a/2 on 1.1
        why a
          3 slots in 0, 0 jobs with 0 tasks and 0 users ahead
        ",
    );
}

#[test]
fn slots_of_the_first_nodes_are_used_first() {
    check(
        "
        capacity 2
        capacity 2
        submit a*3
          start a/0 on 0.0
          start a/1 on 0.1
          start a/2 on 1.0
        end a/1 ok
          finish a/1: succeeded; settled
          reclaim a/1 on 0.1
        submit b
          start b/0 on 0.1
        ",
    );
}

#[test]
fn a_node_too_small_for_a_slot_is_a_node_without_slots() {
    check(
        "
        capacity 0
        submit a
        why a
          sub-cluster default does not take the job: no node can hold a slot of it (0.05 cpu and 64MiB)
        pool
          node 0: 0 of 0 slots free, 0 cpu and 0B granted
          default: 0 of 0 slots in use, 0 tasks of 0 jobs queued
        ",
    );
}
