//! Sums of what was used, in the API's words.

use sublet_api::{RemovedJobs, UsageSum};
use sublet_store::{Day, RemovalRow, Used};

use super::timestamp;

/// A sum over attempts.
pub(crate) const fn usage_sum(used: &Used) -> UsageSum {
    let Used {
        attempts,
        cpu_us,
        wall_us,
        memory_byte_us,
        stdout_bytes,
        stderr_bytes,
        cut_bytes,
        sent_bytes,
        received_bytes,
    } = *used;
    UsageSum {
        attempts,
        cpu_us,
        wall_us,
        memory_byte_us,
        stdout_bytes,
        stderr_bytes,
        output_cut_bytes: cut_bytes,
        sent_bytes,
        received_bytes,
    }
}

/// A day as people write it: `2026-11-22`.
pub(crate) fn date(day: Day) -> String {
    timestamp(day.begins()).strftime("%Y-%m-%d").to_string()
}

/// What was removed of a user for one reason.
pub(crate) fn removed_jobs(row: &RemovalRow, user: String) -> RemovedJobs {
    RemovedJobs {
        user,
        reason: row.reason.word().to_owned(),
        jobs: row.jobs,
        tasks: row.tasks,
        attempts: row.attempts,
        log_bytes: row.log_bytes,
        artifact_bytes: row.artifact_bytes,
        oldest: timestamp(row.oldest),
        newest: timestamp(row.newest),
    }
}
