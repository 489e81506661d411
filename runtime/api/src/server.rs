//! Answers about the server itself, and the small shapes that several routes share.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::user::{Holding, Role};

/// One page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// What to pass as `cursor` for the next page, which may turn out empty; absent when there is certainly none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `GET /version`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Version of this Sublet.
    pub version: String,
    /// The engine that compiles and runs modules: its version, configuration and target processor.
    pub engine: String,
}

/// `GET /v1/whoami`: who the server takes the caller for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Whoami {
    /// The user's name.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// How they came: an account of the server's host, or a certificate.
    #[serde(default)]
    pub via: String,
    /// What they may hold; nothing where there is no bound.
    #[serde(default)]
    pub quota: Holding,
    /// What they hold now.
    #[serde(default)]
    pub used: Holding,
}

/// Query of `PUT /v1/inputs/{digest}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InputQuery {
    /// What the body is.
    pub kind: InputKind,
}

/// What an uploaded input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Bytes, for a job's stdin.
    Blob,
    /// Files and folders, as a tar stream of regular files and directories only.
    Tree,
}

/// An uploaded input, named by the sha256 of the bytes that were sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Input {
    /// Lower-case hex sha256 of the uploaded body.
    pub digest: String,
    /// What it is.
    pub kind: InputKind,
    /// Size of the uploaded body.
    pub size_bytes: u64,
}
