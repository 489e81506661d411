//! Jobs: what is submitted, and what can be asked of it at any time after.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ArtifactSum, JobNetwork, Outcome, Progress, Slots, State, Usage, object};

/// Body of `POST /v1/jobs`. What is left out has the server's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitJob {
    /// The module: its digest, a unique prefix of it, or `name@tag`.
    pub module: String,
    /// A name for people: `[A-Za-z0-9._-]`, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Arguments after the program's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables. Names that begin with `SUBLET_` are the server's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// First and last task index, for an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<(u32, u32)>,
    /// Limits of each attempt.
    #[serde(default, deserialize_with = "object::read")]
    pub limits: Limits,
    /// How long an attempt that is to end may go on after it was asked, where it can hear that: 0 to 60,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
    /// Higher goes first: -1,000 to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// What follows an attempt that did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// Words to find the job by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Digest of an uploaded blob that each task reads as stdin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Uploaded trees, each seen read-only by every task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputMount>,
    /// The sub-cluster to run in; without it the routing rules decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
    /// A word that rules may read as `job.class`: `[A-Za-z0-9._-]`, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// That all tasks start together or none, and how many they are. Without `array` their indexes count from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gang: Option<u32>,
    /// How many generations of jobs may come after it: 0, unless it is said, for a job whose tasks submit none; at most 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generations: Option<u32>,
    /// Jobs that must be over first; all of these must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// What it has of a network; without it its user's own, and nothing outside.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::read_if_any"
    )]
    pub network: Option<JobNetwork>,
}

/// Answer of `POST /v1/jobs/validate`: the job would be taken in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fit {
    /// The sub-cluster that it would go to.
    pub subcluster: String,
    /// The slots of that one.
    pub slots: Slots,
}

/// Another job that must be over before a job may start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The other job. Asked for by any selector, answered as an id.
    pub job: String,
    /// How it must have ended.
    #[serde(default)]
    pub when: When,
}

/// How a job must have ended for those after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Every task succeeded.
    #[default]
    Success,
    /// A task did not succeed.
    Failure,
    /// In any way.
    Always,
}

/// An uploaded tree and where the guest sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InputMount {
    /// Digest of the uploaded tree.
    pub digest: String,
    /// An absolute path in the guest, such as `/in`.
    pub guest: String,
}

/// Limits of one attempt; they all hold at once. What is left out has the server's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Share of processors, in thousandths of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u64>,
    /// Linear memory, all memories together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Wall time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Processor time; unlimited (but for the wall time) when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<u64>,
    /// Bytes of stdout and stderr that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// Bytes of scratch space at `/tmp`; 0 means no `/tmp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch_bytes: Option<u64>,
    /// Files held open at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u32>,
}

/// What follows an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "policy", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Restart {
    /// Nothing: at most one start.
    Never,
    /// Lost attempts are made again: at least one start.
    OnLoss,
    /// As `on-loss`, and failures are retried after a pause that doubles each time.
    OnFailure {
        /// Further attempts after failures: 0 to 100.
        retries: u32,
        /// The first pause.
        backoff_ms: u64,
    },
}

