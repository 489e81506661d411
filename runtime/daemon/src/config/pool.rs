//! What the host offers, and how that is carved.

use serde::Deserialize;
use sublet_scheduler::Resources;
use toml::Spanned;

use super::quantity::{Cpu, Size};
use super::tables::NodeGroup;

/// What this host offers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// What is kept back for everything that is not a guest.
    pub reserve: Reserve,
    /// The nodes that the rest is carved into; needs `[[subcluster]]`.
    pub nodes: Option<Vec<Spanned<NodeGroup>>>,
    /// Times that one node may change its sub-cluster within a minute; needs `[[subcluster]]`.
    pub moves_per_minute: Option<u32>,
}

/// What is kept back on a host.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reserve {
    /// Processors; half of one, or a quarter of all where that is less.
    pub cpu: Option<Cpu>,
    /// Memory; 1 GiB, or a quarter of all where that is less.
    pub memory: Option<Size>,
    /// Free space on the disk of the data directory, below which submissions are refused.
    pub disk: Size,
}

impl Default for Reserve {
    fn default() -> Self {
        Self {
            cpu: None,
            memory: None,
            disk: Size::mib(256),
        }
    }
}

impl Reserve {
    /// What is kept back of a host that has so much.
    #[must_use]
    pub fn of(&self, has: Resources) -> Resources {
        let cpu = self
            .cpu
            .map_or_else(|| (has.cpu_millis / 4).min(500), Cpu::as_millis);
        let memory = self
            .memory
            .map_or_else(|| (has.memory_bytes / 4).min(1 << 30), Size::as_bytes);
        Resources {
            cpu_millis: cpu,
            memory_bytes: memory,
        }
    }
}
