//! What was used, in sums that add up: over attempts that ended, whether their jobs are still there or not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Query of `GET /v1/usage`. Sums are kept of whole days in UTC, so that is what can be asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// The first day: a date, or an instant, which stands for the day that it falls on. From the beginning unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day: a date, or an instant before which the last day begins. Until now unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What each item is the sum of; a user's unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UsageBy>,
    /// For operators: only what this user used. Without it their own for users, everybody's for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Most items on a page by job: 1 to 1,000, 100 unless it is said. Others have one page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the former page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What an item is the sum of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    /// All that a user used.
    #[default]
    User,
    /// What a job used on a day.
    Job,
    /// All that was used on a day.
    Day,
}

/// Answer of `GET /v1/usage`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UsageReport {
    /// What each item is the sum of.
    pub by: UsageBy,
    /// The instant at which the first day begins; absent when it is from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The instant at which the last day ends; absent when it is until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The sums.
    pub items: Vec<UsageRow>,
    /// The sum of all items, those of other pages as well.
    pub total: UsageSum,
    /// What to pass as `cursor` for the next page; absent when there is certainly none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What was used by somebody or something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageRow {
    /// Whose attempts; absent where those of several users are one sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The day in UTC on which they ended, `2026-11-22`; absent where several days are one sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The job whose attempts they are. Absent by job where it is the sum of jobs that were removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Its user's number of that job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// How much.
    pub used: UsageSum,
}

/// A sum over attempts that ended. It is exact: no amount is rounded on its way here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageSum {
    /// How many attempts.
    pub attempts: u64,
    /// Processor time in microseconds.
    pub cpu_us: u64,
    /// Wall time in microseconds.
    pub wall_us: u64,
    /// The memory limit of each attempt, used or not, times its wall time: bytes times microseconds. May exceed 64 bits.
    pub memory_byte_us: u128,
    /// Bytes written to stdout, the cut ones included.
    pub stdout_bytes: u64,
    /// Bytes written to stderr, the cut ones included.
    pub stderr_bytes: u64,
    /// Bytes of both that were not kept.
    pub output_cut_bytes: u64,
    /// Bytes sent over nics.
    pub sent_bytes: u64,
    /// Bytes received over nics.
    pub received_bytes: u64,
}

/// Query of `GET /v1/usage/removed`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RemovedQuery {
    /// For operators: only what was removed of this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// What was removed of a user for one reason. What it used is still in the sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedJobs {
    /// Whose jobs.
    pub user: String,
    /// One word: `age count bytes`.
    pub reason: String,
    /// How many jobs.
    pub jobs: u64,
    /// Their tasks.
    pub tasks: u64,
    /// The attempts of these.
    pub attempts: u64,
    /// What they had printed.
    pub log_bytes: u64,
    /// What they had left in artifacts.
    #[serde(default)]
    pub artifact_bytes: u64,
    /// When the first of the jobs had finished.
    pub oldest: Timestamp,
    /// When the last of them had finished.
    pub newest: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_64_bits_is_read_as_it_was_written() {
        let sum = UsageSum {
            memory_byte_us: u128::from(u64::MAX) * 1_000_003,
            ..UsageSum::default()
        };
        let row = UsageRow {
            used: sum,
            ..UsageRow::default()
        };
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<UsageRow>(&text).unwrap(), row);
    }
}
