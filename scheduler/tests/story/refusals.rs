//! Submissions that are refused: each names the thing, the number asked for and the limit.

use crate::notation::check;

#[test]
fn a_job_that_fits_is_admitted_however_long_the_queue_is() {
    check(
        "
        capacity 1
        submit a*1000000
          start a/0 on 0.0
        admit b*1000000
          yes
        ",
    );
}

#[test]
fn more_than_the_largest_slot_is_refused() {
    check(
        "
        capacity 1
        admit a want=50:65
          sub-cluster default does not take the job: a slot has 64MiB of memory (asked: 65MiB)
        admit a want=1500:64
          sub-cluster default does not take the job: a slot has 0.05 cpu (asked: 1.5)
        ",
    );
}

#[test]
fn more_tasks_than_a_job_may_have_are_refused() {
    check(
        "
        capacity 1
        admit a*1000001
          the job has 1000001 tasks, the limit is 1000000
        admit a tasks=0-4294967295
          the job has 4294967296 tasks, the limit is 1000000
        ",
    );
}

#[test]
fn a_job_without_tasks_is_refused() {
    check(
        "
        capacity 1
        admit a tasks=5-4
          the job has 0 tasks, it needs at least 1
        ",
    );
}

#[test]
fn more_tasks_than_a_user_may_have_queued_are_refused_and_others_are_not() {
    check(
        "
        capacity 1
        submit a*1000000 user=1
          start a/0 on 0.0
        submit b*999999 user=1
        admit c user=1
          yes
        admit c*2 user=1
          the job has 2 tasks and its user has 1999999 queued or running, the limit is 2000000
        admit c*2 user=2
          yes
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
          start a/1 on 0.0
        admit c*2 user=1
          yes
        ",
    );
}

#[test]
fn a_pool_without_any_slot_takes_nothing_in() {
    check(
        "
        admit a
          sub-cluster default does not take the job: no node can hold a slot of it (0.05 cpu and 64MiB)
        capacity 0
        admit a
          sub-cluster default does not take the job: no node can hold a slot of it (0.05 cpu and 64MiB)
        capacity 1
        admit a
          yes
        ",
    );
}

#[test]
fn a_withdrawn_job_does_not_count_against_its_user() {
    check(
        "
        capacity 1
        submit a*1000000
          start a/0 on 0.0
        submit b*1000000
        withdraw b
        admit c*1000000
          yes
        ",
    );
}
