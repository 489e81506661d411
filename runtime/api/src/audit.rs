//! Who changed what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An item of `GET /v1/audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Counted up with each entry.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What was done, in a word or two: `rules applied`, `node drained`.
    pub action: String,
    /// To what: `rules`, `node n3`, `sub-cluster short`.
    pub object: String,
    /// How it was before, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How it was afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// `done`, or why it was refused.
    pub outcome: String,
}

/// Query of `GET /v1/audit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Most items on the page: 1 to 1,000, 100 unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the former page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Answer of `GET /v1/audit/verify`: whether the account is as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditVerdict {
    /// Whether each entry is what the next one says of it.
    pub whole: bool,
    /// How many entries there are, where all are whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// The sha256 of the last one in base 16. Written down elsewhere, it also shows an account that was made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What is wrong where it is first seen: `entry 12 is missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
