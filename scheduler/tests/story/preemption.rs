//! Attempts that are ended for users who have less than a fair share.

use crate::notation::{Stage, check};

#[test]
fn preemption_is_off_unless_a_sub_cluster_says_otherwise() {
    check(
        "
        capacity 2
        submit a*2 user=1
          start a/0 on 0.0
          start a/1 on 0.1
        submit b user=2
        at 60000
        tick
        ",
    );
}

#[test]
fn who_has_more_loses_the_youngest_attempt_after_a_pause_and_then_it_settles() {
    check(
        "
        rules p preemption=on
        capacity 4
        submit a*6 user=1
          start a/0 on 0.0
          start a/1 on 0.1
          start a/2 on 0.2
          start a/3 on 0.3
          wake at 5000
        submit b*6 user=2
        at 4999
        tick
          wake at 5000
        at 5000
        tick
          stop a/3: Preempt
          wake at 10000
        tick
          wake at 10000
        end a/3 preempted
          finish a/3: cancelled: its slot was needed for another user's share; #2 at 5000
          reclaim a/3 on 0.3
          start b/0 on 0.3
        at 10000
        tick
          stop a/2: Preempt
          wake at 15000
        end a/2 preempted
          finish a/2: cancelled: its slot was needed for another user's share; #2 at 10000
          reclaim a/2 on 0.2
          start b/1 on 0.2
        at 15000
        tick
          wake at 20000
        at 20000
        tick
          wake at 25000
        ",
    );
}

#[test]
fn everybody_who_waits_waits_a_whole_pause() {
    check(
        "
        rules p preemption=on
        capacity 2
        submit a*2 user=1
          start a/0 on 0.0
          start a/1 on 0.1
        submit b user=2
          wake at 5000
        at 100
        cancel b
          cancel waiting b/0
          job b finished
        at 4900
        submit c user=2
          wake at 9900
        at 5000
        tick
          wake at 9900
        at 9900
        tick
          stop a/1: Preempt
          wake at 14900
        ",
    );
}

#[test]
fn a_gang_gives_no_slot_and_gets_none_by_halves() {
    check(
        "
        rules p preemption=on
        capacity 3
        submit g*2 gang user=1
          start g/0 on 0.0
          start g/1 on 0.1
        submit a user=1
          start a/0 on 0.2
        submit h*2 gang user=2
          wake at 5000
        at 5000
        tick
          wake at 10000
        submit b user=3
        at 10000
        tick
          stop a/0: Preempt
          wake at 15000
        at 15000
        tick
          wake at 20000
        ",
    );
}

#[test]
fn a_server_that_stops_preempts_nobody_and_asks_for_no_wake_up() {
    check(
        "
        rules p preemption=on
        capacity 2
        submit a*2 user=1
          start a/0 on 0.0
          start a/1 on 0.1
        submit b user=2
          wake at 5000
        drain
        at 5000
        tick
        at 9000
        tick
        ",
    );
}

#[test]
fn a_paused_sub_cluster_preempts_nobody() {
    check(
        "
        rules p preemption=on
        capacity 2
        submit a*2 user=1
          start a/0 on 0.0
          start a/1 on 0.1
        submit b user=2
          wake at 5000
        pause p later
        at 5000
        tick
        unpause p
          wake at 10000
        ",
    );
}

/// Sub-clusters of which the numbers are equal modulo 128 share a place in the order of users.
#[test]
fn nobody_is_preempted_for_a_user_who_waits_elsewhere() {
    let mut stage = Stage::new();
    let fillers: Vec<String> = (2..129).map(|number| format!("f{number} max=1")).collect();
    let fillers = fillers.join("; ");
    // Number 0 is the one called `default`, so `p` is 1 and `q` is 129.
    stage.tell(&format!(
        "rules p max=1 priority=9 preemption=on; {fillers}; q max=1 priority=8"
    ));
    for line in [
        "host h 0:2 1:1",
        "submit a*2 user=1 in=p",
        "submit c user=3 in=q",
        "submit b user=2 in=q",
        "submit d user=1 in=p",
        "at 5000",
    ] {
        stage.tell(line);
    }
    assert_eq!(stage.tell("tick"), ["wake at 10000"]);
}

#[test]
fn an_attempt_on_a_node_that_drains_makes_no_room_and_is_left_alone() {
    check(
        "
        rules p preemption=on
        host h 0:1 1:1
        submit x*2 user=1
          start x/0 on 0.0
          start x/1 on 1.0
        drain-node 1
        submit y user=2
          wake at 5000
        at 5000
        tick
          stop x/0: Preempt
          wake at 10000
        end x/0 preempted
          finish x/0: cancelled: its slot was needed for another user's share; #2 at 5000
          reclaim x/0 on 0.0
          start y/0 on 0.0
        ",
    );
}
