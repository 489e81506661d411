//! Busy nodes: they drain, and until they are empty they belong to their old sub-cluster.

use alloc::vec;
use alloc::vec::Vec;

use super::world::{SLOT, World, node, states, subcluster};
use crate::NodeId;
use crate::partition::{MoveCause, NodeState};
use crate::rule_set::SubclusterSpec;
use crate::{AttemptId, SlotId};

/// A node in `calm` with one of its two slots taken, which the load may send to `busy`.
fn one_running(grace_ms: Option<u64>) -> (World, (SlotId, AttemptId)) {
    let calm = SubclusterSpec {
        grace_ms,
        ..subcluster("calm", "node.load < 0.5", "node.load > 0.7")
    };
    let busy = subcluster("busy", "node.load >= 0.4", "");
    let mut world = World::with_nodes(vec![calm, busy], vec![node(0)]);
    let held = world.grant("calm");
    world.run();
    world.wait(1);
    (world, held)
}

#[test]
fn i17_a_busy_node_takes_nothing_new_and_moves_when_it_is_empty() {
    let (mut world, held) = one_running(None);
    world.load(0, 800);
    world.run();
    assert_eq!(world.place(0), "draining calm");
    let calm = world.id("calm");
    assert_eq!(world.partition.free_slots(calm), 0);
    assert_eq!(world.partition.slots(calm).total, 1, "the one that is held");
    world.give_back(held);
    world.run();
    assert_eq!(world.place(0), "busy");
}

#[test]
fn i17_a_draining_node_leaves_even_if_its_exit_rule_does_not_hold_any_more() {
    let (mut world, held) = one_running(None);
    world.load(0, 800);
    world.run();
    world.load(0, 450);
    assert_eq!(world.run().evaluations.exit, 0);
    world.give_back(held);
    world.run();
    assert_eq!(world.place(0), "busy");
}

#[test]
fn i17_without_grace_what_runs_is_stopped_once() {
    let (mut world, held) = one_running(Some(0));
    world.load(0, 800);
    assert_eq!(world.run().evicted, [(held.1, NodeId(0))]);
    assert_eq!(world.place(0), "draining calm");
    world.wait(10);
    assert_eq!(world.run().evicted, []);
    world.give_back(held);
    let came = world.run();
    assert_eq!(came.moves[0].cause, MoveCause::GraceEnded);
    assert_eq!(world.place(0), "busy");
}

#[test]
fn i17_the_grace_asks_to_be_woken_and_ends_then_and_not_before() {
    let (mut world, held) = one_running(Some(2000));
    world.load(0, 800);
    let came = world.run();
    assert_eq!(came.evicted, []);
    assert!(matches!(came.moves[0].cause, MoveCause::Rule { .. }));
    assert_eq!(world.partition.next_wake(), Some(world.now.plus(2000)));
    world.wait(1999);
    assert_eq!(world.run().evicted, []);
    world.wait(1);
    assert_eq!(world.run().evicted, [(held.1, NodeId(0))]);
    assert_eq!(world.partition.next_wake(), None);
}

#[test]
fn i14_slots_are_granted_only_of_members_that_do_not_drain() {
    let specs = || {
        vec![
            subcluster("calm", "node.load < 0.5", "node.load > 0.7"),
            subcluster("busy", "node.load >= 0.4", ""),
        ]
    };
    let mut world = World::with_nodes(specs(), (0..4).map(node).collect());
    world.grant("calm");
    world.wait(1);
    world.load(0, 800);
    world.load(2, 800);
    world.run();
    assert_eq!(world.places(), ["draining calm", "calm", "busy", "calm"]);
    let calm = world.id("calm");
    for _ in 0..world.partition.free_slots(calm) {
        let (slot, _) = world.grant("calm");
        assert!([NodeId(1), NodeId(3)].contains(&slot.node), "{slot}");
    }
    assert_eq!(world.partition.free_slots(calm), 0);
    assert_eq!(world.grant("busy").0.node, NodeId(2));
}

