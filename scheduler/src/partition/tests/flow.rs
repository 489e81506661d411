//! The flow: who is asked, in which order, and what follows.

use alloc::vec;

use super::world::{GIB, World, labels, node, shape, states, subcluster, trace};
use crate::partition::{Answer, Evaluations, MoveCause, NodeState, Step};
use crate::rules::RuleKind;
use crate::{NodeId, SubclusterId};

use Answer::{DoesNotHold, Holds};

const N: NodeId = NodeId(0);

/// Two sub-clusters between which the load decides.
fn calm_and_busy() -> World {
    World::with_nodes(
        vec![
            subcluster("calm", "node.load < 0.5", "node.load > 0.7"),
            subcluster("busy", "node.load >= 0.7", "node.load < 0.4"),
        ],
        vec![node(0)],
    )
}

#[test]
fn i01_rules_are_data_and_a_changed_rule_changes_the_membership() {
    let mut world = calm_and_busy();
    assert_eq!(world.place(0), "calm");
    world.declare(vec![
        subcluster("calm", "node.load < 0.5", "node.cpu == 2"),
        subcluster("busy", "node.cpu == 2", "node.load > 0.9"),
    ]);
    world.wait(1);
    let came = world.run();
    assert_eq!(world.place(0), "busy");
    let versions = came.moves.iter().map(|one| {
        let MoveCause::Rule { kind, version, .. } = &one.cause else {
            panic!("{:?}", one.cause);
        };
        (*kind, *version)
    });
    assert!(versions.eq([(RuleKind::Exit, 2), (RuleKind::Entry, 2)]));
}

#[test]
fn i06_a_node_whose_exit_rule_holds_leaves_in_one_step() {
    let mut world = calm_and_busy();
    world.wait(1);
    world.load(0, 800);
    world.run();
    assert_eq!(world.place(0), "busy");
}

#[test]
fn i08_exit_rule_false_stops() {
    let mut world = calm_and_busy();
    world.load(0, 600);
    let came = world.run();
    assert_eq!(
        trace(&came),
        [Step::AskedExit(N, SubclusterId(0), DoesNotHold)]
    );
    assert_eq!(came.evaluations, Evaluations { exit: 1, entry: 0 });
    assert!(came.moves.is_empty());
}

#[test]
fn i08_what_the_exit_rule_does_not_read_asks_nobody() {
    let mut world = calm_and_busy();
    world.partition.label(N, labels(&[("size", "large")]));
    world.grant("calm");
    world.queue("calm", 7);
    let came = world.run();
    assert_eq!(came.evaluations, Evaluations::default());
    assert_eq!(trace(&came), []);
}

#[test]
fn i08_the_same_value_again_is_no_change() {
    let mut world = calm_and_busy();
    world.load(0, 0);
    assert_eq!(world.run().evaluations, Evaluations::default());
}

#[test]
fn i09_leave_comes_before_evaluate_before_join_and_the_one_just_left_is_not_asked() {
    let mut world = World::with_nodes(
        vec![
            subcluster("first", "true", "node.load > 0.7"),
            subcluster("other", "node.load > 2", ""),
            subcluster("third", "node.load > 0.6", ""),
        ],
        vec![node(0)],
    );
    let [first, other, third] = ["first", "other", "third"].map(|name| world.id(name));
    assert_eq!(world.place(0), "first");
    world.wait(1);
    world.load(0, 800);
    let came = world.run();
    assert_eq!(
        trace(&came),
        [
            Step::AskedExit(N, first, Holds),
            Step::Left(N, first),
            Step::AskedEntry(N, other, DoesNotHold),
            Step::AskedEntry(N, third, Holds),
            Step::Joined(N, third),
        ]
    );
    assert_eq!(
        states(&came.moves),
        [
            (NodeState::In(first), NodeState::Unassigned),
            (NodeState::Unassigned, NodeState::In(third)),
        ]
    );
}

