//! What modules did to our side.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    Digest, Error,
    records::{
        database::{maybe_millis, millis, user_id},
        harm::{HarmCounts, ModuleHarm},
    },
};

use super::Reader;

const ALL: &str =
    "SELECT user, digest, worker_deaths, host_panics, compile_kills, is_suspect, at, quarantined_at
    FROM module_harm ORDER BY user, digest";

const OF_ONE: &str =
    "SELECT user, digest, worker_deaths, host_panics, compile_kills, is_suspect, at, quarantined_at
    FROM module_harm WHERE user = ?1 AND digest = ?2";

impl Reader {
    /// Every module that did harm or is suspected of it: for a server that starts.
    ///
    /// # Errors
    /// What the database says.
    pub fn module_harm(&self) -> Result<Vec<ModuleHarm>, Error> {
        self.ask("read what modules did", |connection| {
            connection
                .prepare_cached(ALL)?
                .query_map([], harm)?
                .collect()
        })
    }
}

/// What one module of a user did, if it did anything.
pub(super) fn of_module(
    connection: &Connection,
    user: i64,
    digest: Digest,
) -> rusqlite::Result<Option<ModuleHarm>> {
    connection
        .prepare_cached(OF_ONE)?
        .query_row(params![user, digest], harm)
        .optional()
}

fn harm(row: &Row<'_>) -> rusqlite::Result<ModuleHarm> {
    Ok(ModuleHarm {
        user: user_id(row, 0)?,
        digest: row.get(1)?,
        counts: HarmCounts {
            worker_deaths: row.get(2)?,
            host_panics: row.get(3)?,
            compile_kills: row.get(4)?,
        },
        is_suspect: row.get(5)?,
        at: millis(row, 6)?,
        quarantined_at: maybe_millis(row, 7)?,
    })
}