#[test]
#[should_panic(expected = "a slot is granted when one is free")]
fn i14_a_sub_cluster_without_a_free_slot_grants_none_of_another() {
    let mut world = World::with_nodes(
        vec![
            subcluster("all", "node.load < 1", ""),
            subcluster("none", "node.load > 1", ""),
        ],
        vec![node(0)],
    );
    world.grant("none");
}

#[test]
fn s05_a_node_with_something_running_does_not_change_its_sub_cluster() {
    let (mut world, held) = one_running(Some(0));
    world.load(0, 800);
    for _ in 0..3 {
        world.run();
        world.wait(60_000);
        assert_eq!(world.place(0), "draining calm");
    }
    world.give_back(held);
    world.run();
    assert_eq!(world.place(0), "busy");
}

#[test]
fn x01_what_drains_is_counted_apart_until_it_leaves() {
    let (mut world, held) = one_running(None);
    world.load(0, 800);
    world.run();
    let totals = world.partition.ledger.totals();
    assert_eq!((totals.draining, totals.granted), (SLOT, SLOT));
    assert_eq!(totals.free.cpu_millis, 0);
    world.give_back(held);
    let totals = world.partition.ledger.totals();
    assert_eq!(totals.draining, node(0).capacity);
    world.run();
    assert_eq!(world.partition.ledger.totals().free, node(0).capacity);
}

#[test]
fn an_operator_keeps_a_node_out_until_it_is_resumed() {
    let (mut world, held) = one_running(None);
    let now = world.now;
    world
        .partition
        .drain_node(now, NodeId(0), "disk".into(), None);
    let came = world.run();
    let reason = "disk".into();
    assert_eq!(came.moves[0].cause, MoveCause::Drained { reason });
    world.give_back(held);
    world.run();
    assert_eq!(world.place(0), "unassigned");
    world.load(0, 100);
    world.queue("calm", 3);
    assert_eq!(world.run().evaluations.entry, 0);
    world.partition.resume_node(world.now, NodeId(0));
    world.run();
    assert_eq!(world.place(0), "calm");
}

#[test]
fn a_drain_that_an_operator_takes_back_in_time_leaves_the_node_where_it_is() {
    let (mut world, held) = one_running(None);
    let (now, calm) = (world.now, world.id("calm"));
    world
        .partition
        .drain_node(now, NodeId(0), "disk".into(), Some(10));
    world.run();
    world.partition.resume_node(now, NodeId(0));
    let came = world.run();
    assert_eq!(
        states(&came.moves),
        [(NodeState::Draining(calm), NodeState::In(calm))]
    );
    assert_eq!(world.partition.free_slots(calm), 1);
    world.wait(10);
    assert_eq!(world.run().evicted, [], "its grace is void");
    world.give_back(held);
    world.run();
    assert_eq!(world.place(0), "calm");
}

#[test]
fn a_drain_that_an_operator_takes_back_does_not_hold_a_node_that_must_leave() {
    let (mut world, _held) = one_running(None);
    world.load(0, 800);
    world.run();
    let now = world.now;
    world
        .partition
        .drain_node(now, NodeId(0), "disk".into(), None);
    world.partition.resume_node(now, NodeId(0));
    world.run();
    assert_eq!(world.place(0), "draining calm");
}

#[test]
fn l08_an_idle_sub_cluster_lets_its_nodes_go_and_takes_them_again_with_work() {
    let specs = vec![subcluster(
        "mice",
        "node.load < 0.8 && sub.idle < 8m",
        "node.load > 0.95 || sub.idle > 10m",
    )];
    let mut world = World::with_nodes(specs, (0..3).map(node).collect());
    let mut woken = Vec::new();
    while let Some(at) = world.partition.next_wake() {
        assert!(at > world.now, "a wake-up in the past");
        world.now = at;
        world.run();
        woken.push(at.0);
    }
    assert_eq!(world.places(), ["unassigned", "unassigned", "unassigned"]);
    assert_eq!(woken, [1_600_001], "once, just beyond ten minutes");
    world.wait(60_000);
    world.queue("mice", 1);
    world.run();
    assert_eq!(world.places(), ["mice", "mice", "mice"]);
}
