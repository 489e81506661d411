//! What happened, for those who watch.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Outcome;

/// Query of `GET /v1/events` and `GET /v1/jobs/{id}/events`. The answer is one [`Event`] per line, or Server-Sent Events
/// where those are accepted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Only what came after the event of this number; else what is still known of the past as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only events of these kinds: words with commas between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
    /// For operators: only those of this user, or `*` for everybody's. Without it, the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether to go on with what is still to come.
    #[serde(default)]
    pub follow: bool,
}

/// Something that happened to a job, told once it is on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its number. They grow, also across restarts of a server whose clock was not put back, and have gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Whose job.
    pub user: String,
    /// The public id of the job.
    pub job: String,
    /// The tasks it is about: first and last index of each run of them. Empty where it is about the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<(u32, u32)>,
    /// Which attempt of them, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How the attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The sub-cluster that the job went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcluster: Option<String>,
}

/// What happened. Servers may learn further words; a client reads those as `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A job was taken in.
    Submitted,
    /// It went to a sub-cluster.
    Routed,
    /// Attempts have slots and are being started.
    Started,
    /// An attempt ended.
    Ended,
    /// Tasks that waited will not have another attempt.
    TasksCancelled,
    /// Somebody asked for the end of a task or of all.
    CancelAsked,
    /// Finished tasks are to run again.
    Reopened,
    /// Every task is over.
    Finished,
    /// A word of a newer server.
    #[serde(other)]
    Unknown,
}

impl EventKind {
    /// All that this version knows, by their words.
    pub const ALL: [(&str, Self); 8] = [
        ("submitted", Self::Submitted),
        ("routed", Self::Routed),
        ("started", Self::Started),
        ("ended", Self::Ended),
        ("tasks_cancelled", Self::TasksCancelled),
        ("cancel_asked", Self::CancelAsked),
        ("reopened", Self::Reopened),
        ("finished", Self::Finished),
    ];
}
