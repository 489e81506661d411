//! What a user asked for, in a text form that has its own version because it outlives programs. Every version that was ever
//! written is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sublet_scheduler::{JobId, Limits, Restart, TaskRange};

use crate::Digest;

/// How a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// The indices of its tasks.
    pub tasks: TaskRange,
    /// How its user named the module; its digest, where that was not kept.
    pub module_name: String,
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
    /// How long an attempt that is to end may go on after it was asked, where it can hear that.
    pub grace_ms: u64,
    /// How many generations of jobs may come after it: with none, its tasks submit no jobs.
    pub generations: u32,
    /// For filters and rules.
    pub labels: BTreeMap<String, String>,
    /// The class that rules know it by; empty for none.
    pub class: String,
    /// Whether its tasks start together or not at all.
    pub gang: bool,
    /// The sub-cluster that its user asked for, by name.
    pub subcluster: Option<String>,
    /// Higher goes first among the jobs of the same user.
    pub priority: i32,
    /// What follows an attempt that did not succeed.
    #[serde(with = "StoredRestart")]
    pub restart: Restart,
    /// What has to be over before it starts.
    pub after: Vec<StoredDependency>,
    /// What each attempt reads from its standard input.
    pub stdin: Option<Digest>,
    /// Directories and files that each attempt may read.
    pub inputs: Vec<NewInput>,
    /// What it has of its user's network, and of the world beyond.
    pub network: StoredJobNetwork,
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

/// What the attempts of a job may reach, and who may reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredJobNetwork {
    /// Whether each attempt has a nic in its user's network.
    pub own: bool,
    /// What each attempt may reach outside, as its user wrote it.
    pub allow: Vec<String>,
    /// Ports of the host that lead to it.
    pub publish: Vec<StoredPublish>,
}

/// A port of the host that leads to a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredPublish {
    /// Where the host listens.
    pub host_port: u16,
    /// Where the guest does.
    pub guest_port: u16,
}

/// Another job that has to be over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredDependency {
    /// Which.
    #[serde(with = "StoredJobId")]
    pub job: JobId,
    /// Over in which way.
    pub when: When,
}

/// In which way another job has to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// All of its tasks succeeded.
    OnSuccess,
    /// Some of them did not.
    OnFailure,
    /// Either.
    Always,
}

impl JobSpec {
    /// The version of the text form. A change of its shape makes the next one, and keeps reading those before.
    pub(crate) const VERSION: i64 = 4;

    /// The text of today's version.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads the text of a job that runs `module`. `None` for a version that this program does not know.
    pub(crate) fn read(
        version: i64,
        text: &str,
        module: Digest,
    ) -> serde_json::Result<Option<Self>> {
        match version {
            1 => {
                let second = since_version_1(serde_json::from_str(text)?, module)?;
                from_map(since_version_3(since_version_2(second)?)?).map(Some)
            }
            2 => {
                let third = since_version_2(serde_json::from_str(text)?)?;
                from_map(since_version_3(third)?).map(Some)
            }
            3 => from_map(since_version_3(serde_json::from_str(text)?)?).map(Some),
            Self::VERSION => serde_json::from_str(text).map(Some),
            _ => Ok(None),
        }
    }
}

fn from_map(spec: Fields) -> serde_json::Result<JobSpec> {
    serde_json::from_value(Value::Object(spec))
}

type Fields = Map<String, Value>;

/// What version 1 did not have. Its jobs were of no class, free of each other, and knew their module by its digest.
fn since_version_1(spec: Fields, module: Digest) -> serde_json::Result<Fields> {
    let added = [
        ("module_name", json!(module)),
        ("class", json!("")),
        ("gang", json!(false)),
        ("subcluster", Value::Null),
        ("after", json!([])),
    ];
    with(spec, added)
}

/// What version 2 did not have. Who did not say anything of networks has since been given one, and nothing beyond it.
fn since_version_2(spec: Fields) -> serde_json::Result<Fields> {
    let network = json!({"own": true, "allow": [], "publish": []});
    with(spec, [("network", network)])
}

/// What version 3 did not have. Its attempts could not be asked to end, and were just ended; and only people submitted jobs.
fn since_version_3(spec: Fields) -> serde_json::Result<Fields> {
    with(spec, [("grace_ms", json!(0)), ("generations", json!(0))])
}

/// A text that has what its version did not have is not of that version.
fn with(
    mut spec: Fields,
    added: impl IntoIterator<Item = (&'static str, Value)>,
) -> serde_json::Result<Fields> {
    for (name, value) in added {
        if spec.insert(name.to_owned(), value).is_some() {
            let error = format!("`{name}` is of a later version");
            return Err(serde::de::Error::custom(error));
        }
    }
    Ok(spec)
}

impl Default for StoredJobNetwork {
    /// What a job has whose user said nothing: its user's network, and nothing beyond it.
    fn default() -> Self {
        Self {
            own: true,
            allow: Vec::new(),
            publish: Vec::new(),
        }
    }
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

/// The stored shape of [`JobId`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "JobId")]
struct StoredJobId(u64);

#[cfg(test)]
mod tests;
