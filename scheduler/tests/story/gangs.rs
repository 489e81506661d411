//! Jobs whose tasks start together or not at all.

use crate::notation::check;

#[test]
fn i15_a_gang_of_four_with_three_free_slots_waits_and_holds_nothing() {
    check(
        "
        capacity 4
        submit a timeout=500
          start a/0 on 0.0
        submit g*4 gang
        why g
          wants 4 slots at once, 3 free, enough by 500
        pool
          node 0: 3 of 4 slots free, 0.05 cpu and 64MiB granted
          default: 1 of 4 slots in use, 4 tasks of 1 jobs queued
        end a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
          start g/0 on 0.0
          start g/1 on 0.1
          start g/2 on 0.2
          start g/3 on 0.3
        ",
    );
}

#[test]
fn f04_who_is_over_in_time_passes_the_gang_and_who_is_not_waits() {
    check(
        "
        capacity 3
        submit a timeout=500
          start a/0 on 0.0
        submit g*3 gang
        submit long timeout=501
        submit short timeout=500
          start short/0 on 0.1
        why long
          kept for g until 500
        ",
    );
}

#[test]
fn f04_a_gang_is_promised_nothing_of_a_node_that_drains() {
    check(
        "
        host h 0:2 1:2
        submit a timeout=500
          start a/0 on 0.0
        drain-node 0
        submit g*3 gang
        why g
          wants 3 slots at once, 2 free
        submit long timeout=501
          start long/0 on 1.0
        at 400
        end a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        why g
          wants 3 slots at once, 1 free
        ",
    );
}

#[test]
fn f04_a_promise_that_a_drain_made_void_is_made_again_when_the_node_stays() {
    check(
        "
        host h 0:2 1:2
        submit a*2 timeout=500
          start a/0 on 0.0
          start a/1 on 0.1
        submit g*4 gang
        why g
          wants 4 slots at once, 2 free, enough by 500
        drain-node 0
        why g
          wants 4 slots at once, 2 free
        resume-node 0
        why g
          wants 4 slots at once, 2 free, enough by 500
        submit long timeout=501
        why long
          kept for g until 500
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
        end a/1 ok
          finish a/1: succeeded; settled
          job a finished
          reclaim a/1 on 0.1
          start g/0 on 0.0
          start g/1 on 0.1
          start g/2 on 1.0
          start g/3 on 1.1
        ",
    );
}

#[test]
fn f04_a_gang_is_promised_nothing_of_a_host_that_shrank_until_enough_of_it_has_drained() {
    check(
        "
        host h 0:1 1:1
        host i 2:2
        submit a timeout=500
          start a/0 on 0.0
        submit b timeout=300
          start b/0 on 1.0
        host h 0:1 1:1 room=1
        submit g*3 gang
        why g
          wants 3 slots at once, 2 free
        end b/0 ok
          finish b/0: succeeded; settled
          job b finished
          reclaim b/0 on 1.0
        why g
          wants 3 slots at once, 2 free, enough by 500
        submit long timeout=501
        why long
          kept for g until 500
        ",
    );
}

#[test]
fn a_gang_that_lost_some_of_its_tasks_waits_until_all_that_are_left_can_start() {
    check(
        "
        capacity 3
        submit g*3 gang restart=on-loss
          start g/0 on 0.0
          start g/1 on 0.1
          start g/2 on 0.2
        exit g/0 lost
          finish g/0: lost: the worker process died; #2 at 0
          reclaim g/0 on 0.0
        exit g/1 lost
          finish g/1: lost: the worker process died; #2 at 0
          reclaim g/1 on 0.1
        reclaim g/0
        reclaim g/1
          start g/0#2 on 0.0
          start g/1#2 on 0.1
        ",
    );
}

#[test]
fn a_gang_larger_than_all_slots_there_are_is_refused() {
    check(
        "
        capacity 3
        admit g*4 gang
          sub-cluster default does not take the job: it needs 4 slots at once, at most 3 can exist
        ",
    );
}
