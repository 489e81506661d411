//! Hosts that come, shrink, grow, list other nodes, and are lost.

use alloc::vec;
use alloc::vec::Vec;

use super::world::{GIB, World, labels, node, shape, states, subcluster};
use crate::NodeId;
use crate::partition::{MoveCause, NodeSpec, NodeState};

fn all_welcome() -> Vec<crate::rule_set::SubclusterSpec> {
    vec![subcluster("all", "node.load >= 0", "")]
}

fn resized(id: u32, slots: u64) -> NodeSpec {
    NodeSpec {
        capacity: shape(1000 * slots, slots * GIB),
        ..node(id)
    }
}

#[test]
fn s01_a_new_node_waits_until_those_that_go_have_given_back_enough() {
    let mut world = World::with_nodes(all_welcome(), vec![node(0), node(1)]);
    let held = world.grant("all");
    world.run();
    // The host stays as large; node 0 gives way to node 2, and drains first.
    world.host("host", vec![node(1), node(2)]);
    let came = world.run();
    assert_eq!(world.places(), ["draining all", "all", "down"]);
    assert_eq!(came.moves[0].cause, MoveCause::Retired);
    world.give_back(held);
    world.run();
    assert_eq!(world.places(), ["all", "all"]);
    assert_eq!(world.place(0), "gone");
}

#[test]
fn s01_a_node_with_another_capacity_drains_and_comes_again() {
    let mut world = World::with_nodes(all_welcome(), vec![node(0)]);
    let held = world.grant("all");
    world.host("host", vec![resized(0, 4)]);
    world.run();
    assert_eq!(world.places(), ["draining all"]);
    world.give_back(held);
    let came = world.run();
    assert_eq!(world.places(), ["all"]);
    let all = world.id("all");
    assert_eq!(world.partition.slots(all).total, 4);
    assert_eq!(
        states(&came.moves),
        [
            (NodeState::Draining(all), NodeState::Down),
            (NodeState::Down, NodeState::Unassigned),
            (NodeState::Unassigned, NodeState::In(all)),
        ]
    );
}

#[test]
fn s01_a_host_that_shrinks_below_what_runs_grants_nothing_until_it_fits() {
    let mut world = World::with_nodes(all_welcome(), (0..3).map(node).collect());
    let all = world.id("all");
    let held = [(); 5].map(|()| world.grant("all"));
    // There is room for two of the three now.
    let list = || (0..3).map(node).collect();
    let now = world.now;
    let shrunk = shape(4000, 4 * GIB);
    world.partition.host_changed(now, "host", shrunk, list());
    assert_eq!(
        world.partition.free_slots(all),
        0,
        "at once, before the flow runs"
    );
    world.run();
    assert_eq!(world.places(), ["all", "all", "draining all"]);
    world.give_back(held[0]);
    world.run();
    assert_eq!(
        world.partition.free_slots(all),
        0,
        "one slot is free and not offered"
    );
    world.give_back(held[4]);
    world.run();
    assert_eq!(world.places(), ["all", "all", "down"]);
    assert_eq!(world.partition.free_slots(all), 1);
    // It grows again, and the third comes back.
    world.host("host", list());
    world.run();
    assert_eq!(world.places(), ["all", "all", "all"]);
}

#[test]
fn s01_what_a_host_lists_beyond_its_capacity_stays_down() {
    let mut world = World::new(all_welcome());
    let list = (0..4).map(node).collect();
    let now = world.now;
    world
        .partition
        .host_changed(now, "host", shape(5000, 5 * GIB), list);
    world.run();
    assert_eq!(world.places(), ["all", "all", "down", "down"]);
}

