//! The disk: everything that outlives the server's process.
//!
//! This crate decides how things are kept so that an answer, once given, stays true: across `kill -9`, across power loss,
//! and across a full disk. It knows nothing of HTTP, of guests or of placement; it is told what happened and asked what
//! is known.
//!
//! ```text
//!                    DataDirectory  (one holder at a time)
//!        ┌───────────────┬──────┴────────┬────────────────┬──────────────┐
//!     Writer          Readers         Library            Logs           Work
//!   records in,    questions about   modules,         what guests     directories that
//!   whole batches  records           artifacts,       printed         worker processes
//!                                    inputs                           may touch
//! ```
//!
//! * [`Writer`] is the only one that changes records. A batch is one transaction: all of it is durable, or none.
//! * [`Readers`] answer questions, each about the rows of one user or, for operators, of all.
//! * [`Library`] keeps files by the digest of their content. What has a name there is whole.
//! * [`Logs`] are append-only segments beside the database; a torn tail is skipped and said.
//! * [`Outputs`] are the files that attempts left for people, by their job.
//! * [`KeyFiles`] are the keys of the house: private, replaced whole, never in the database.

mod backup;
mod data_directory;
mod digest;
mod durable;
mod error;
mod key_files;
mod library;
mod logs;
mod outputs;
mod public_id;
mod records;
mod untrusted;
mod work;

pub use backup::{BackupRefusal, BackupSummary, restore_backup, verify_backup};
pub use data_directory::DataDirectory;
pub use digest::{Digest, DigestPrefix, NotADigest};
pub use error::Error;
pub use key_files::KeyFiles;
pub use library::{
    ArchiveRefusal, Artifact, KeptInput, Library, Refusal, TreeLimits, Upload, Uploaded,
    WholeArtifact,
};
pub use logs::{
    LogChunk, LogEntry, LogFound, LogPosition, LogReader, LogSelection, Logs, NotAPosition, Stream,
};
pub use outputs::{Kept, Outputs, Unkept};
pub use public_id::{NotAPublicId, PublicId, PublicIdPrefix};
pub use records::{
    ArtifactSum, AttemptRow, AuditBreak, AuditChain, AuditFilter, AuditOutcome, AuditRow, Audited,
    Certificate, CertificateFilter, CertificateRow, CompileRefusal, Considered, Day, DrainedNode,
    FinishedAttempt, GivenUp, HarmCounts, Holdings, IdempotencyKey, Input, InputKind, JobArtifact,
    JobEnd, JobFilter, JobPage, JobSelector, JobSpec, JobSummary, JobUsage, JobUsageCursor,
    KnownKey, Membership, ModuleHarm, ModuleName, ModuleRow, ModuleSelector, NewInput, NewJob,
    NewModule, NewUser, NextIds, Node, NodeMove, NodeState, NotASerial, OpenStart, OutcomeKind,
    OwnedJob, Page, Parent, PausedSubcluster, Place, Progress, Quota, Reader, Readers, Record,
    RemovalReason, RemovalRow, Retention, Revocation, Role, Route, RoutedJob, RuleSet, RuleSetRow,
    Serial, Standing, StoredDependency, StoredJobNetwork, StoredNetwork, StoredNic, StoredPublish,
    Tally, TaskFilter, TaskRow, TaskState, Told, Unfinished, UsageTotal, Used, User, UserChange,
    UserFilter, When, Who, Whose, Wishes, Writer,
};
pub use work::{Owner, Removal, Work};
