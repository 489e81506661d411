//! What happened, as rows of a database. Deep down this is `SQLite`: one connection writes, in whole batches; others read.
//!
//! A record is a fact and is never weighed here: whether an attempt may start or a user may cancel has been decided by
//! whoever writes it.

mod codes;
mod database;
mod job;
mod library;
mod read;
mod record;
mod recover;
mod task;
mod write;
mod writer;

pub use codes::OutcomeKind;
pub use job::{IdempotencyKey, JobSpec, NewInput, NewJob, Tally};
pub use library::{CompileRefusal, Input, InputKind, ModuleName, NewModule};
pub use read::{
    AttemptRow, JobFilter, JobPage, JobSelector, JobSummary, KnownKey, ModuleRow, ModuleSelector,
    NextIds, OpenStart, OwnedJob, Reader, Readers, TaskFilter, TaskRow, UsageTotal, User, Whose,
};
pub use record::{FinishedAttempt, Record};
pub use recover::Unfinished;
pub use task::TaskState;
pub use writer::Writer;
