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
//! Read `workload` first: what happens to the pool that `world` describes, or to one that somebody brings along (`pool`). `run` plays it; `audit` checks every step, and
//! `tamper` breaks some on purpose to see whether `audit` does; `report` says what it was like.

pub mod pool;
pub mod random;
pub mod workload;
pub mod world;

pub mod run;

pub mod audit;
pub mod tamper;

pub mod report;

pub use audit::{Violation, Watched};
pub use pool::Pool;
pub use report::Report;
pub use run::{Failure, Growth, Load, Outcome, Setting, Trouble};
pub use tamper::Fault;
pub use workload::{Kind, Scale};
