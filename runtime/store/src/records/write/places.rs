//! Places as small numbers, so that a row per task does not carry their names.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::records::record::Place;

use super::execute;

/// Operators choose the names, so there are few; but over the years there may be more than are in use.
const REMEMBERED_MAX: usize = 1_024;

const ADD: &str = "INSERT OR IGNORE INTO places (subcluster, node) VALUES (?1, ?2)";

const NUMBER: &str = "SELECT id FROM places WHERE subcluster = ?1 AND node = ?2";

/// Numbers of places that were used lately.
#[derive(Debug, Default)]
pub(crate) struct Places {
    numbers: HashMap<Place, i64>,
}

impl Places {
    /// The number of a place, which it gets here if it has none.
    pub(super) fn number(
        &mut self,
        connection: &Connection,
        place: &Place,
    ) -> rusqlite::Result<i64> {
        if let Some(number) = self.numbers.get(place) {
            return Ok(*number);
        }
        let row = params![place.subcluster, place.node];
        execute(connection, ADD, row)?;
        let number = connection
            .prepare_cached(NUMBER)?
            .query_one(row, |row| row.get(0))?;
        if self.numbers.len() == REMEMBERED_MAX {
            self.forget();
        }
        self.numbers.insert(place.clone(), number);
        Ok(number)
    }

    /// A batch that was taken back took the numbers that it gave with it.
    pub(crate) fn forget(&mut self) {
        self.numbers.clear();
    }
}
