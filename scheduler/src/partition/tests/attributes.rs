//! Every attribute of a node and of a sub-cluster that entry and exit rules may read decides by itself where a node goes.

use alloc::vec;
use alloc::vec::Vec;

use super::world::{GIB, World, labels, node, shape, subcluster};
use crate::NodeId;
use crate::partition::{Health, NodeSpec};
use crate::rules::{Attribute, AttributeSet, Object};

/// What makes node 0 differ from node 1, before and after both have joined.
struct Case {
    attribute: Attribute,
    /// An exit rule that holds for node 0 and not for node 1.
    exit: &'static str,
    born: fn(&mut NodeSpec),
    then: fn(&mut World),
}

const fn born(attribute: Attribute, exit: &'static str, born: fn(&mut NodeSpec)) -> Case {
    Case {
        attribute,
        exit,
        born,
        then: |_| {},
    }
}

const fn then(attribute: Attribute, exit: &'static str, then: fn(&mut World)) -> Case {
    Case {
        attribute,
        exit,
        born: |_| {},
        then,
    }
}

/// The lowest slot is the first to go, so this is of node 0.
fn take(world: &mut World) {
    world.grant("start");
}

/// Node 1 is busy for a moment, and node 0 idle all the time.
fn take_of_both(world: &mut World) {
    let held = [(); 3].map(|()| world.grant("start"));
    for held in &held[..2] {
        world.give_back(*held);
    }
    world.wait(300_000);
}

fn cases() -> Vec<Case> {
    vec![
        born(Attribute::NodeId, "node.id == 'node-0'", |_| {}),
        born(Attribute::NodeCpu, "node.cpu > 2", |node| {
            node.capacity = shape(2500, 2 * GIB);
        }),
        born(Attribute::NodeMemory, "node.memory > 2GiB", |node| {
            node.capacity = shape(2000, 5 * GIB / 2);
        }),
        born(Attribute::NodePriority, "node.priority < 0", |node| {
            node.priority = -1;
        }),
        born(Attribute::NodeLabel, "has(node.labels.size)", |node| {
            node.labels = labels(&[("size", "large")]);
        }),
        born(Attribute::NodeSlots, "node.slots == 3", |node| {
            node.capacity = shape(3000, 3 * GIB);
        }),
        then(Attribute::NodeLoad, "node.load > 0.7", |world| {
            world.load(0, 701);
        }),
        then(Attribute::NodeHealthy, "!node.healthy", |world| {
            world.partition.node_facts(NodeId(0), 0, Health::Ill);
        }),
        then(Attribute::NodeCpuFree, "node.cpu_free < 2", take),
        then(Attribute::NodeMemoryFree, "node.memory_free <= 1GiB", take),
        then(Attribute::NodeSlotsFree, "node.slots_free == 1", take),
        then(Attribute::NodeRunning, "node.running > 0", take),
        then(Attribute::NodeIdle, "node.idle >= 5m", take_of_both),
    ]
}

#[test]
fn i02_two_nodes_that_differ_in_one_attribute_alone_land_in_different_sub_clusters() {
    for case in cases() {
        let exit = case.exit.replace('\'', "\"");
        let mut first = node(0);
        (case.born)(&mut first);
        let mut world = World::with_nodes(
            vec![
                subcluster("start", "node.load >= 0", &exit),
                subcluster("picked", "node.load >= 0 && sub.priority == 0", ""),
                subcluster("never", "node.load > 100", ""),
            ],
            vec![],
        );
        let mut only_start = vec![subcluster("start", "node.load >= 0", "")];
        world.declare(only_start.clone());
        world.host("host", vec![first, node(1)]);
        world.run();
        assert_eq!(world.places(), ["start", "start"], "{exit}");
        only_start[0] = subcluster("start", "node.load >= 0", &exit);
        only_start.push(subcluster("picked", "node.load >= 0", ""));
        world.declare(only_start);
        world.wait(1);
        (case.then)(&mut world);
        world.run();
        let went = ["picked", "draining start"].contains(&world.place(0).as_str());
        assert!(went, "{exit}: node 0 is {}", world.place(0));
        assert_eq!(world.place(1), "start", "{exit}");
    }
}

#[test]
fn i02_hosts_and_ages_tell_nodes_apart() {
    for exit in ["node.host == \"old\"", "node.age >= 1h", "node.dwell >= 1h"] {
        let mut world = World::new(vec![
            subcluster("start", "node.load >= 0", exit),
            subcluster("picked", "node.load >= 0 && sub.nodes_max < 3", ""),
        ]);
        let mut picked = subcluster("picked", "node.load >= 0", "");
        picked.priority = -1;
        world.declare(vec![subcluster("start", "node.load >= 0", exit), picked]);
        world.host("old", vec![node(0)]);
        world.run();
        world.wait(3_599_999);
        world.host("new", vec![node(1)]);
        world.run();
        world.wait(1);
        world.run();
        assert_eq!(world.places(), ["picked", "start"], "{exit}");
    }
}

