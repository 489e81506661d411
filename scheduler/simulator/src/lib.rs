//! The scheduler in a simulated pool: seeded workloads of users and hosts, virtual time, and what it was like.
//!
//! ```text
//!   workload ──deeds──► run ──events──► Scheduler
//!                        ▲ │ ◄─actions──
//!                        └─┘ starts, ends, returns, at virtual instants ──► audit, report
//! ```
//!
//! Nothing here reads a clock or draws chance that is not in the seed: the same seed gives the same run. Integers decide;
//! fractions appear only where workloads are drawn and reports are written.
//!
//! Read `workload` first: what happens to the pool that `world` describes.

pub mod random;
pub mod report;
pub mod workload;
pub mod world;
