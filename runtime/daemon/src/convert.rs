//! The one place where the scheduler's nouns, the store's records and the API's words meet. No decision is made here.

pub(crate) mod explain;
mod job;
mod log;
mod module;
mod network;
mod place;
mod plan;
mod pool;
mod rules;
mod task;
mod usage;
mod user;

use jiff::Timestamp;
use sublet_identity::UnixSeconds;
use sublet_scheduler::UnixMillis;
use sublet_store::PublicId;

pub(crate) use job::{LiveJob, StoredJob, is_under_way, job, limits, restart};
pub(crate) use log::{log_entry, stream_wanted};
pub use module::code_of;
pub(crate) use module::{imports, input, input_kind, module};
pub(crate) use network::{job_network, network, network_name, network_usage, peers};
pub(crate) use place::{move_cause, node_explanation, routed_by, standing};
pub(crate) use plan::{RulesChange, audit_entry, audit_verdict, names_beyond, plan, rule_set};
pub(crate) use pool::{PoolRecords, names, pool};
pub use rules::refusal;
pub use task::outcome;
pub(crate) use task::{LiveAttempt, WaitingEnd, task, trap, usage};
pub(crate) use usage::{date, removed_jobs, usage_sum};
pub(crate) use user::{
    certificate, quota, role, role_in_rules, role_of_record, role_recorded, role_wanted, serial,
    serial_recorded, unix_seconds, user,
};

/// A job as people name it.
pub(crate) fn job_id(id: PublicId) -> String {
    format!("job_{id}")
}

/// An instant as the API writes it.
pub(crate) fn timestamp(at: UnixMillis) -> Timestamp {
    i64::try_from(at.0)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .unwrap_or(Timestamp::MAX)
}

/// An instant that is told in whole seconds.
pub(crate) const fn from_unix_seconds(at: UnixSeconds) -> UnixMillis {
    UnixMillis(at.0.saturating_mul(1000))
}

/// An instant as the API reads it. Before 1970 nothing happened here.
pub(crate) fn unix_millis(at: Timestamp) -> UnixMillis {
    UnixMillis(u64::try_from(at.as_millisecond()).unwrap_or(0))
}
