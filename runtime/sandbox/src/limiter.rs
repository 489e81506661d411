//! Memory and tables of one instance, each summed over all it has. wasmtime's own limits hold for each memory and each
//! table alone.

use std::sync::Arc;

use sublet_scheduler::Limits;
use wasmtime::{Error, ResourceLimiter, Result};

use crate::counts::{Count, Counts};
use crate::shape::{
    CORE_INSTANCES_PER_COMPONENT_MAX, MEMORIES_PER_COMPONENT_MAX, TABLES_PER_COMPONENT_MAX,
};

/// Counts and denies.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory: Sum,
    tables: Sum,
    counts: Arc<Counts>,
}

/// One summed quantity.
#[derive(Debug)]
struct Sum {
    limit: u64,
    used: u64,
    last_growth: u64,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, counts: Arc<Counts>) -> Self {
        Self {
            memory: Sum::new(limits.memory_bytes),
            tables: Sum::new(limits.table_elements.into()),
            counts,
        }
    }
}

impl Limiter {
    /// Linear memory in use, all memories together.
    pub(crate) const fn memory_used(&self) -> u64 {
        self.memory.used
    }
}

impl Sum {
    const fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            last_growth: 0,
        }
    }

    /// Whether one of the things may grow. Only what the limit forbids is counted as denied: a growth beyond the
    /// maximum that the guest itself declared fails by the guest's own word.
    fn grow(
        &mut self,
        count: &Count,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> bool {
        self.last_growth = 0;
        let growth = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let sum = self.used.saturating_add(growth);
        if sum > self.limit {
            count.deny();
            return false;
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        self.used = sum;
        self.last_growth = growth;
        count.saw(sum);
        true
    }

    /// The growth that was just allowed did not happen.
    fn undo(&mut self) {
        self.used = self.used.saturating_sub(self.last_growth);
        self.last_growth = 0;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self
            .memory
            .grow(&self.counts.memory, current, desired, maximum))
    }

    fn memory_grow_failed(&mut self, _error: Error) -> Result<()> {
        self.memory.undo();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self
            .tables
            .grow(&self.counts.tables, current, desired, maximum))
    }

    fn table_grow_failed(&mut self, _error: Error) -> Result<()> {
        self.tables.undo();
        Ok(())
    }

    fn instances(&self) -> usize {
        // Each component is an instance beside the core instances in it.
        whole(CORE_INSTANCES_PER_COMPONENT_MAX).saturating_mul(2)
    }

    fn memories(&self) -> usize {
        whole(MEMORIES_PER_COMPONENT_MAX)
    }

    fn tables(&self) -> usize {
        whole(TABLES_PER_COMPONENT_MAX)
    }
}

fn whole(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
