//! The limits of the gate. Each counts over the whole upload, embedded modules included, unless it says otherwise.
//!
//! Each was set between what large honest programs need (Python, Ruby, a Go program with its HTTP library, debug
//! builds of Rust) and what made the compiler suffer.

use crate::{Refusal, RefusalCode};

/// One limit.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What is counted, in the plural.
    pub what: &'static str,
    /// The largest count that passes.
    pub max: u64,
}

impl Bound {
    const fn new(what: &'static str, max: u64) -> Self {
        Self { what, max }
    }

    pub(crate) fn check(self, found: u64) -> Result<(), Refusal> {
        if found <= self.max {
            return Ok(());
        }
        let Self { what, max } = self;
        Err(Refusal::new(
            RefusalCode::TooLarge,
            format!("the module has {found} {what}, the limit is {max}"),
        ))
    }
}

/// 200,000 empty functions (0.8 MB) made the compiler take more than a gigabyte.
pub const FUNCTIONS: Bound = Bound::new("functions", 50_000);
/// Types are compared with each other.
pub const TYPES: Bound = Bound::new("types", 10_000);
/// Each is resolved by name, at every load, and is a step at every start: 5,000 make one 0.2 ms longer. A component counts
/// those of the modules in it, too: Python with its library has 2,486.
pub const IMPORTS: Bound = Bound::new("imports", 5_000);
/// Each is kept by name for as long as the program is.
pub const EXPORTS: Bound = Bound::new("exports", 10_000);
/// Each is initialised at every start, in memory that no memory limit counts.
pub const GLOBALS: Bound = Bound::new("globals", 10_000);
/// Each is a step at every start. A large Go program has 60,000.
pub const DATA_SEGMENTS: Bound = Bound::new("data segments", 100_000);
/// As for data; nobody needs many.
pub const ELEMENT_SEGMENTS: Bound = Bound::new("element segments", 20_000);
/// Elements in all segments: each is written at the start.
pub const ELEMENTS: Bound = Bound::new("elements in segments", 1_000_000);
/// Of one function: 7 MB of straight-line code had the compiler killed.
pub const BODY_BYTES: Bound = Bound::new("bytes in one function", 1 << 20);
/// 8 KB can declare 50 million; the compiler makes a value of each.
pub const LOCALS: Bound = Bound::new("locals", 2_000_000);
/// Of one function: a million in 3 MB took 860 MiB. A switch statement nests as many as it has cases: 628 in a debug
/// build of Rust.
pub const BLOCK_NESTING: Bound = Bound::new("blocks inside each other", 4_096);
/// Of one function: 1,000 in 8.6 KB cost more than 40 seconds. Honest programs have 13.
pub const LOOP_NESTING: Bound = Bound::new("loops inside each other", 64);
/// Of one function: how deep its loops are times its locals, which the compiler carries through each. 64 times 780
/// took 20 seconds; honest programs stay below 2,500.
pub const LOOP_DEPTH_LOCALS: Bound =
    Bound::new("locals times depth of loops in one function", 10_000);
/// Of one function: all its loops times its locals. 2,000 loops with 500 locals, in 34 KB, took 20 seconds; honest
/// programs stay below 14,000.
pub const LOOP_LOCALS: Bound = Bound::new("locals times loops in one function", 100_000);
/// Of one `br_table`: a million targets took 600 MiB, and such jumps have been compiled wrongly before.
pub const BRANCH_TARGETS: Bound = Bound::new("targets of one `br_table`", 65_536);
/// Of one function type: 1,000 parameters and results with 300 calls, in 5.5 KB, became an artifact of 9.6 MB.
pub const PARAMETERS: Bound = Bound::new("parameters of one function type", 128);
/// As for parameters; 128 results and 5,000 calls, in 11 KB, took 14 seconds.
pub const RESULTS: Bound = Bound::new("results of one function type", 32);
/// Components in components.
pub const COMPONENT_DEPTH: Bound = Bound::new("components inside each other", 10);
/// Core modules embedded in a component.
pub const EMBEDDED_MODULES: Bound = Bound::new("embedded modules", 50);
/// Conversions between components and core modules; a piece of code is made for each.
pub const CONVERSIONS: Bound = Bound::new("canonical functions", 10_000);
/// Each module that is instantiated: the pool counts no more for one component. What only gathers exports under a name is
/// none.
pub const CORE_INSTANCES: Bound = Bound::new(
    "core instances",
    crate::shape::CORE_INSTANCES_PER_COMPONENT_MAX as u64,
);
/// The pool has no more places for one component.
pub const MEMORIES: Bound = Bound::new("memories", crate::shape::MEMORIES_PER_COMPONENT_MAX as u64);
/// As for memories. One core module may have fewer, see [`MODULE_TABLES`].
pub const TABLES: Bound = Bound::new("tables", crate::shape::TABLES_PER_COMPONENT_MAX as u64);
/// Of one core module.
pub const MODULE_TABLES: Bound = Bound::new(
    "tables in one module",
    crate::shape::TABLES_PER_MODULE_MAX as u64,
);
/// Initial elements of one table.
pub const TABLE_ELEMENTS: Bound = Bound::new(
    "initial elements of one table",
    crate::shape::TABLE_ELEMENTS_MAX as u64,
);
