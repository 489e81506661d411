//! Tasks and attempts: where they stand, how they ended and what they used.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{NetworkUsage, Nic, Progress};

/// Where a job, a task or an attempt stands. Servers may learn further words; a client reads those as `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for a slot, or for the pause before a retry.
    Queued,
    /// It has a slot; its instance is being made.
    Starting,
    /// Its instance executes.
    Running,
    /// It was asked to end.
    Stopping,
    /// It is over; its slot is being given back.
    Finished,
    /// It is over and all that was bound to it is back in the pool.
    Reclaimed,
    /// A word of a newer server.
    #[serde(other)]
    Unknown,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The guest returned or exited with 0.
    Succeeded,
    /// The guest exited with another code.
    Failed {
        /// Its exit code.
        code: i32,
    },
    /// The guest did something that WebAssembly forbids.
    Trapped {
        /// What, in one word.
        trap: String,
    },
    /// The guest used more of something than it may.
    LimitExceeded {
        /// Of what: `memory tables handles files cpu wall disk`.
        limit: String,
    },
    /// Somebody asked for it.
    Cancelled {
        /// `asked shutdown drained preempted dependency`.
        reason: String,
    },
    /// Our side failed.
    Lost {
        /// `worker server setup panic host`.
        reason: String,
    },
    /// A word of a newer server.
    #[serde(other)]
    Unknown,
}

/// What was used, measured. For a job: the sum over its attempts, peaks being the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Usage {
    /// Processor time of the guest in microseconds.
    pub cpu_us: u64,
    /// Wall time in microseconds.
    pub wall_us: u64,
    /// Highest sum of linear memories.
    pub memory_peak_bytes: u64,
    /// Bytes written to stdout, cut ones included.
    pub stdout_bytes: u64,
    /// Bytes written to stderr, cut ones included.
    pub stderr_bytes: u64,
    /// Bytes beyond the output limit, which were not kept.
    pub output_cut_bytes: u64,
    /// Most bytes seen in writable directories.
    pub scratch_peak_bytes: u64,
    /// Growths of memory that were denied.
    pub memory_denied: u64,
    /// Growths of tables that were denied.
    pub tables_denied: u64,
    /// Files, sockets, connections or handles that were denied.
    pub handles_denied: u64,
    /// What went over its nic; left out where nothing did.
    #[serde(skip_serializing_if = "NetworkUsage::is_zero")]
    pub network: NetworkUsage,
}

/// One task of a job: it shows the state of its latest attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Its index in the job.
    pub index: u32,
    /// Where it stands.
    pub state: State,
    /// How it ended, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Its attempts, first to last. Empty while it waits for its first.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

/// One attempt at a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// Where it stands.
    pub state: State,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// A few words more on the end: the trap's message, what was denied before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The sub-cluster it ran in, by the name that it had then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
    /// The node it ran on, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The slot it had: `node.index`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// First instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What it used, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Where it is on its user's network, or was; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nic: Option<Nic>,
    /// How far it is, or was when it ended, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What it came to, in its own words, as Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// Query of `GET /v1/jobs/{id}/tasks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TaskQuery {
    /// Only tasks that ended so: `succeeded failed trapped limit_exceeded cancelled lost`, or `unsuccessful` for all but the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Most items on the page: 1 to 1,000, 100 unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the former page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
