//! How often a node may move, and that moving ends.

use alloc::vec;
use alloc::vec::Vec;

use super::world::{World, node, subcluster};
use crate::partition::{NodeMove, NodeState};
use crate::rule_set::SubclusterSpec;
use crate::{NodeId, UnixMillis};

/// Two sub-clusters with the given minimum stay, between which the load decides.
fn calm_and_busy(dwell_min_ms: u64) -> Vec<SubclusterSpec> {
    let specs = [
        subcluster("calm", "node.load < 0.5", "node.load >= 0.5"),
        subcluster("busy", "node.load >= 0.5", "node.load < 0.5"),
    ];
    specs
        .map(|spec| SubclusterSpec {
            dwell_min_ms,
            ..spec
        })
        .to_vec()
}

fn left(moves: &[NodeMove]) -> usize {
    let left = |one: &&NodeMove| one.to == NodeState::Unassigned;
    moves.iter().filter(left).count()
}

#[test]
fn i18_moves_of_a_node_per_minute_stay_under_the_bound_with_a_load_that_oscillates() {
    for bound in [1, 3, 10] {
        let mut world = World::with_nodes(calm_and_busy(0), (0..3).map(node).collect());
        world.moves_per_minute_max = bound;
        world.declare(calm_and_busy(0));
        let mut left_at: Vec<UnixMillis> = Vec::new();
        for step in 0..1500 {
            world.wait(170);
            for id in 0..3 {
                world.load(id, 1000 * (step % 2));
            }
            let came = world.run();
            let of_first = came.moves.iter().filter(|one| one.node == NodeId(0));
            let of_first: Vec<NodeMove> = of_first.cloned().collect();
            left_at.extend((0..left(&of_first)).map(|_| world.now));
        }
        let most = left_at
            .iter()
            .map(|first| {
                let in_minute = left_at
                    .iter()
                    .filter(|at| **at >= *first && **at < first.plus(60_000));
                in_minute.count()
            })
            .max();
        let bound = usize::try_from(bound).expect("it is small");
        assert_eq!(most, Some(bound), "the bound is kept, and used");
    }
}

#[test]
fn i18_a_move_that_the_bound_forbids_is_made_when_it_allows_it_without_any_event() {
    let mut world = World::with_nodes(calm_and_busy(0), vec![node(0)]);
    world.moves_per_minute_max = 1;
    world.declare(calm_and_busy(0));
    world.wait(1);
    world.load(0, 900);
    world.run();
    let moved_at = world.now;
    world.wait(1);
    world.load(0, 100);
    world.run();
    assert_eq!(world.place(0), "busy");
    assert_eq!(world.partition.next_wake(), Some(moved_at.plus(60_000)));
    world.now = moved_at.plus(60_000);
    world.run();
    assert_eq!(world.place(0), "calm");
}

#[test]
fn i18_a_node_stays_its_minimum_and_leaves_then_without_any_event() {
    let mut world = World::with_nodes(calm_and_busy(5000), vec![node(0)]);
    let entered_at = world.now;
    world.wait(100);
    world.load(0, 900);
    world.run();
    assert_eq!(world.place(0), "calm");
    assert_eq!(world.partition.next_wake(), Some(entered_at.plus(5000)));
    world.now = entered_at.plus(4999);
    world.run();
    assert_eq!(world.place(0), "calm");
    world.wait(1);
    world.run();
    assert_eq!(world.place(0), "busy");
}

#[test]
fn i18_a_reason_to_leave_that_passes_within_the_minimum_moves_nothing() {
    let mut world = World::with_nodes(calm_and_busy(5000), vec![node(0)]);
    world.wait(100);
    world.load(0, 900);
    world.run();
    world.wait(100);
    world.load(0, 100);
    world.run();
    assert_eq!(world.partition.next_wake(), None);
    world.wait(10_000);
    assert!(world.run().moves.is_empty());
}

#[test]
fn f06_in_a_still_world_reorganising_ends_after_at_most_one_move_per_node() {
    let nodes = 50_u32;
    let mut world = World::with_nodes(calm_and_busy(0), (0..nodes).map(node).collect());
    world.wait(1);
    for id in 0..nodes {
        world.load(id, u64::from(id) * 20);
    }
    let moved = left(&world.run().moves);
    assert!(moved > 0 && moved <= 50, "{moved}");
    world.wait(60_000);
    assert!(world.run().moves.is_empty());
    assert_eq!(world.partition.next_wake(), None);
}

#[test]
fn f06_rules_that_chase_nodes_around_end_at_each_instant_and_stay_under_the_bound() {
    // Who is in is too many, and who is out is welcome: no membership satisfies both.
    let chased = |name| subcluster(name, "sub.nodes < 3", "sub.nodes > 0");
    let specs = || vec![chased("a"), chased("b")];
    let mut world = World::with_nodes(specs(), (0..4).map(node).collect());
    world.moves_per_minute_max = 5;
    world.declare(specs());
    let mut moved = 0;
    let end = world.now.plus(60_000);
    while let Some(at) = world.partition.next_wake().filter(|&at| at < end) {
        assert!(at > world.now, "a wake-up in the past");
        world.now = at;
        let at_once = left(&world.run().moves);
        assert!(at_once <= 4, "each node at most once at an instant");
        moved += at_once;
    }
    assert!((1..=4 * 5).contains(&moved), "{moved}");
}
