//! Sub-clusters that come, change and go while nodes work in them.

use alloc::vec;

use super::world::{GIB, World, node, shape, subcluster};
use crate::SubclusterId;
use crate::partition::MoveCause;
use crate::rule_set::SubclusterSpec;

fn all(name: &str) -> SubclusterSpec {
    subcluster(name, "node.load >= 0", "")
}

#[test]
fn i01_a_removed_sub_cluster_lets_its_nodes_drain_and_is_gone_with_the_last() {
    let mut world = World::with_nodes(vec![all("old")], (0..2).map(node).collect());
    let held = world.grant("old");
    let old = world.id("old");
    world.run();
    world.declare(vec![all("new")]);
    let came = world.run();
    assert_eq!(came.gone, []);
    assert_eq!(came.moves[0].cause, MoveCause::RulesChanged { version: 2 });
    assert_eq!(
        world.partition.subcluster(old).map(|one| one.nodes),
        Some(1)
    );
    assert_eq!(world.place(1), "new");
    world.give_back(held);
    assert_eq!(world.run().gone, [old]);
    assert_eq!(world.places(), ["new", "new"]);
    assert!(world.partition.subcluster(old).is_none());
}

#[test]
fn i01_names_keep_their_ids_and_no_id_is_used_again() {
    let mut world = World::new(vec![all("a"), all("b")]);
    assert_eq!(
        [world.id("a"), world.id("b")],
        [SubclusterId(0), SubclusterId(1)]
    );
    world.declare(vec![all("b")]);
    assert_eq!(world.run().gone, [SubclusterId(0)]);
    world.declare(vec![all("a"), all("b")]);
    assert_eq!(
        [world.id("a"), world.id("b")],
        [SubclusterId(2), SubclusterId(1)]
    );
}

#[test]
fn i01_slots_of_another_shape_are_cut_as_nodes_get_empty() {
    let mut world = World::with_nodes(vec![all("all")], (0..2).map(node).collect());
    let held = world.grant("all");
    world.run();
    let halves = SubclusterSpec {
        slot: shape(500, GIB / 2),
        ..all("all")
    };
    world.declare(vec![halves]);
    world.run();
    assert_eq!(world.places(), ["draining all", "all"]);
    let id = world.id("all");
    assert_eq!(world.partition.free_slots(id), 4);
    world.give_back(held);
    world.run();
    assert_eq!(world.places(), ["all", "all"]);
    assert_eq!(world.partition.free_slots(id), 8);
}

#[test]
fn i01_a_node_too_small_for_the_new_shape_goes_elsewhere() {
    let mut world = World::with_nodes(vec![all("all")], vec![node(0)]);
    let large = SubclusterSpec {
        slot: shape(5000, GIB),
        ..all("all")
    };
    world.declare(vec![large, all("other")]);
    world.run();
    assert_eq!(world.place(0), "other");
}

#[test]
fn i01_a_rule_set_that_changes_nothing_moves_nothing() {
    let specs = || {
        vec![
            subcluster("calm", "node.load < 0.5", "node.load > 0.7"),
            all("z"),
        ]
    };
    let mut world = World::with_nodes(specs(), (0..5).map(node).collect());
    world.wait(1);
    world.declare(specs());
    assert!(world.run().moves.is_empty());
}

#[test]
fn i01_another_shape_is_no_reason_to_leave() {
    let calm = || subcluster("calm", "node.load < 0.5", "node.load > 0.7");
    let mut world = World::with_nodes(vec![calm()], vec![node(0)]);
    // It would not be let in now, and it has not to go either.
    world.load(0, 600);
    world.run();
    let halves = SubclusterSpec {
        slot: shape(500, GIB / 2),
        ..calm()
    };
    world.declare(vec![halves]);
    world.run();
    assert_eq!(world.place(0), "calm");
    assert_eq!(world.partition.free_slots(world.id("calm")), 4);
}
