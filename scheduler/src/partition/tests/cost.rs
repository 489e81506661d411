//! What is asked when, in numbers of evaluations.

use alloc::vec;

use super::world::{World, node, subcluster};
use crate::partition::Evaluations;

const NODES: u32 = 30;

#[test]
fn members_that_the_exit_rule_cannot_tell_apart_are_asked_once() {
    let mut world = World::with_nodes(
        vec![subcluster(
            "all",
            "node.load < 2",
            "sub.queued > 90 && node.priority > 3",
        )],
        (0..NODES)
            .map(|id| crate::partition::NodeSpec {
                priority: i32::from(id % 2 == 0),
                ..node(id)
            })
            .collect(),
    );
    world.queue("all", 5);
    assert_eq!(world.run().evaluations, Evaluations { exit: 2, entry: 0 });
}

#[test]
fn unassigned_nodes_that_no_entry_rule_can_tell_apart_are_asked_once() {
    let mut world = World::with_nodes(
        vec![
            subcluster("busy", "sub.queued > 10 && node.load < 2", ""),
            subcluster("other", "node.load > 2", ""),
        ],
        (0..NODES).map(node).collect(),
    );
    world.queue("busy", 5);
    assert_eq!(world.run().evaluations, Evaluations { exit: 0, entry: 1 });
    world.queue("busy", 11);
    world.run();
    assert_eq!(world.place(29), "busy");
}

#[test]
fn a_sub_cluster_that_is_idle_for_a_moment_between_two_tasks_asks_nobody() {
    let mut world = World::with_nodes(
        vec![subcluster(
            "mice",
            "node.load < 0.8 && sub.idle < 8m",
            "node.load > 0.95 || sub.idle > 10m",
        )],
        (0..NODES).map(node).collect(),
    );
    for _ in 0..100 {
        let held = world.grant("mice");
        world.run();
        world.wait(5);
        world.give_back(held);
        world.run();
        world.wait(7);
        let held = world.grant("mice");
        assert_eq!(world.run().evaluations, Evaluations::default());
        world.give_back(held);
    }
    // It still hears when it has been idle for long enough, without being told.
    world.run();
    let idle_since = world.now;
    while world.place(0) == "mice" {
        world.now = world.partition.next_wake().expect("an age runs");
        world.run();
    }
    assert_eq!(world.now, idle_since.plus(600_001));
}

#[test]
fn an_age_of_many_equal_nodes_is_looked_at_once() {
    let mut world = World::with_nodes(
        vec![subcluster(
            "all",
            "node.load < 2",
            "node.age > 1h && node.priority > 0",
        )],
        (0..NODES).map(node).collect(),
    );
    world.now = world.partition.next_wake().expect("an age runs");
    assert_eq!(world.run().evaluations.exit, 1);
    assert_eq!(world.partition.next_wake(), None);
}

#[test]
fn ten_thousand_nodes_and_a_hundred_sub_clusters_find_their_places() {
    let specs = (0..100).map(|index| {
        let name = alloc::format!("s{index}");
        let entry = alloc::format!("node.priority == {index}");
        subcluster(&name, &entry, "node.load > 0.9 || sub.idle > 10m")
    });
    let nodes = (0..10_000).map(|id| crate::partition::NodeSpec {
        priority: i32::try_from(id % 100).expect("it is small"),
        ..node(id)
    });
    let mut world = World::with_nodes(specs.collect(), nodes.collect());
    assert!(world.partition.subclusters().all(|one| one.nodes == 100));
    let held = world.grant("s7");
    world.give_back(held);
    assert_eq!(world.run().evaluations, Evaluations::default());
}

#[test]
fn a_node_that_changed_does_not_speak_for_those_it_was_like() {
    let mut world = World::with_nodes(
        vec![
            subcluster("used", "node.idle < 1m", "node.idle >= 1m"),
            subcluster("spare", "node.idle >= 1m", "node.idle < 1m"),
        ],
        (0..2).map(node).collect(),
    );
    world.wait(60_000);
    // The first of two equal nodes is taken at the very instant at which both would be asked.
    let used = world.id("used");
    assert_eq!(world.partition.slots(used).total, 4);
    world.grant("used");
    world.run();
    assert_eq!(world.places(), ["used", "spare"]);
}
