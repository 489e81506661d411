//! The worker: many instances of one user in one process, reached by framed messages.
//!
//! ```text
//!   front (or `sublet run`) ── ToWorker ──►  Slots ── Sandbox::run ──► instance
//!                           ◄─ FromWorker ─  Outbox ◄── output, endings
//! ```
//!
//! A worker serves one user in one sub-cluster. It opens no file but below its one directory, makes no socket (what leaves
//! the process is connected by the front, with [`dial`]), and ends with the link to whoever started it. The same [`Slots`] serve `sublet run` over an in-memory link, so that a module
//! meets one sandbox, not two. The one-shot compile process lives here too, because it needs the engine as well.

mod carrier;
pub mod child;
pub mod compile;
pub mod dial;
mod environment;
pub mod fault;
pub mod frame;
mod listener;
pub mod local;
pub mod network;
mod outbox;
mod pair;
pub mod process;
pub mod protocol;
mod questions;
mod reports;
mod run;
mod shares;
mod slots;
mod stage;
mod stopping;
mod threads;
pub mod wall;
mod wire;

pub use environment::ATTEMPT_FOLDERS;
pub use protocol::{
    Definition, FromWorker, Isolation, Mount, Progress, Stdin, StopCause, Stream, ToWorker,
};
pub use slots::Slots;
pub use sublet_sandbox::{
    Access, Bucket, Burst, Bursting, Child, Directory, End, Interface, Kind, Member, PATIENCE,
    Preemption, Refusal, RefusalCode, Refused, Reply, Wish, be_prompt, bursting, engine_identity,
    enter_idle, leave_idle, recognise,
};
pub use sublet_scheduler::Limits;
