//! Why a node is where it is.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::world::{GIB, SLOT, World, node, shape, subcluster};
use crate::NodeId;
use crate::partition::{Closed, EntryVerdict, Hold, MoveCause, NodeState};
use crate::rule_set::SubclusterSpec;
use crate::rules::{Reading, RuleKind};

fn reading(name: &str, value: &str) -> Reading {
    Reading {
        name: name.into(),
        value: value.into(),
    }
}

#[test]
fn i19_every_move_by_a_rule_has_the_rule_and_the_values_it_read() {
    let mut world = World::new(vec![subcluster("calm", "node.load < 0.5", "")]);
    world.host("host", vec![node(0)]);
    let came = world.run();
    let joined = came.moves.last().expect("it came and joined");
    let MoveCause::Rule {
        subcluster,
        kind,
        version,
        explanation,
    } = &joined.cause
    else {
        panic!("{:?}", joined.cause);
    };
    assert_eq!(
        (subcluster.as_str(), *kind, *version),
        ("calm", RuleKind::Entry, 1)
    );
    assert!(explanation.holds);
    assert_eq!(explanation.clause, "node.load < 0.5");
    assert_eq!(explanation.readings, [reading("node.load", "0")]);
}

#[test]
fn i19_an_unassigned_node_has_a_verdict_of_each_sub_cluster() {
    let full = SubclusterSpec {
        nodes_max: 1,
        ..subcluster("full", "node.load < 9", "")
    };
    let large = SubclusterSpec {
        slot: shape(1000, 9 * GIB),
        ..subcluster("large", "node.load < 9", "")
    };
    let world = World::with_nodes(
        vec![
            full,
            large,
            subcluster("none", "", ""),
            subcluster("busy", "node.load > 0.7", ""),
        ],
        vec![node(0), node(1)],
    );
    let why = world.partition.explain_node(world.now, NodeId(1));
    let verdicts: Vec<_> = why
        .expect("it is known")
        .entries
        .into_iter()
        .map(|entry| {
            let verdict = match entry.verdict {
                EntryVerdict::Asked(why) => why.clause,
                EntryVerdict::Closed(closed) => match closed {
                    Closed::Removed => String::from("removed"),
                    Closed::NoRule => String::from("no rule"),
                    Closed::Full => String::from("full"),
                    Closed::TooSmall => String::from("too small"),
                },
            };
            (entry.subcluster, verdict)
        })
        .collect();
    let expected = [
        ("busy", "node.load > 0.7"),
        ("full", "full"),
        ("large", "too small"),
        ("none", "no rule"),
    ];
    let expected = expected.map(|(name, verdict)| (String::from(name), String::from(verdict)));
    assert_eq!(verdicts, expected);
}

fn held_by(world: &World, id: u32) -> Vec<Hold> {
    let why = world.partition.explain_node(world.now, NodeId(id));
    why.expect("it is known").held_by
}

#[test]
fn i19_what_holds_a_node_is_said() {
    let calm = SubclusterSpec {
        dwell_min_ms: 500,
        grace_ms: Some(700),
        ..subcluster("calm", "node.load < 0.5", "node.load > 0.7")
    };
    let mut world = World::new(vec![calm.clone()]);
    world.moves_per_minute_max = 1;
    world.declare(vec![calm]);
    world.host("host", vec![node(0)]);
    world.run();
    let entered_at = world.now;
    let held = world.grant("calm");
    world.load(0, 800);
    world.run();
    let until = entered_at.plus(500);
    assert_eq!(held_by(&world, 0), [Hold::Dwell { until }]);
    world.now = until;
    world.run();
    let running = Hold::Running {
        attempts: 1,
        stopped_at: Some(until.plus(700)),
    };
    assert_eq!(held_by(&world, 0), [running]);
    world.give_back(held);
    world.load(0, 100);
    world.run();
    assert_eq!(world.place(0), "unassigned");
    world.wait(1);
    world.load(0, 200);
    world.run();
    world.wait(600);
    world.load(0, 900);
    world.run();
    let budget = Hold::MoveBudget {
        until: until.plus(60_000),
    };
    assert_eq!(held_by(&world, 0), [budget]);
    let (now, reason) = (world.now, String::from("disk"));
    world
        .partition
        .drain_node(now, NodeId(0), reason.clone(), None);
    world.run();
    assert_eq!(held_by(&world, 0), [Hold::Operator { reason }]);
}

#[test]
fn i19_what_keeps_a_node_down_is_said() {
    let mut world = World::with_nodes(vec![subcluster("all", "node.load >= 0", "")], vec![node(0)]);
    let _held = world.grant("all");
    world.host("host", vec![node(1)]);
    world.run();
    let capacity = node(0).capacity;
    let waits = Hold::NoRoomOnHost {
        wanted: capacity,
        reserved: capacity,
        capacity,
    };
    assert_eq!(held_by(&world, 1), [waits]);
    let now = world.now;
    let list = vec![node(1), node(2)];
    world.partition.host_changed(now, "host", capacity, list);
    assert_eq!(held_by(&world, 2), [Hold::ListExceedsHost { capacity }]);
    world.partition.host_lost(now, "host");
    assert_eq!(held_by(&world, 1), [Hold::HostLost]);
}

#[test]
fn the_views_show_what_is() {
    let mut world = World::with_nodes(vec![subcluster("all", "node.load >= 0", "")], vec![node(0)]);
    let (all, entered_at) = (world.id("all"), world.now);
    let _held = world.grant("all");
    world.load(0, 250);
    let one = world
        .partition
        .node_standing(NodeId(0))
        .expect("it is known");
    assert_eq!(
        (one.host, one.load_millis, one.kept_out),
        ("host", 250, None)
    );
    assert_eq!(
        (one.state, one.entered_at),
        (NodeState::In(all), Some(entered_at))
    );
    assert_eq!((one.granted, one.slots.free), (SLOT, 1));
    let home = world.partition.subcluster(all).expect("it is declared");
    assert!(home.is_declared && home.idle_since.is_none());
    assert_eq!((home.nodes, home.slots.in_use()), (1, 1));
}
