//! Tables that hold a set of tasks per job, as ranges: 100,000 cancelled tasks are one row.

use rusqlite::{Connection, params};
use sublet_scheduler::{TaskRange, UnixMillis};

use crate::records::database::instant;

use super::execute;

/// Tasks that were cancelled before they had an attempt.
pub(super) const CANCELLED: RangeTable = RangeTable {
    add: "INSERT OR IGNORE INTO cancelled (job, first, last, at) VALUES (?1, ?2, ?3, ?4)",
    overlapping: "SELECT first, last, at FROM cancelled WHERE job = ?1 AND first <= ?3 AND last >= ?2",
    remove: "DELETE FROM cancelled WHERE job = ?1 AND first <= ?3 AND last >= ?2",
};

/// Tasks that somebody wants ended.
pub(super) const CANCEL_WISHES: RangeTable = RangeTable {
    add: "INSERT OR IGNORE INTO cancel_wishes (job, first, last, at) VALUES (?1, ?2, ?3, ?4)",
    overlapping: "SELECT first, last, at FROM cancel_wishes WHERE job = ?1 AND first <= ?3 AND last >= ?2",
    remove: "DELETE FROM cancel_wishes WHERE job = ?1 AND first <= ?3 AND last >= ?2",
};

pub(super) struct RangeTable {
    add: &'static str,
    overlapping: &'static str,
    remove: &'static str,
}

impl RangeTable {
    pub(super) fn add(
        &self,
        connection: &Connection,
        job: i64,
        tasks: &TaskRange,
        at: UnixMillis,
    ) -> rusqlite::Result<()> {
        let row = params![job, tasks.start(), tasks.end(), instant(at)];
        execute(connection, self.add, row).map(drop)
    }

    /// What the tasks leave of the ranges that they overlap stays.
    pub(super) fn take_out(
        &self,
        connection: &Connection,
        job: i64,
        tasks: &TaskRange,
    ) -> rusqlite::Result<()> {
        let overlapping = self.overlapping(connection, job, tasks)?;
        execute(
            connection,
            self.remove,
            params![job, tasks.start(), tasks.end()],
        )?;
        for (first, last, at) in overlapping {
            if let Some(before) = tasks.start().checked_sub(1).filter(|end| first <= *end) {
                execute(connection, self.add, params![job, first, before, at])?;
            }
            if let Some(after) = tasks.end().checked_add(1).filter(|start| *start <= last) {
                execute(connection, self.add, params![job, after, last, at])?;
            }
        }
        Ok(())
    }

    fn overlapping(
        &self,
        connection: &Connection,
        job: i64,
        tasks: &TaskRange,
    ) -> rusqlite::Result<Vec<(u32, u32, i64)>> {
        connection
            .prepare_cached(self.overlapping)?
            .query_map(params![job, tasks.start(), tasks.end()], |row| {
                row.try_into()
            })?
            .collect()
    }
}
