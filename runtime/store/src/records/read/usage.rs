//! What attempts used: how its columns become a value, and the sum over a job.

use rusqlite::{Row, params};
use sublet_scheduler::{NetworkUsage, Usage};

use crate::{Error, records::database::unsigned};

use super::OwnedJob;

/// What the attempts of a job used: sums, and the highest of the peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageTotal {
    /// Attempts that ended.
    pub attempts: u64,
    /// What they used.
    pub usage: Usage,
}

/// Two sums side by side rather than one over joined rows: looking for a nic once per attempt would cost more than both.
const USAGE: &str = "SELECT * FROM
    (SELECT count(*), coalesce(sum(cpu_us), 0), coalesce(sum(wall_us), 0),
        coalesce(max(memory_peak_bytes), 0), coalesce(sum(stdout_bytes), 0), coalesce(sum(stderr_bytes), 0),
        coalesce(sum(output_cut_bytes), 0), coalesce(max(scratch_peak_bytes), 0),
        min(coalesce(sum(memory_denied), 0), 4294967295), min(coalesce(sum(tables_denied), 0), 4294967295),
        min(coalesce(sum(handles_denied), 0), 4294967295)
    FROM attempts WHERE job = ?1),
    (SELECT sum(bytes_sent), sum(bytes_received), sum(connections_out), sum(connections_in),
        sum(datagrams_sent), sum(datagrams_received), sum(datagrams_dropped), sum(denials)
    FROM nic_usage WHERE job = ?1)";

impl OwnedJob<'_> {
    /// What its attempts used.
    ///
    /// # Errors
    /// What the database says.
    pub fn usage(&self) -> Result<UsageTotal, Error> {
        self.reader().ask("add up what a job used", |connection| {
            let mut statement = connection.prepare_cached(USAGE)?;
            statement.query_one(params![self.id()?], |row| {
                Ok(UsageTotal {
                    attempts: unsigned(row, 0)?,
                    usage: usage(row, 1)?,
                })
            })
        })
    }
}

/// What was used, from its eighteen columns.
pub(super) fn usage(row: &Row<'_>, column: usize) -> rusqlite::Result<Usage> {
    Ok(Usage {
        cpu_us: unsigned(row, column)?,
        wall_us: unsigned(row, column + 1)?,
        memory_peak_bytes: unsigned(row, column + 2)?,
        stdout_bytes: unsigned(row, column + 3)?,
        stderr_bytes: unsigned(row, column + 4)?,
        output_cut_bytes: unsigned(row, column + 5)?,
        scratch_peak_bytes: unsigned(row, column + 6)?,
        memory_denied: row.get(column + 7)?,
        tables_denied: row.get(column + 8)?,
        handles_denied: row.get(column + 9)?,
        network: network(row, column + 10)?,
    })
}

/// What went over nics, from eight columns. They are null together, where nothing was counted.
fn network(row: &Row<'_>, column: usize) -> rusqlite::Result<NetworkUsage> {
    let first: Option<i64> = row.get(column)?;
    if first.is_none() {
        return Ok(NetworkUsage::default());
    }
    Ok(NetworkUsage {
        bytes_sent: unsigned(row, column)?,
        bytes_received: unsigned(row, column + 1)?,
        connections_out: unsigned(row, column + 2)?,
        connections_in: unsigned(row, column + 3)?,
        datagrams_sent: unsigned(row, column + 4)?,
        datagrams_received: unsigned(row, column + 5)?,
        datagrams_dropped: unsigned(row, column + 6)?,
        denials: unsigned(row, column + 7)?,
    })
}