#[test]
fn i09_without_a_match_a_node_is_unassigned_and_asked_again_at_its_next_change() {
    let mut world = World::with_nodes(
        vec![subcluster("calm", "node.load < 0.5", "node.load > 0.7")],
        vec![node(0)],
    );
    world.wait(1);
    world.load(0, 800);
    world.run();
    assert_eq!(world.place(0), "unassigned");
    world.partition.label(N, labels(&[("size", "large")]));
    assert_eq!(world.run().evaluations, Evaluations::default());
    world.load(0, 600);
    assert_eq!(world.run().evaluations, Evaluations { exit: 0, entry: 1 });
    // The one it left before is asked as well now.
    world.load(0, 100);
    world.run();
    assert_eq!(world.place(0), "calm");
}

#[test]
fn i09_the_one_just_left_is_not_asked_even_if_it_would_take_the_node() {
    let mut world = World::with_nodes(
        vec![subcluster("any", "node.load < 9", "node.load > 0.7")],
        vec![node(0)],
    );
    world.wait(1);
    world.load(0, 800);
    let came = world.run();
    assert_eq!(
        (world.place(0).as_str(), came.evaluations.entry),
        ("unassigned", 0)
    );
    world.load(0, 600);
    world.run();
    assert_eq!(world.place(0), "any");
}

#[test]
fn i09_a_node_too_small_for_one_slot_does_not_enter() {
    let large = |name| {
        let mut large = subcluster(name, "true", "");
        large.slot = shape(1000, 4 * GIB);
        large
    };
    let world = World::with_nodes(vec![large("large")], vec![node(0)]);
    assert_eq!(world.place(0), "unassigned");
}

#[test]
fn s09_exit_false_never_moves_and_never_asks_entries() {
    let mut world = calm_and_busy();
    for load in [100, 699, 300, 500, 700, 0] {
        world.wait(1);
        world.load(0, load);
        let came = world.run();
        assert_eq!(
            came.evaluations,
            Evaluations { exit: 1, entry: 0 },
            "{load}"
        );
        assert!(came.moves.is_empty(), "{load}");
    }
}

#[test]
fn x02_a_slot_that_comes_back_is_a_state_change_of_its_node() {
    let mut world = World::with_nodes(
        vec![
            subcluster("work", "node.running == 0 && node.load > 0.5", ""),
            subcluster("spare", "node.load < 0.5", "node.running > 0"),
        ],
        vec![node(0)],
    );
    world.wait(1);
    world.load(0, 600);
    let held = world.grant("spare");
    world.run();
    assert_eq!(world.place(0), "draining spare");
    world.give_back(held);
    let came = world.run();
    let [work, spare] = ["work", "spare"].map(|name| world.id(name));
    assert_eq!(
        trace(&came),
        [
            Step::Left(N, spare),
            Step::AskedEntry(N, work, Holds),
            Step::Joined(N, work),
        ]
    );
}

#[test]
fn x02_a_slot_that_comes_back_asks_the_exit_rule_that_reads_it() {
    let mut world = World::with_nodes(
        vec![
            subcluster(
                "used",
                "node.load < 0.5",
                "node.running == 0 && node.load > 0.6",
            ),
            subcluster("spare", "node.load > 0.6", ""),
        ],
        vec![node(0)],
    );
    let held = world.grant("used");
    world.wait(1);
    world.load(0, 700);
    world.run();
    assert_eq!(world.place(0), "used");
    world.give_back(held);
    let came = world.run();
    let [used, spare] = ["used", "spare"].map(|name| world.id(name));
    assert_eq!(
        trace(&came),
        [
            Step::AskedExit(N, used, Holds),
            Step::Left(N, used),
            Step::AskedEntry(N, spare, Holds),
            Step::Joined(N, spare),
        ]
    );
}

#[test]
fn i04_a_node_is_in_one_sub_cluster_even_if_all_would_take_it() {
    let all = ["a", "b", "c"].map(|name| subcluster(name, "true", ""));
    let mut world = World::with_nodes(all.to_vec(), (0..7).map(node).collect());
    world.run();
    let members: u64 = world.partition.subclusters().map(|one| one.nodes).sum();
    assert_eq!(members, 7);
    assert_eq!(world.places(), ["a", "b", "c", "a", "b", "c", "a"]);
}
