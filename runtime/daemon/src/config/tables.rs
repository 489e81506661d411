//! The tables by which an operator divides a pool, as they are written. They stand in the configuration, and alone in a
//! document of rules. What they mean together is looked at in `rules`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sublet_scheduler::Resources;
use toml::Spanned;

use super::quantity::{Cpu, Size, Span};

/// A document of rules: these tables and no other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tables {
    pub(super) pool: Carving,
    #[serde(rename = "subcluster")]
    pub(super) subclusters: Vec<Subcluster>,
    #[serde(rename = "route")]
    pub(super) routes: Vec<Route>,
    #[serde(rename = "class")]
    pub(super) classes: Vec<Class>,
}

/// The part of `[pool]` that is a matter of rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Carving {
    pub(super) nodes: Option<Vec<Spanned<NodeGroup>>>,
    pub(super) moves_per_minute: Option<u32>,
}

/// Nodes that are alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeGroup {
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
    /// Processors of each.
    pub cpu: Cpu,
    /// Memory of each.
    pub memory: Size,
    /// The operator's number for them.
    #[serde(default)]
    pub priority: i32,
    /// The operator's words for them.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What their names begin with; several nodes of one name are counted from 0.
    pub name: Option<String>,
}

/// A partition of the pool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subcluster {
    /// Its name: letters, digits, `.`, `_` and `-`, at most 64.
    pub name: Spanned<String>,
    /// The shape of its slots.
    pub slot: Slot,
    /// Which nodes may come in; every node unless it is said.
    pub entry: Option<Spanned<String>>,
    /// Which of its nodes must go; none unless it is said.
    pub exit: Option<Spanned<String>>,
    /// Which jobs it takes; all that fit unless it is said.
    pub accept: Option<Spanned<String>>,
    /// How many nodes it may have.
    #[serde(default)]
    pub nodes: NodeCount,
    /// Its share of the nodes that several want.
    #[serde(default = "one")]
    pub weight: u32,
    /// The highest gets a node that several want.
    #[serde(default)]
    pub priority: i32,
    /// How long the work on a node that must go may go on; until it ends by itself unless it is said.
    pub grace: Option<Span>,
    /// How long a node stays at least.
    pub dwell: Option<Span>,
    /// How its instances are kept apart; `process` for slots above 1 GiB unless it is said.
    pub isolation: Option<Isolation>,
    /// Whether its instances may use processors that nobody else uses.
    #[serde(default = "yes")]
    pub burst: bool,
    /// Whether a running attempt may be ended for one that matters more.
    #[serde(default)]
    pub preempt: bool,
}

/// The shape of a slot.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its share of processors.
    pub cpu: Cpu,
    /// Its memory ceiling.
    pub memory: Size,
}

/// How many nodes a sub-cluster may have.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeCount {
    /// With fewer it asks for nodes first.
    pub min: u32,
    /// With so many it lets no other in; as many as there are unless it is said.
    pub max: Option<u32>,
}

/// How instances are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Instances of one user share a process.
    User,
    /// Each instance has a process of its own.
    Process,
}

/// One way into a sub-cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its name, as records show it.
    pub name: Spanned<String>,
    /// The jobs it is for.
    pub when: Spanned<String>,
    /// The sub-cluster they go to.
    pub to: Spanned<String>,
}

/// A class of jobs and the ratio in which they are spread.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name, as records show it.
    pub name: Spanned<String>,
    /// The jobs it is for.
    pub when: Spanned<String>,
    /// Sub-clusters and their weights.
    pub spread: Spread,
}

/// Sub-clusters and their weights, by name: a table has no order of its own.
#[derive(Clone, Debug, Default)]
pub struct Spread(pub Vec<(String, u32)>);

impl Tables {
    /// Whether they say nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.pool.nodes.is_none()
            && self.pool.moves_per_minute.is_none()
            && self.subclusters.is_empty()
            && self.routes.is_empty()
            && self.classes.is_empty()
    }
}

impl Slot {
    pub(super) const fn resources(self) -> Resources {
        Resources {
            cpu_millis: self.cpu.as_millis(),
            memory_bytes: self.memory.as_bytes(),
        }
    }
}

impl NodeGroup {
    pub(super) const fn resources(&self) -> Resources {
        Resources {
            cpu_millis: self.cpu.as_millis(),
            memory_bytes: self.memory.as_bytes(),
        }
    }
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Weights;

        impl<'de> Visitor<'de> for Weights {
            type Value = Spread;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("sub-clusters and their weights, such as { medium = 7, long = 3 }")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Spread, A::Error> {
                let mut weights = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    weights.push(entry);
                }
                weights.sort();
                Ok(Spread(weights))
            }
        }

        deserializer.deserialize_map(Weights)
    }
}
