//! What happened, as rows of a database. Deep down this is `SQLite`: one connection writes, in whole batches; others read.
//!
//! A record is a fact and is never weighed here: whether an attempt may start or a user may cancel has been decided by
//! whoever writes it.

mod artifact;
mod audit;
mod certificate;
mod codes;
mod database;
mod harm;
mod job;
mod library;
mod network;
mod node;
mod operator;
mod read;
mod record;
mod recover;
mod retention;
mod spec;
mod task;
mod told;
mod used;
mod user;
mod write;
mod writer;

pub use artifact::JobArtifact;
pub use audit::{AuditOutcome, Audited, Who};
pub use certificate::{Certificate, NotASerial, Revocation, Serial};
pub use codes::OutcomeKind;
pub(crate) use database::known_schema;
pub use harm::{HarmCounts, ModuleHarm};
pub use job::{GivenUp, IdempotencyKey, NewJob, RoutedJob, Tally};
pub use library::{CompileRefusal, Input, InputKind, ModuleName, NewModule};
pub use network::{StoredNetwork, StoredNic};
pub use node::{Membership, Node, NodeState};
pub use operator::{DrainedNode, PausedSubcluster, RuleSet};
pub(crate) use read::audit_is_whole;
pub use read::{
    ArtifactSum, AttemptRow, AuditBreak, AuditChain, AuditFilter, AuditRow, CertificateFilter,
    CertificateRow, Considered, Holdings, JobEnd, JobFilter, JobPage, JobSelector, JobSummary,
    JobUsage, JobUsageCursor, KnownKey, ModuleRow, ModuleSelector, NextIds, NodeMove, OpenStart,
    OwnedJob, Page, Parent, Reader, Readers, RemovalRow, Route, RuleSetRow, TaskFilter, TaskRow,
    UsageTotal, UserFilter, Whose, Wishes,
};
pub use record::{FinishedAttempt, Place, Record};
pub use recover::Unfinished;
pub use retention::{RemovalReason, Retention};
pub use spec::{JobSpec, NewInput, StoredDependency, StoredJobNetwork, StoredPublish, When};
pub use task::TaskState;
pub use told::{Progress, Told};
pub use used::{Day, Used};
pub use user::{NewUser, Quota, Role, Standing, User, UserChange};
pub use writer::Writer;
