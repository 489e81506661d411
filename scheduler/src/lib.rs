//! The scheduler: events in, actions out.
//!
//! This crate decides which attempt of which task runs in which slot, and which node is in which sub-cluster, and nothing
//! else. It has no clock, no randomness, no threads and no files: the time comes in with each [`Event`], what should
//! happen comes out as [`Action`]s, and the same code therefore runs in the daemon, in a plan and in a seeded simulator.
//! `no_std` lets the compiler keep that promise.
//!
//! ```text
//!   Event ──► Scheduler::handle(now, event) ──► [Action, …]
//!     RulesChanged, HostChanged, NodeFacts …       NodeMoved …
//!     Submitted, Started, Exited, Reclaimed …      Routed, Start, Stop, Finish, Reclaim …
//! ```
//!
//! Read `scheduler` first, then `reactions`: one file per family of events. Four rooms decide, and none knows another:
//!
//! | room | decides | knows nothing of |
//! |---|---|---|
//! | `partition` | which node is in which sub-cluster, which slot is free | jobs, queues |
//! | `routing` | which sub-cluster a job goes to | when it starts, on which node |
//! | `queues` | whose task is next in a sub-cluster | nodes, rules |
//! | `live_job` | what is left of one job | other jobs, slots beyond their names |
//!
//! `rules` is the language in which operators say what `partition` and `routing` go by. `admission` says who may come in,
//! `query` answers.
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
pub mod rule_set;
pub mod rules;
pub mod terms;

pub mod admission;
pub mod partition;
pub mod plan;
pub mod routing;
pub mod scheduler;
pub mod view;

mod reactions;

mod giving_out;
mod placement;
mod reorganising;

mod alarms;
mod attempt;
mod changed;
mod dependents;
mod live_job;
mod pace;
mod pauses;
mod preemption;
mod query;
mod queues;
mod ratio;
mod restart;
mod tally;
mod users;

mod index_set;
mod ledger;
mod shelf;

#[cfg(test)]
mod chance;
#[cfg(test)]
extern crate std;

pub use action::{Action, Next, StopReason};
pub use admission::{Excess, Rejection};
pub use attempt::AttemptState;
pub use event::{Again, Event, Interrupted, Resumption};
pub use ids::{AttemptId, JobId, NodeId, SlotId, SubclusterId, UserId};
pub use job::{Dependency, Job, Restart, Said, TaskRange, When};
pub use limits::Limits;
pub use outcome::{CancelReason, Limit, LossReason, NetworkUsage, Outcome, TrapKind, Usage};
pub use partition::{
    Closed, EntryExplanation, EntryVerdict, Hold, MoveCause, NodeExplanation, NodeMove, NodeSpec,
    NodeState,
};
pub use plan::Plan;
pub use quantity::{Resources, SlotCounts, UnixMillis};
pub use queues::Bound;
pub use routing::{Considered, NoRoute, Obstacle, RoutedBy, Routing};
pub use rule_set::{Burst, ClassRule, Isolation, Preemption, RouteRule, RuleSet, SubclusterSpec};
pub use scheduler::{Config, Scheduler};
pub use terms::{Quota, Terms};
pub use users::Role;
pub use view::{AttemptView, JobView, NodeView, PoolView, SubclusterView, UserView, Waiting};
