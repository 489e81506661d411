//! Who gets a node that several would take.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::world::{World, node, subcluster};
use crate::chance::Chance;
use crate::rule_set::SubclusterSpec;

fn any(name: &str) -> SubclusterSpec {
    subcluster(name, "node.load >= 0", "")
}

#[test]
fn i10_the_highest_priority_gets_a_node() {
    let high = SubclusterSpec {
        priority: 1,
        ..any("z")
    };
    let world = World::with_nodes(vec![any("a"), high], (0..3).map(node).collect());
    assert_eq!(world.places(), ["z", "z", "z"]);
}

#[test]
fn i10_within_a_priority_who_is_below_its_minimum_comes_first() {
    let short = SubclusterSpec {
        nodes_min: 2,
        ..any("z")
    };
    let world = World::with_nodes(vec![any("a"), short], (0..4).map(node).collect());
    assert_eq!(world.places(), ["z", "z", "a", "a"]);
}

#[test]
fn i10_then_the_fewest_nodes_for_its_weight_and_then_the_name() {
    let heavy = SubclusterSpec {
        weight: 3,
        ..any("heavy")
    };
    let world = World::with_nodes(vec![heavy, any("a")], (0..8).map(node).collect());
    let expected = [
        "a", "heavy", "heavy", "heavy", "a", "heavy", "heavy", "heavy",
    ];
    assert_eq!(world.places(), expected);
}

#[test]
fn i10_the_maximum_closes_entry_and_a_node_that_leaves_opens_it() {
    let one = SubclusterSpec {
        nodes_max: 1,
        ..subcluster("one", "node.load < 0.5", "node.load > 0.7")
    };
    let mut world = World::with_nodes(vec![one], vec![node(0), node(1)]);
    assert_eq!(world.places(), ["one", "unassigned"]);
    world.wait(1);
    world.load(0, 800);
    world.run();
    assert_eq!(world.places(), ["unassigned", "one"]);
}

#[test]
fn i10_the_order_of_declaration_and_of_the_list_of_nodes_changes_nothing() {
    let declared = || -> Vec<SubclusterSpec> {
        let specs = ["e", "b", "d", "a", "c"].into_iter().zip(1..);
        specs
            .map(|(name, weight)| SubclusterSpec {
                weight,
                priority: i32::from(weight == 3),
                nodes_max: 5 + weight,
                nodes_min: weight % 2,
                ..subcluster(name, "node.load < 0.5 && sub.nodes < 7", "node.load > 0.6")
            })
            .collect()
    };
    let course = |mut specs: Vec<SubclusterSpec>, mut order: Vec<u32>, chance: &mut Chance| {
        chance.shuffle(&mut specs);
        chance.shuffle(&mut order);
        let nodes = order.iter().copied().map(node).collect();
        let mut world = World::with_nodes(specs, nodes);
        chance.shuffle(&mut order);
        world.wait(1);
        for &id in order.iter().filter(|id| **id % 3 == 0) {
            world.load(id, 900);
        }
        world.run();
        world.places()
    };
    let expected: Vec<String> = course(declared(), (0..40).collect(), &mut Chance::of(0));
    for seed in 1..50 {
        let places = course(declared(), (0..40).collect(), &mut Chance::of(seed));
        assert_eq!(places, expected, "seed {seed}");
    }
}
