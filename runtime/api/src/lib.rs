//! The words of the HTTP API: what goes over the wire, as plain serde types, and the stable codes of every error.
//!
//! These types are a promise to programs: within `/v1` they only grow. They know nothing of the scheduler's own types;
//! the daemon converts between the two in one file. Sizes are bytes, durations carry their unit in the name, times are
//! RFC 3339 in UTC.

pub mod artifact;
pub mod audit;
pub mod code;
pub mod event;
pub mod job;
pub mod log;
pub mod module;
pub mod network;
pub mod object;
pub mod operation;
pub mod pool;
pub mod problem;
pub mod rules;
pub mod server;
pub mod task;
pub mod usage;
pub mod user;

pub use artifact::{Artifact, ArtifactSum, Progress};
pub use audit::{AuditEntry, AuditQuery, AuditVerdict};
pub use code::Code;
pub use event::{Event, EventKind, EventQuery};
pub use job::{
    After, Explanation, Fact, Fit, InputMount, Job, JobEnd, JobQuery, Limits, Restart,
    RetryRequest, RoutedBy, Selected, SubmitJob, TaskCounts, Waiting, When,
};
pub use log::{LogEntry, LogQuery, Stream};
pub use module::{Module, ModuleHarm, ModuleKind, ModuleQuery, PushQuery, ReleaseQuery};
pub use network::{
    EgressPolicy, Flow, JobNetwork, Network, NetworkList, NetworkMode, NetworkUsage, Nic,
    NicLimits, Peer, Publish,
};
pub use operation::{Check, CheckState, Origin, ReadyQuery, Setting};
pub use pool::{
    Amount, Asked, DeleteQuery, DrainNode, LabelNode, Node, NodeExplanation, NodeQuery,
    PauseSubcluster, Pool, RuleVerdict, Slots, Subcluster, ValueRead,
};
pub use problem::{Place, Problem, Violation};
pub use rules::{Applied, ApplyRules, Changes, Homeless, NodeMove, Plan, Remark, RuleSet};
pub use server::{Input, InputKind, InputQuery, Page, Version, Whoami};
pub use task::{Attempt, Outcome, State, Task, TaskQuery, Usage};
pub use usage::{RemovedJobs, RemovedQuery, UsageBy, UsageQuery, UsageReport, UsageRow, UsageSum};
pub use user::{
    Certificate, CertificateQuery, Holding, IssuedCredential, NewCertificate, NewUser,
    QuotaRequest, RenewCertificate, RevokeRequest, Role, User, UserQuery,
};
