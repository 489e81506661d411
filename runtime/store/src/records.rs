//! What happened, as rows of a database. Deep down this is `SQLite`: one connection writes, in whole batches; others read.
//!
//! A record is a fact and is never weighed here: whether an attempt may start or a user may cancel has been decided by
//! whoever writes it.

mod audit;
mod codes;
mod database;
mod job;
mod library;
mod network;
mod node;
mod operator;
mod read;
mod record;
mod recover;
mod spec;
mod task;
mod write;
mod writer;

pub use audit::{AuditOutcome, Audited, Who};
pub use codes::OutcomeKind;
pub use job::{IdempotencyKey, NewJob, RoutedJob, Tally};
pub use library::{CompileRefusal, Input, InputKind, ModuleName, NewModule};
pub use network::{StoredNetwork, StoredNic};
pub use node::{Membership, Node, NodeState};
pub use operator::{DrainedNode, PausedSubcluster, RuleSet};
pub use read::{
    AttemptRow, AuditBreak, AuditChain, AuditFilter, AuditRow, Considered, JobEnd, JobFilter,
    JobPage, JobSelector, JobSummary, KnownKey, ModuleRow, ModuleSelector, NextIds, NodeMove,
    OpenStart, OwnedJob, Page, Reader, Readers, Route, RuleSetRow, TaskFilter, TaskRow, UsageTotal,
    User, Whose, Wishes,
};
pub use record::{FinishedAttempt, Place, Record};
pub use recover::Unfinished;
pub use spec::{JobSpec, NewInput, StoredDependency, StoredJobNetwork, StoredPublish, When};
pub use task::TaskState;
pub use writer::Writer;
