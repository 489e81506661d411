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
    pub(crate) const VERSION: i64 = 2;

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
                let first = serde_json::from_str(text)?;
                serde_json::from_value(since_version_1(first, module)).map(Some)
            }
            Self::VERSION => serde_json::from_str(text).map(Some),
            _ => Ok(None),
        }
    }
}

/// What version 1 did not have. Its jobs were of no class, free of each other, and knew their module by its digest.
fn since_version_1(mut spec: Map<String, Value>, module: Digest) -> Value {
    let added = [
        ("module_name", json!(module)),
        ("class", json!("")),
        ("gang", json!(false)),
        ("subcluster", Value::Null),
        ("after", json!([])),
    ];
    spec.extend(added.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(spec)
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
mod tests {
    use super::{Digest, JobId, JobSpec, Limits, NewInput, Restart, StoredDependency, When};

    /// What the programs that knew this version wrote.
    const VERSION_1: &str = r#"{"tasks":{"start":0,"end":5},"program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"stdin":null,"inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}]}"#;

    const VERSION_2: &str = r#"{"tasks":{"start":0,"end":5},"module_name":"main@1","program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"class":"batch","gang":true,"subcluster":"long","priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"after":[{"job":7,"when":"on-success"},{"job":8,"when":"on-failure"},{"job":9,"when":"always"}],"stdin":null,"inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}]}"#;

    fn today() -> JobSpec {
        let after = [
            (7, When::OnSuccess),
            (8, When::OnFailure),
            (9, When::Always),
        ];
        JobSpec {
            tasks: 0..=5,
            module_name: "main@1".to_owned(),
            program: "main.wasm".to_owned(),
            args: vec!["--fast".to_owned()],
            env: [("B", "2"), ("A", "1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            cpu_millis: 50,
            limits: Limits::default(),
            labels: [("team".to_owned(), "maps".to_owned())].into(),
            class: "batch".to_owned(),
            gang: true,
            subcluster: Some("long".to_owned()),
            priority: 0,
            restart: Restart::OnFailure {
                retries: 3,
                backoff_ms: 1_000,
            },
            after: after
                .map(|(job, when)| StoredDependency {
                    job: JobId(job),
                    when,
                })
                .into(),
            stdin: None,
            inputs: vec![NewInput {
                digest: Digest::of(b"tree"),
                guest_path: "/in".to_owned(),
            }],
        }
    }

    fn read(version: i64, text: &str) -> serde_json::Result<Option<JobSpec>> {
        JobSpec::read(version, text, Digest::of(b"module"))
    }

    #[test]
    fn today_s_text_is_written_and_read() {
        assert_eq!(today().text().unwrap(), VERSION_2);
        assert_eq!(read(2, VERSION_2).unwrap(), Some(today()));
    }

    #[test]
    fn version_1_is_read_with_what_its_jobs_were_in_today_s_words() {
        let expected = JobSpec {
            module_name: Digest::of(b"module").to_string(),
            class: String::new(),
            gang: false,
            subcluster: None,
            after: vec![],
            ..today()
        };
        assert_eq!(read(1, VERSION_1).unwrap(), Some(expected));
    }

    #[test]
    fn what_no_program_of_a_version_wrote_is_not_read_as_it() {
        read(2, VERSION_1).unwrap_err();
        read(1, &VERSION_1.replace("program", "programme")).unwrap_err();
        read(1, "7").unwrap_err();
        for version in [-1, 0, 3] {
            assert_eq!(read(version, VERSION_2).unwrap(), None);
        }
    }
}
