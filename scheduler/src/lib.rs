//! The scheduler: events in, actions out.
//!
//! This crate decides which attempt of which task runs in which slot, and nothing else. It has no clock, no randomness,
//! no threads and no files: the time comes in with each [`Event`], what should happen comes out as [`Action`]s, and the
//! same code therefore runs in the daemon and in a seeded simulator. `no_std` lets the compiler keep that promise.
//!
//! ```text
//!   Event ──► Scheduler::handle(now, event) ──► [Action, …]
//!     Submitted, Started, Exited, Reclaimed …      Start, Stop, Finish, Reclaim …
//! ```
//!
//! Read `scheduler` first, then `reactions`: one file per family of events. `live_job` is the account of one job,
//! `pool` with its `subcluster`s and `ledger` that of the capacity; `admission` says who may come in, `query` answers.
//! `rules` is the language in which operators say which node belongs where and which job goes where, `rule_set` all that
//! they say, and `routing` what follows from it for a job.
//!
//! Whoever owns the scheduler (the daemon's driver) carries out each action and reports how it went as exactly one event.

#![no_std]
#![warn(clippy::wildcard_enum_match_arm)]

extern crate alloc;

pub mod action;
pub mod event;
pub mod ids;
pub mod job;
pub mod limits;
pub mod outcome;
pub mod quantity;
pub mod terms;

pub mod rule_set;
pub mod rules;

pub mod admission;
pub mod routing;
pub mod scheduler;
pub mod view;

mod reactions;

mod attempt;
mod backoff;
mod live_job;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the scheduler keeps its nodes in `pool` until it takes rules"
    )
)]
mod partition;
mod pool;
mod query;
mod queue;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the scheduler still asks `queue`")
)]
mod queues;
mod restart;
mod subcluster;
mod tally;

mod index_set;
mod ledger;
mod ratio;

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod chance;

pub use action::{Action, Next, StopReason};
pub use admission::Rejection;
pub use attempt::AttemptState;
pub use event::{Again, Event, Interrupted, Resumption};
pub use ids::{AttemptId, JobId, NodeId, SlotId, SubclusterId, UserId};
pub use job::{Job, Restart, TaskRange};
pub use limits::Limits;
pub use outcome::{CancelReason, Limit, LossReason, Outcome, TrapKind, Usage};
pub use partition::{MoveCause, NodeMove, NodeSpec, NodeState};
pub use quantity::{Resources, UnixMillis};
pub use scheduler::{Config, Scheduler};
pub use subcluster::{SlotCounts, SubclusterConfig};
pub use terms::{Quota, Terms};
pub use view::{AttemptView, JobView, NodeView, PoolView, SubclusterView, Waiting};
