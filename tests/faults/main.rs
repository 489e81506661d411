//! Faults of processes: the front, workers and the compiler are killed, frozen and tripped at each step of the way of a job,
//! and what is left is held against what was promised.
//!
//! ```text
//!   clients ── submit, cancel ──► a server with a fault planted ◄── started anew, as a service manager would
//!      │ histories                       │ journal            │ records
//!      └─────────────────────────────► check ◄────────────────┘
//! ```
//!
//! Faults are planted by `sublet_worker::fault`, which only builds with debug assertions have.

#[cfg(test)]
#[path = "../harness/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the plumbing is that of all tests from outside, and these need a part of it"
)]
mod harness;

#[cfg(test)]
mod check;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod world;

#[cfg(test)]
mod again;
#[cfg(test)]
mod full_queue;
#[cfg(test)]
mod liars;
#[cfg(test)]
mod matrix;
