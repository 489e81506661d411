//! How a row of an attempt becomes a value.

use rusqlite::Row;
use sublet_scheduler::{NodeId, Outcome, SlotId, UnixMillis, Usage};

use crate::records::{
    codes::outcome_from_codes,
    database::{maybe_millis, millis, unreadable, unsigned},
    record::Place,
};

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
    /// What it used.
    pub usage: Usage,
}

/// Attempts of a task, from one number to another.
pub(super) const ATTEMPT: &str = "SELECT task, number, started_at, ended_at, outcome, code, detail, node, slot,
        cpu_us, wall_us, memory_peak_bytes, stdout_bytes, stderr_bytes, output_cut_bytes, scratch_peak_bytes,
        memory_denied, tables_denied, handles_denied,
        (SELECT subcluster FROM places WHERE id = place), (SELECT places.node FROM places WHERE id = place)
    FROM attempts WHERE job = ?1 AND task = ?2 AND number BETWEEN ?3 AND ?4 ORDER BY number";

pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    let outcome = outcome_from_codes(row.get(4)?, row.get(5)?);
    let (node, index): (Option<u32>, Option<u32>) = (row.get(7)?, row.get(8)?);
    let (subcluster, node_name): (Option<_>, Option<_>) = (row.get(19)?, row.get(20)?);
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
        usage: usage(row, 9)?,
    })
}

/// What was used, from its ten columns.
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
    })
}
