//! A job as it is stored: what its user asked for, in a text form that has its own version because it outlives programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sublet_scheduler::{JobId, Limits, Restart, TaskRange, UnixMillis, UserId};

use crate::{Digest, PublicId};

/// A job as it was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Its place in the order of submission.
    pub id: JobId,
    /// The name that people see.
    pub public_id: PublicId,
    /// Who owns it.
    pub user: UserId,
    /// Its place in the order of its user's jobs.
    pub number: u64,
    /// What its user calls it.
    pub name: Option<String>,
    /// What it runs.
    pub module: Digest,
    /// How it runs.
    pub spec: JobSpec,
    /// When it was submitted.
    pub submitted_at: UnixMillis,
    /// The caller's own key, where one was given.
    pub idempotency: Option<IdempotencyKey>,
}

/// A caller's own key for a submission, so that sending it twice makes one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// The sha256 of the submission's body.
    pub body: Digest,
}

/// How a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// The indices of its tasks.
    pub tasks: TaskRange,
    /// What the guest sees as its own name.
    pub program: String,
    /// Arguments after that.
    pub args: Vec<String>,
    /// Environment, in the order given.
    pub env: Vec<(String, String)>,
    /// The share of processors that each attempt wants, in thousandths of one.
    pub cpu_millis: u64,
    /// The limits of each attempt.
    #[serde(with = "StoredLimits")]
    pub limits: Limits,
    /// For filters.
    pub labels: BTreeMap<String, String>,
    /// Higher goes first among the jobs of the same user.
    pub priority: i32,
    /// What follows an attempt that did not succeed.
    #[serde(with = "StoredRestart")]
    pub restart: Restart,
    /// What each attempt reads from its standard input.
    pub stdin: Option<Digest>,
    /// Directories and files that each attempt may read.
    pub inputs: Vec<NewInput>,
}

/// An input and where the guest sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInput {
    /// What.
    pub digest: Digest,
    /// Where.
    pub guest_path: String,
}

/// How many tasks of a job are settled, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The guest returned, or exited with code 0.
    pub succeeded: u32,
    /// The guest exited with another code.
    pub failed: u32,
    /// The guest did something that WebAssembly forbids.
    pub trapped: u32,
    /// The guest used more than its limits allow.
    pub limit_exceeded: u32,
    /// Somebody asked for it, during an attempt or before.
    pub cancelled: u32,
    /// Our side failed.
    pub lost: u32,
}

impl Tally {
    /// All settled tasks.
    #[must_use]
    pub fn settled(self) -> u64 {
        let Self {
            succeeded,
            failed,
            trapped,
            limit_exceeded,
            cancelled,
            lost,
        } = self;
        [succeeded, failed, trapped, limit_exceeded, cancelled, lost]
            .map(u64::from)
            .iter()
            .sum()
    }
}

impl JobSpec {
    /// The version of the text form. A change of its shape makes the next one, and keeps reading this one.
    pub(crate) const VERSION: i64 = 1;
}

/// The stored shape of [`Limits`], which itself knows nothing of storage. The compiler keeps the two alike.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits", deny_unknown_fields)]
struct StoredLimits {
    memory_bytes: u64,
    cpu_ms: Option<u64>,
    wall_ms: u64,
    output_bytes: u64,
    scratch_bytes: u64,
    open_files: u32,
    table_elements: u32,
    handles: u32,
}

/// The stored shape of [`Restart`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "Restart", rename_all = "snake_case", deny_unknown_fields)]
enum StoredRestart {
    Never,
    OnLoss,
    OnFailure { retries: u32, backoff_ms: u64 },
}
