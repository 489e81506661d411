//! How a row of an attempt becomes a value.

use rusqlite::{Row, types::ValueRef};
use sublet_scheduler::{NodeId, Outcome, SlotId, UnixMillis, Usage};

use crate::records::{
    codes::outcome_from_codes,
    database::{list, maybe_millis, millis, unreadable},
    network::StoredNic,
    record::Place,
    told::{Progress, Told},
};

use super::usage::usage;

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Of which task.
    pub task: u32,
    /// Counted from 1.
    pub number: u32,
    /// When it executed its first instruction, if it came so far.
    pub started_at: Option<UnixMillis>,
    /// When it ended.
    pub ended_at: UnixMillis,
    /// How.
    pub outcome: Outcome,
    /// More about it, for people.
    pub detail: Option<String>,
    /// Where it ran, if that is known.
    pub slot: Option<SlotId>,
    /// What that place was called when it started, if that is known.
    pub place: Option<Place>,
    /// Its nic, if it had one.
    pub nic: Option<StoredNic>,
    /// What it used.
    pub usage: Usage,
    /// What it said of itself.
    pub told: Told,
}

/// Attempts of a task, from one number to another.
pub(super) const ATTEMPT: &str = "SELECT task, number, started_at, ended_at, outcome, code, detail, node, slot,
        cpu_us, wall_us, memory_peak_bytes, stdout_bytes, stderr_bytes, output_cut_bytes, scratch_peak_bytes,
        memory_denied, tables_denied, handles_denied,
        bytes_sent, bytes_received, connections_out, connections_in,
        datagrams_sent, datagrams_received, datagrams_dropped, denials,
        (SELECT subcluster FROM places WHERE id = place), (SELECT places.node FROM places WHERE id = place),
        nic, denied, millionths, message, summary
    FROM attempts LEFT JOIN nic_usage USING (job, task, number) LEFT JOIN told USING (job, task, number)
    WHERE job = ?1 AND task = ?2 AND number BETWEEN ?3 AND ?4 ORDER BY number";

pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    let outcome = outcome_from_codes(row.get(4)?, row.get(5)?);
    let (node, index): (Option<u32>, Option<u32>) = (row.get(7)?, row.get(8)?);
    let (subcluster, node_name): (Option<_>, Option<_>) = (row.get(27)?, row.get(28)?);
    Ok(AttemptRow {
        task: row.get(0)?,
        number: row.get(1)?,
        started_at: maybe_millis(row, 2)?,
        ended_at: millis(row, 3)?,
        outcome: outcome
            .ok_or_else(|| unreadable(4, "an outcome that this program does not know"))?,
        detail: row.get(6)?,
        slot: node.zip(index).map(|(node, index)| SlotId {
            node: NodeId(node),
            index,
        }),
        place: subcluster
            .zip(node_name)
            .map(|(subcluster, node)| Place { subcluster, node }),
        nic: nic(row, 29)?,
        usage: usage(row, 9)?,
        told: told(row, 31)?,
    })
}

/// The nic from its two columns. The second is null where nothing was counted.
fn nic(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<StoredNic>> {
    let number: Option<u32> = row.get(column)?;
    let Some(number) = number else {
        return Ok(None);
    };
    let denied = match row.get_ref(column + 1)? {
        ValueRef::Null => Vec::new(),
        _ => list(row, column + 1)?,
    };
    Ok(Some(StoredNic { number, denied }))
}

/// What it said from its three columns, which are null where it said nothing.
fn told(row: &Row<'_>, column: usize) -> rusqlite::Result<Told> {
    let millionths: Option<u32> = row.get(column)?;
    let message: Option<String> = row.get(column + 1)?;
    let message = message.unwrap_or_default();
    let has_progress = millionths.is_some() || !message.is_empty();
    Ok(Told {
        progress: has_progress.then_some(Progress {
            millionths,
            message,
        }),
        summary: row.get(column + 2)?,
    })
}
