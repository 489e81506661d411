//! Nodes that go from one sub-cluster to another while jobs run.

use crate::notation::check;

/// Two sub-clusters between which the load decides.
const TWO: &str = "rules calm entry={node.load < 0.5} exit={node.load > 0.8} grace=0; busy entry={node.load > 0.8} exit={node.load < 0.5}";

#[test]
fn i05_three_sub_clusters_run_jobs_at_the_same_time() {
    check(
        "
        rules a max=1; b max=1; c max=1
        host h 0:1 1:1 2:1
        nodes
          node 0 in a
          node 1 in b
          node 2 in c
        show routes
        submit x in=a
          x to a by its user
          start x/0 on 0.0
        submit y in=b
          y to b by its user
          start y/0 on 1.0
        submit z in=c
          z to c by its user
          start z/0 on 2.0
        pool
          node 0: 0 of 1 slots free, 0.05 cpu and 64MiB granted
          node 1: 0 of 1 slots free, 0.05 cpu and 64MiB granted
          node 2: 0 of 1 slots free, 0.05 cpu and 64MiB granted
          a: 1 of 1 slots in use, 0 tasks of 0 jobs queued
          b: 1 of 1 slots in use, 0 tasks of 0 jobs queued
          c: 1 of 1 slots in use, 0 tasks of 0 jobs queued
        ",
    );
}

#[test]
fn i06_i08_i09_a_load_moves_a_node_once_it_passes_the_exit_rule_and_not_before() {
    check(&format!(
        "
        {TWO}
        show moves
        host h 0:1
          node 0 from down to unassigned
          node 0 from unassigned to in calm
        at 10
        load 0 700
        load 0 801
          node 0 from in calm to unassigned
          node 0 from unassigned to in busy
        load 0 801
        "
    ));
}

#[test]
fn i17_a_grace_that_is_over_stops_the_task_once_and_it_goes_on_elsewhere() {
    check(
        &format!(
            "
        {TWO}
        host h 0:1 1:1
        show moves
        submit a in=calm restart=on-loss
          start a/0 on 0.0
        at 10
        load 0 900
          node 0 from in calm to draining from calm
          stop a/0: Drain
        tick
        load 0 950
        exit a/0 drained
          finish a/0: cancelled: its node was drained; #2 at 10
          reclaim a/0 on 0.0
        nodes
          node 0 draining from calm
          node 1 in calm
        reclaim a/0
          node 0 from draining from calm to unassigned
          node 0 from unassigned to in busy
          start a/0#2 on 1.0
        "
        )
        .replace(
            "        s05_nodes\n",
            "        nodes\n          node 0 draining from calm\n          node 1 in calm\n",
        ),
    );
}

#[test]
fn x02_i09_the_end_of_a_task_moves_its_node_in_the_same_event() {
    check(
        "
        rules work priority=1 exit={node.slots_free > 1 && sub.queued == 0 && node.dwell > 5ms}; rest
        host h 0:2
          wake at 6
        show moves
        submit a*2 in=work
          start a/0 on 0.0
          start a/1 on 0.1
        at 10
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
        exit a/1 ok
          finish a/1: succeeded; settled
          job a finished
          reclaim a/1 on 0.1
        reclaim a/1
          node 0 from in work to unassigned
          node 0 from unassigned to in rest
        ",
    );
}

#[test]
fn i07_each_kind_of_state_change_is_heard_without_a_sweep() {
    check(
        "
        rules a entry={!has(node.labels.gpu) && node.healthy} exit={!node.healthy || has(node.labels.gpu) || node.load > 0.9}
        show moves
        host h 0:1
          node 0 from down to unassigned
          node 0 from unassigned to in a
        at 1
        ill 0
          node 0 from in a to unassigned
        at 2
        well 0
          node 0 from unassigned to in a
        at 3
        label 0 gpu=yes
          node 0 from in a to unassigned
        at 4
        label 0
          node 0 from unassigned to in a
        at 5
        drain-node 0
          node 0 from in a to unassigned
        at 6
        resume-node 0
          node 0 from unassigned to in a
        at 7
        lose h
          node 0 from in a to down
        at 8
        host h 0:1
          node 0 from down to unassigned
          node 0 from unassigned to in a
        at 9
        load 0 950
          node 0 from in a to unassigned
        ",
    );
}

#[test]
fn i07_i18_an_age_that_passes_its_threshold_moves_a_node_when_the_alarm_rings() {
    check(
        "
        rules a entry={node.dwell < 1s} exit={sub.idle > 5s}
        show moves
        host h 0:1
          node 0 from down to unassigned
          node 0 from unassigned to in a
          wake at 5001
        at 5001
        tick
          node 0 from in a to unassigned
        ",
    );
}

#[test]
fn i14_a_task_runs_on_nodes_of_its_own_sub_cluster_only() {
    check(
        "
        rules a max=1; b
        host h 0:1 1:1
        submit x*3 in=a
          start x/0 on 0.0
        why x
          1 slots in 1, 0 jobs with 0 tasks and 0 users ahead
        end x/0 ok
          finish x/0: succeeded; settled
          reclaim x/0 on 0.0
          start x/1 on 0.0
        ",
    );
}