/// A job and how it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The public id, `job_` and a ULID.
    pub id: String,
    /// The user's own running number, shown as `#412`.
    pub number: u64,
    /// Who owns it.
    pub user: String,
    /// How its user came to submit it: an account of the server's host, or a certificate with its serial. Absent where that
    /// is not on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digest of its module.
    pub module: String,
    /// The furthest state of its tasks: `queued`, `running` while any is under way, `finished`.
    pub state: State,
    /// How the job ended, once it is over: the fate of the first task that did not succeed, or success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<JobEnd>,
    /// Its tasks, counted by state and by outcome.
    pub tasks: TaskCounts,
    /// Why it waits, while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// First and last task index of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<(u32, u32)>,
    /// Arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Limits of each attempt, all said.
    pub limits: Limits,
    /// How long an attempt that is to end may go on after it was asked, where it can hear that.
    #[serde(default)]
    pub grace_ms: u64,
    /// Priority.
    pub priority: i32,
    /// Restart policy.
    pub restart: Restart,
    /// Uploaded trees and where its tasks see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputMount>,
    /// Whether its user asked for its end.
    #[serde(default)]
    pub cancel_asked: bool,
    /// The sub-cluster that it was routed to; absent once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
    /// What decided where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed_by: Option<RoutedBy>,
    /// The word that rules read as `job.class`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How many tasks start together, all or none; absent where each starts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gang: Option<u32>,
    /// How many generations of jobs may come after it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generations: u32,
    /// The job that submitted it; absent where its user did, or where that job is on record no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How many jobs its tasks submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<u64>,
    /// Jobs that must be over first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// What it has of a network.
    #[serde(default)]
    pub network: JobNetwork,
    /// When it was acknowledged.
    pub submitted_at: Timestamp,
    /// When it went to its sub-cluster, the last time if it went several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed_at: Option<Timestamp>,
    /// When its last task was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What its finished attempts used in sum.
    pub usage: Usage,
    /// How far it is, while any of its tasks says how far that one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What its tasks left in `/out`; absent where that is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<ArtifactSum>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What decided in which sub-cluster a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutedBy {
    /// `asked` by the job itself, by a `route` or a `class`, or by `load` alone.
    pub kind: String,
    /// The name of the route or class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The version of the rules that decided.
    pub version: u64,
}

/// The fate of a finished job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobEnd {
    /// How.
    pub outcome: Outcome,
    /// The task it is the outcome of, when that is not success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<u32>,
    /// How many attempts that task had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// A few words more on that end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Tasks counted by state, and finished ones by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TaskCounts {
    /// All of them.
    pub total: u64,
    /// Waiting for a slot or for the pause before a retry.
    pub queued: u64,
    /// Having a slot, instance being made.
    pub starting: u64,
    /// Executing.
    pub running: u64,
    /// Asked to end.
    pub stopping: u64,
    /// Settled, whatever the outcome.
    pub finished: u64,
    /// Of these: succeeded.
    pub succeeded: u64,
    /// Of these: failed with an exit code.
    pub failed: u64,
    /// Of these: trapped.
    pub trapped: u64,
    /// Of these: a limit exceeded.
    pub limit_exceeded: u64,
    /// Of these: cancelled.
    pub cancelled: u64,
    /// Of these: lost.
    pub lost: u64,
}

/// Why something waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// One word: `pool queue reservation gang quota dependency paused no_route no_slot backoff reclaim draining`.
    pub reason: String,
    /// The same with its numbers.
    pub detail: String,
}

/// Query of `GET /v1/jobs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobQuery {
    /// For operators: only those of this user, or `*` for everybody's. Without it, the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only jobs in this state: `queued`, `running`, `finished`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only jobs with at least one task that ended so: `succeeded failed trapped limit_exceeded cancelled lost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Only jobs that are not over (`true`), or that are (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Only jobs of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only jobs with all of these labels, each of which stands in the URL as a `label=key=value` of its own.
    #[serde(skip)]
    pub labels: Vec<String>,
    /// Only jobs of this module: its digest, the beginning of it, or `name@tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Only jobs that this job submitted, named in any way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Only jobs submitted at or after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only jobs submitted before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Most items on the page: 1 to 1,000, 100 unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the former page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Body of `POST /v1/jobs/{id}/retry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Which of the finished tasks.
    pub tasks: Selected,
}

/// A choice among the finished tasks of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Selected {
    /// Those that did not succeed.
    Unsuccessful,
    /// All of them.
    All,
    /// One, by its index.
    One(u32),
}

/// `GET /v1/jobs/{id}/explain`: why the job is where it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// One sentence.
    pub summary: String,
    /// What it rests on, most important first.
    pub facts: Vec<Fact>,
    /// Its place among the jobs that wait for the same slots, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Slots that it needs to go on: all of a gang, else one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<u64>,
    /// The slots of its sub-cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<Slots>,
    /// When it starts at the latest, if declared timeouts are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_by: Option<Timestamp>,
}

/// One thing an explanation rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// What it is about: `slots`, `quota`, `routed`, `tasks`, `end`, or the reason for waiting.
    pub about: String,
    /// The numbers in a phrase.
    pub text: String,
}
