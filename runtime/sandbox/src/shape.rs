//! How much one worker process can hold: the pool of places that instances are made in.
//!
//! Every total is generous, because a full pool must never be what decides whether an attempt may start: admission does.

use wasmtime::{Enabled, PoolingAllocationConfig};

use crate::Preemption;

/// Core instances that one component may be made of: Python is made of 14, and of one more for each native library. To the
/// pool this is a number to count up to and no place: what an instance takes is allocated when it is made, and all of one
/// component together stay below [`METADATA_BYTES_MAX`].
pub(crate) const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 32;
/// Linear memories of one component.
pub(crate) const MEMORIES_PER_COMPONENT_MAX: u32 = 4;
/// Tables of one component.
pub(crate) const TABLES_PER_COMPONENT_MAX: u32 = 16;
/// Linear memories of one core module: more needs a proposal that is off.
pub(crate) const MEMORIES_PER_MODULE_MAX: u32 = 1;
/// Tables of one core module. Most have one; some tools emit a second.
pub(crate) const TABLES_PER_MODULE_MAX: u32 = 4;
/// Elements of one table. Debug builds of some languages need more than 10,000.
pub(crate) const TABLE_ELEMENTS_MAX: u32 = 20_000;

/// Places beyond those asked for, so that one that is just being cleaned is not missed.
const SPARE: u32 = 2;
/// Bytes of metadata that one instance may cost the host, so that a module of nothing but globals and functions cannot
/// take more than its memory limit says.
const METADATA_BYTES_MAX: usize = 2 << 20;
/// Bytes of a memory that stay resident between two instances of the same user, when the kernel can tell which pages
/// were touched. Then resetting them costs only what was touched.
const MEMORY_KEPT_BYTES: usize = 1 << 20;
/// The same for tables.
const TABLE_KEPT_BYTES: usize = 64 << 10;

/// How much one sandbox holds at once.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Instances alive at once.
    pub instances_max: u32,
    /// The largest memory limit of an instance.
    pub memory_bytes_max: u64,
    /// Threads that poll [`Sandbox::run`](crate::Sandbox::run). With more guests than these, the ticks come faster.
    pub threads: u32,
    /// Who makes its guests give way.
    pub preemption: Preemption,
}

impl Shape {
    pub(crate) fn pool(self) -> PoolingAllocationConfig {
        let places = |each: u32| {
            self.instances_max
                .saturating_mul(each)
                .saturating_add(SPARE)
        };
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(places(1))
            .total_core_instances(places(CORE_INSTANCES_PER_COMPONENT_MAX))
            .total_memories(places(MEMORIES_PER_COMPONENT_MAX))
            .total_tables(places(TABLES_PER_COMPONENT_MAX))
            .total_stacks(places(1))
            .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
            .max_memories_per_component(MEMORIES_PER_COMPONENT_MAX)
            .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
            .max_memories_per_module(MEMORIES_PER_MODULE_MAX)
            .max_tables_per_module(TABLES_PER_MODULE_MAX)
            .max_memory_size(usize::try_from(self.memory_bytes_max).unwrap_or(usize::MAX))
            .table_elements(usize::try_from(TABLE_ELEMENTS_MAX).unwrap_or(usize::MAX))
            .max_core_instance_size(METADATA_BYTES_MAX)
            .max_component_instance_size(METADATA_BYTES_MAX)
            .linear_memory_keep_resident(MEMORY_KEPT_BYTES)
            .table_keep_resident(TABLE_KEPT_BYTES)
            .pagemap_scan(Enabled::Auto)
            .decommit_batch_size(1);
        pool
    }
}

/// What of the pool is in use. All zero when no instance is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Core instances.
    pub core_instances: u64,
    /// Component instances.
    pub component_instances: u64,
    /// Linear memories.
    pub memories: u64,
    /// Tables.
    pub tables: u64,
    /// Stacks.
    pub stacks: u64,
}

impl Occupancy {
    pub(crate) fn of(engine: &wasmtime::Engine) -> Self {
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        engine
            .pooling_allocator_metrics()
            .map_or_else(Self::default, |pool| Self {
                core_instances: pool.core_instances(),
                component_instances: pool.component_instances(),
                memories: count(pool.memories()),
                tables: count(pool.tables()),
                stacks: count(pool.stacks()),
            })
    }
}
