//! What tasks left for people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file that the attempt of a task which succeeded left in `/out`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Artifact {
    /// Its path below `/out`.
    pub name: String,
    /// Its length.
    pub size_bytes: u64,
    /// The sha256 of its content, as hexadecimal digits.
    pub digest: String,
    /// What is in it, told by the ending of its name.
    pub media_type: String,
    /// Which attempt left it.
    pub attempt: u32,
}

/// What the tasks of a job left, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactSum {
    /// How many files.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How far something is, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// How much is done, 0 to 1, where it can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}
