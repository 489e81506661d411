//! The sandbox: one WebAssembly instance, run inside its limits.
//!
//! This crate decides what a guest may be made of ([`recognise()`], `compile`), what it can reach while it runs
//! ([`Instance`]) and how its end is told ([`Ending`]). It is the only crate that names wasmtime. It must not know jobs,
//! users, queues or what lies behind a nic: it is handed a program, directories, streams, a place on a network and
//! limits, and answers with a value.
//!
//! ```text
//!   wasm ──recognise──► compile ──artifact──► Sandbox::load ──► Program
//!                     (a process that           │
//!                      may be killed)           ▼
//!                     Instance ──► Sandbox::run(program, instance) ──► Ending { outcome, usage, detail }
//! ```
//!
//! One process has one [`Sandbox`]: one engine with the compiler off, a pool of places for instances, and a ticker that
//! makes running guests give way. An instance serves one attempt; nothing of it is ever used again.

mod refusal;

mod recognise;

mod base;
mod config;
mod fault;
mod identity;
mod interface;
mod sandbox;
mod shape;
mod ticker;

mod files;
mod http;
mod job;
mod link;
mod program;
mod sockets;

mod alone;
mod attempt;
mod clocks;
mod counts;
mod ending;
mod halts;
mod input;
mod instance;
mod limiter;
mod output;
mod scratch;
mod state;
mod stop;
mod text;
mod verdict;
mod watch;

mod class;
mod lane;
mod processor;
mod ride;
mod share;
mod turn;

#[cfg(feature = "compile")]
mod compile;
#[cfg(feature = "compile")]
mod component;
#[cfg(feature = "compile")]
pub mod gate;

pub use alone::Guest;
pub use class::{
    Bursting, be_patient, be_prompt, bursting, enter_idle, leave_idle, stand_back, start_guests,
};
#[cfg(feature = "compile")]
pub use compile::{Compiled, compile};
pub use ending::Ending;
pub use fault::Fault;
pub use identity::{Preemption, engine_identity};
pub use input::Input;
pub use instance::{Access, Directory, Instance};
pub use interface::{Interface, Kind};
pub use job::relatives::{
    Answering, Child, End, Member, PATIENCE, Refused, Relatives, Reply, Wish,
};
pub use job::{Desk, Facts, Failure, Job, Measure};
pub use output::Sink;
pub use program::Program;
pub use recognise::recognise;
pub use refusal::{Refusal, RefusalCode};
pub use sandbox::Sandbox;
pub use shape::{Occupancy, Shape};
pub use share::{Bucket, Burst, Share};
pub use stop::Stop;