#[test]
fn x05_a_lost_host_takes_its_own_nodes_down_at_once_and_no_other_moves() {
    let mut world = World::new(all_welcome());
    for (host, id) in [("a", 0), ("b", 1), ("c", 2)] {
        world.host(host, vec![node(id)]);
    }
    world.run();
    let held = [(); 3].map(|()| world.grant("all"));
    world.run();
    let lost = world.partition.host_lost(world.now, "a");
    assert_eq!(lost, [held[0], held[1]], "what ran on it is named once");
    assert_eq!(world.partition.host_lost(world.now, "a"), []);
    let came = world.run();
    let all = world.id("all");
    assert_eq!(states(&came.moves), [(NodeState::In(all), NodeState::Down)]);
    assert_eq!(came.moves[0].cause, MoveCause::HostLost);
    assert_eq!(world.places(), ["down", "all", "all"]);
    world.host("a", vec![node(0)]);
    world.run();
    assert_eq!(world.places(), ["all", "all", "all"]);
    assert_eq!(world.partition.free_slots(all), 5);
}

#[test]
fn x05_a_host_that_is_lost_while_nodes_retire_or_resize_comes_back_as_it_was_to_be() {
    let mut world = World::with_nodes(all_welcome(), vec![node(0), node(1)]);
    let held = [(); 3].map(|()| world.grant("all"));
    world.host("host", vec![resized(1, 3)]);
    world.run();
    assert_eq!(world.places(), ["draining all", "draining all"]);
    assert_eq!(world.partition.host_lost(world.now, "host"), held);
    world.run();
    assert_eq!(world.places(), ["down"]);
    world.host("host", vec![resized(1, 3)]);
    world.run();
    assert_eq!(world.partition.slots(world.id("all")).total, 3);
}

#[test]
fn i02_a_host_may_say_other_labels_and_another_priority_of_a_node_that_stays() {
    let mut world = World::with_nodes(
        vec![
            subcluster("plain", "!has(node.labels.size)", "has(node.labels.size)"),
            subcluster("large", "has(node.labels.size)", "node.priority > 5"),
            subcluster("first", "node.priority > 5", ""),
        ],
        vec![node(0)],
    );
    world.wait(1);
    let labelled = NodeSpec {
        labels: labels(&[("size", "large")]),
        ..node(0)
    };
    world.host("host", vec![labelled.clone()]);
    world.run();
    assert_eq!(world.place(0), "large");
    world.wait(1);
    let priority = 6;
    world.host(
        "host",
        vec![NodeSpec {
            priority,
            ..labelled
        }],
    );
    world.run();
    assert_eq!(world.place(0), "first");
}

#[test]
fn what_is_told_of_an_unknown_node_or_host_changes_nothing() {
    let mut world = World::with_nodes(all_welcome(), vec![node(0)]);
    let now = world.now;
    world.load(7, 500);
    world.partition.label(NodeId(7), labels(&[("a", "b")]));
    world.partition.drain_node(now, NodeId(7), "x".into(), None);
    world.partition.resume_node(now, NodeId(7));
    assert_eq!(world.partition.host_lost(now, "nowhere"), []);
    let unknown = crate::SubclusterId(9);
    world.partition.subcluster_load(now, unknown, 1, 1);
    let came = world.run();
    assert!(came.moves.is_empty());
    assert_eq!(world.partition.slots_ever(unknown), 0);
}

#[test]
fn slots_ever_counts_what_is_up_wherever_it_is_up_to_the_maximum() {
    let mut two = subcluster("two", "node.load > 5", "");
    two.nodes_max = 2;
    let specs = vec![two, subcluster("all", "node.load >= 0", "")];
    let mut world = World::new(specs);
    world.host("a", vec![node(0), resized(1, 3)]);
    world.host("b", vec![resized(2, 7), resized(3, 1)]);
    world.run();
    let [two, all] = ["two", "all"].map(|name| world.id(name));
    assert_eq!(world.partition.slots_ever(two), 10);
    assert_eq!(world.partition.slots_ever(all), 13);
    world.partition.host_lost(world.now, "b");
    world.run();
    assert_eq!(world.partition.slots_ever(two), 5);
}