/// Nothing tells of a draining node by asking its rule, because nobody asks about one.
const NOT_ASKED: AttributeSet = AttributeSet::of(&[Attribute::NodeDraining]);
const BY_HOSTS_AND_AGES: AttributeSet = AttributeSet::of(&[
    Attribute::NodeHost,
    Attribute::NodeAge,
    Attribute::NodeDwell,
]);

#[test]
fn i02_no_attribute_of_a_node_is_left_out() {
    let shown: AttributeSet = cases().iter().map(|case| case.attribute).collect();
    let all = shown.union(NOT_ASKED).union(BY_HOSTS_AND_AGES);
    assert_eq!(all, AttributeSet::of_object(Object::Node));
}

/// An entry rule that does not hold, and what makes it hold without any change of the node.
struct Opening {
    attribute: Attribute,
    entry: &'static str,
    change: fn(&mut World),
}

const fn opens(attribute: Attribute, entry: &'static str, change: fn(&mut World)) -> Opening {
    Opening {
        attribute,
        entry,
        change,
    }
}

fn redeclare(world: &mut World, entry: &str, change: fn(&mut crate::rule_set::SubclusterSpec)) {
    let mut picked = subcluster("picked", entry, "");
    change(&mut picked);
    world.declare(vec![picked]);
}

fn openings() -> Vec<Opening> {
    vec![
        opens(Attribute::SubQueued, "sub.queued > 3", |world| {
            world.queue("picked", 4);
        }),
        opens(
            Attribute::SubExpectedWait,
            "sub.expected_wait > 5s",
            |world| {
                let id = world.id("picked");
                world.partition.subcluster_load(world.now, id, 0, 5001);
            },
        ),
        opens(
            Attribute::SubRunning,
            "sub.running > 0 || node.priority > 0",
            take_of_picked,
        ),
        opens(
            Attribute::SubSlotsFree,
            "sub.slots_free == 1 || node.priority > 0",
            take_of_picked,
        ),
        opens(
            Attribute::SubNodes,
            "sub.nodes > 0 || node.priority > 0",
            |world| world.host("other", vec![preferred()]),
        ),
        opens(
            Attribute::SubSlots,
            "sub.slots > 0 || node.priority > 0",
            |world| world.host("other", vec![preferred()]),
        ),
        opens(Attribute::SubPriority, "sub.priority == 7", |world| {
            redeclare(world, "sub.priority == 7", |picked| picked.priority = 7);
        }),
        opens(Attribute::SubWeight, "sub.weight == 7", |world| {
            redeclare(world, "sub.weight == 7", |picked| picked.weight = 7);
        }),
        opens(Attribute::SubNodesMin, "sub.nodes_min == 7", |world| {
            redeclare(world, "sub.nodes_min == 7", |picked| picked.nodes_min = 7);
        }),
        opens(Attribute::SubNodesMax, "sub.nodes_max == 7", |world| {
            redeclare(world, "sub.nodes_max == 7", |picked| picked.nodes_max = 7);
        }),
        opens(Attribute::SubName, "sub.name != 'picked'", |world| {
            let entry = "sub.name != \"picked\"";
            world.declare(vec![subcluster("other", entry, "")]);
        }),
        opens(Attribute::SubIdle, "sub.idle > 8m", |world| {
            world.wait(480_000);
            world.run();
            assert_eq!(world.place(0), "unassigned");
            world.wait(1);
        }),
    ]
}

fn preferred() -> NodeSpec {
    NodeSpec {
        priority: 1,
        ..node(9)
    }
}

/// One node is in it already, and the rule lets in only what it prefers until something runs there.
fn take_of_picked(world: &mut World) {
    world.host("other", vec![preferred()]);
    world.run();
    assert_eq!(world.places(), ["unassigned", "picked"]);
    world.grant("picked");
}

#[test]
fn i02_each_attribute_of_a_sub_cluster_decides_and_its_change_is_heard() {
    for case in openings() {
        let entry = case.entry.replace('\'', "\"");
        let mut world = World::with_nodes(vec![subcluster("picked", &entry, "")], vec![node(0)]);
        assert_eq!(world.place(0), "unassigned", "{entry}");
        (case.change)(&mut world);
        world.run();
        assert!(
            ["picked", "other"].contains(&world.place(0).as_str()),
            "{entry}: {}",
            world.place(0)
        );
    }
}

#[test]
fn i02_no_attribute_of_a_sub_cluster_is_left_out() {
    let shown: AttributeSet = openings().iter().map(|case| case.attribute).collect();
    assert_eq!(shown, AttributeSet::of_object(Object::Subcluster));
}
