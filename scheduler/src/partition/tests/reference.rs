//! A cold start against a second evaluator, which knows neither the rule language nor the flow.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::world::{GIB, World, node, shape, subcluster};
use crate::chance::Chance;
use crate::partition::NodeSpec;
use crate::rule_set::SubclusterSpec;

/// What a random sub-cluster asks of a node.
#[derive(Clone, Debug)]
struct Wish {
    name: String,
    memory_max: u64,
    priority_min: i32,
    nodes_below: u32,
    nodes_max: u32,
    nodes_min: u32,
    weight: u32,
    priority: i32,
}

impl Wish {
    fn any(index: u32, chance: &mut Chance) -> Self {
        Self {
            name: format!("{}{index}", chance.one_of(&["a", "b", "c"])),
            memory_max: 1 + chance.below(6),
            priority_min: -1 + i32::try_from(chance.below(3)).expect("it is small"),
            nodes_below: 2 + chance.small(20),
            nodes_max: 1 + chance.small(12),
            nodes_min: chance.small(4),
            weight: 1 + chance.small(4),
            priority: i32::try_from(chance.below(2)).expect("it is small"),
        }
    }

    fn spec(&self) -> SubclusterSpec {
        let likes = format!(
            "node.memory <= {}GiB && node.priority >= {}",
            self.memory_max, self.priority_min
        );
        let entry = format!("{likes} && sub.nodes < {}", self.nodes_below);
        SubclusterSpec {
            nodes_max: self.nodes_max,
            nodes_min: self.nodes_min,
            weight: self.weight,
            priority: self.priority,
            ..subcluster(&self.name, &entry, &format!("!({likes})"))
        }
    }

    fn takes(&self, node: &NodeSpec, nodes: u32) -> bool {
        node.capacity.memory_bytes <= self.memory_max * GIB
            && node.priority >= self.priority_min
            && nodes < self.nodes_below.min(self.nodes_max)
    }
}

/// The partition as the requirement has it: node by node, whoever takes it and comes first.
fn reference(wishes: &[Wish], nodes: &[NodeSpec]) -> Vec<String> {
    let mut counts: Vec<u32> = wishes.iter().map(|_| 0).collect();
    let mut places = Vec::new();
    for node in nodes {
        let takers = (0..wishes.len()).filter(|&one| wishes[one].takes(node, counts[one]));
        let first = takers.min_by_key(|&one| {
            let (wish, count) = (&wishes[one], counts[one]);
            // 12 is a multiple of every weight, so the quotient is exact.
            let for_weight = count * 12 / wish.weight;
            let is_short = count < wish.nodes_min;
            (
                Reverse(wish.priority),
                !is_short,
                for_weight,
                wish.name.clone(),
            )
        });
        if let Some(first) = first {
            counts[first] += 1;
        }
        let name = first.map(|one| wishes[one].name.clone());
        places.push(name.unwrap_or_else(|| String::from("unassigned")));
    }
    places
}

#[test]
fn i03_a_cold_start_is_what_a_second_evaluator_says_on_a_thousand_random_worlds() {
    for seed in 0..1000 {
        let mut chance = Chance::of(seed);
        let wishes: Vec<Wish> = (0..=chance.small(6))
            .map(|index| Wish::any(index, &mut chance))
            .collect();
        let nodes: Vec<NodeSpec> = (0..chance.small(40))
            .map(|id| NodeSpec {
                capacity: shape(2000, (1 + chance.below(7)) * GIB),
                priority: i32::try_from(chance.below(3)).expect("it is small") - 1,
                ..node(id)
            })
            .collect();
        let specs = wishes.iter().map(Wish::spec).collect();
        let world = World::with_nodes(specs, nodes.clone());
        let expected = reference(&wishes, &nodes);
        assert_eq!(world.places(), expected, "seed {seed}: {wishes:?}");
    }
}
