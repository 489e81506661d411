//! The one sub-cluster of a server whose scheduler knows no other.

use sublet_scheduler::Resources;

use super::carve::SLOTS_MAX;
use super::{Config, ConfigError};

/// The name of the sub-cluster when nothing is configured.
const DEFAULT_SUBCLUSTER: &str = "default";
/// A 32-bit memory has 4 GiB.
const SLOT_MEMORY_MIB_MAX: u64 = 4096;

impl Config {
    /// The sub-cluster and its slot shape, for a host that offers `capacity`.
    ///
    /// # Errors
    /// When the shape cannot be: no slot fits the host, or more than a worker can hold.
    pub fn subcluster(&self, capacity: Resources) -> Result<(String, Resources), ConfigError> {
        let (name, slot) = match self.subclusters.as_slice() {
            [] => (DEFAULT_SUBCLUSTER.to_owned(), self.slot_for(capacity)),
            [one] => (one.name.get_ref().clone(), one.slot.resources()),
            more => {
                return Err(ConfigError::Value(format!(
                    "{} sub-clusters, and this version has one: keep the first [[subcluster]]",
                    more.len()
                )));
            }
        };
        match capacity.slots_of(slot) {
            0 => Err(ConfigError::Value(format!(
                "a slot of sub-cluster `{name}` wants {slot}, and the host offers {capacity} less the reserve"
            ))),
            1..=SLOTS_MAX => Ok((name, slot)),
            more => Err(ConfigError::Value(format!(
                "sub-cluster `{name}` would have {more} slots, the limit is {SLOTS_MAX}: give a slot more cpu or memory"
            ))),
        }
    }

    /// As many slots as there is room for jobs that say nothing, the memory dealt evenly among them.
    fn slot_for(&self, capacity: Resources) -> Resources {
        let job = &self.defaults.job;
        let wanted = Resources {
            cpu_millis: job.cpu.as_millis().max(1),
            memory_bytes: job.memory.as_bytes().max(1),
        };
        let slots = capacity.slots_of(wanted).clamp(1, SLOTS_MAX);
        let memory_mib = (capacity.memory_bytes / slots) >> 20;
        Resources {
            cpu_millis: wanted.cpu_millis,
            memory_bytes: memory_mib.min(SLOT_MEMORY_MIB_MAX) << 20,
        }
    }
}
