//! Hosts that come, change and go.

use crate::notation::check;

#[test]
fn x05_of_three_hosts_one_is_lost_its_attempts_end_once_and_no_other_node_moves() {
    check(
        "
        host x 0:1
        host y 1:2
        host z 2:1
        submit a*3 restart=on-loss
          start a/0 on 0.0
          start a/1 on 1.0
          start a/2 on 1.1
        submit b restart=never
          start b/0 on 2.0
        show moves
        lose y
          finish a/1: lost: its host is gone; #2 at 0
          finish a/2: lost: its host is gone; #2 at 0
          node 1 from in default to down
        exit a/1 ok
        reclaim a/1
        start a/2
        lose y
        nodes
          node 0 in default
          node 1 down
          node 2 in default
        lose z
          finish b/0: lost: its host is gone; settled
          job b finished
          node 2 from in default to down
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
          start a/1#2 on 0.0
        ",
    );
}

#[test]
fn an_attempt_that_had_ended_when_its_host_was_lost_is_not_finished_again() {
    check(
        "
        host x 0:2
        submit a*2 restart=on-loss
          start a/0 on 0.0
          start a/1 on 0.1
        exit a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
        exit a/1 lost
          finish a/1: lost: the worker process died; #2 at 0
          reclaim a/1 on 0.1
        lose x
        reclaim a/0
        reclaim a/1
        job a
          1 queued, 0 retrying, 0 starting, 0 running, 0 stopping; 0 reclaiming
        host x 0:1
          start a/1#2 on 0.0
        reclaim a/1
        attempts a
          a/1#2 Starting on 0.0
        ",
    );
}

#[test]
fn f01_slots_that_a_host_offers_again_are_given_out_at_once() {
    check(
        "
        rules a max=1; b
        host h 0:2 1:1
        submit x in=b
          start x/0 on 1.0
        host h 0:2 1:1 room=2
        submit y*2 in=a user=2
        why y
          no slots in 1
        end x/0 ok
          finish x/0: succeeded; settled
          job x finished
          reclaim x/0 on 1.0
          start y/0 on 0.0
          start y/1 on 0.1
        ",
    );
}

#[test]
fn f01_a_host_that_grows_back_has_its_slots_given_out_at_once() {
    check(
        "
        rules a max=1; b
        host h 0:2 1:1
        submit x in=b
          start x/0 on 1.0
        host h 0:2 1:1 room=2
        submit y in=a user=2
        host h 0:2 1:1
          start y/0 on 0.0
        ",
    );
}
