//! What attempts used: how its columns become a value, and the sum over a job.

use rusqlite::{OptionalExtension as _, Row, params};
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

const USAGE: &str = "SELECT attempts, cpu_us, wall_us, memory_peak_bytes, stdout_bytes, stderr_bytes, output_cut_bytes,
        scratch_peak_bytes, memory_denied, tables_denied, handles_denied, bytes_sent, bytes_received, connections_out,
        connections_in, datagrams_sent, datagrams_received, datagrams_dropped, denials
    FROM job_totals WHERE job = ?1";

impl OwnedJob<'_> {
    /// What its attempts used.
    ///
    /// # Errors
    /// What the database says.
    pub fn usage(&self) -> Result<UsageTotal, Error> {
        let total = |row: &Row<'_>| {
            Ok(UsageTotal {
                attempts: unsigned(row, 0)?,
                usage: usage(row, 1)?,
            })
        };
        self.reader().ask("read what a job used", |connection| {
            let mut statement = connection.prepare_cached(USAGE)?;
            let found = statement.query_row(params![self.id()?], total).optional()?;
            Ok(found.unwrap_or_default())
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
