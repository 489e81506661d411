//! Modules: uploaded wasm binaries, named by their digest.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An uploaded module that was checked and compiled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Module {
    /// Lower-case hex sha256 of the binary.
    pub digest: String,
    /// The name it was pushed under, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The tag within the name; `latest` unless it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Size of the binary.
    pub size_bytes: u64,
    /// Core module or component.
    pub kind: ModuleKind,
    /// What it imports: one entry per module or interface name, sorted.
    pub imports: Vec<String>,
    /// What it exports, sorted.
    pub exports: Vec<String>,
    /// Memory it needs before its first instruction.
    pub memory_bytes_min: u64,
    /// When it was first pushed.
    pub pushed_at: Timestamp,
    /// What it did to the server's side, if it did anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harm: Option<ModuleHarm>,
}

/// What a module did to the server's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModuleHarm {
    /// Worker processes that died of it.
    pub worker_deaths: u32,
    /// Functions of the host that panicked when it called them.
    pub host_panics: u32,
    /// Compilations of it that were ended for their cost.
    pub compile_kills: u32,
    /// Whether its attempts have a process each, until one of them ends well.
    pub runs_alone: bool,
    /// Since when nothing of it is started: only an operator ends that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined_at: Option<Timestamp>,
}

/// What sort of binary a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// A core module: a WASI 0.1 command.
    Core,
    /// A component: a WASI 0.2 command.
    Component,
}

/// Query of `POST /v1/modules`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PushQuery {
    /// A name for people, `[a-z0-9._-]`, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A tag within the name, of the same form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Query of `GET /v1/modules`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ModuleQuery {
    /// For operators: only those of this user, or `*` for everybody's. Without it, the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only modules of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Most items on the page: 1 to 1,000, 100 unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the former page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Query of `POST /v1/modules/{module}/release`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReleaseQuery {
    /// Whose module it is. Without it, the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}
