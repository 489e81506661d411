//! The least that durability costs: `SQLite` with one row per task and many rows per commit, and a bare file.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::Receiver;

use rusqlite::Connection;

use crate::handler::Kept;

/// Rows of one commit.
const BATCH: usize = 500;
/// Bytes of a row: about what the end of an attempt takes.
const ROW: [u8; 64] = [0x5a; 64];
/// Bytes appended to the file for one job.
const APPENDED: [u8; 300] = [0x5a; 300];

/// The settings are those of the store.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA cache_size = -32768;
    CREATE TABLE records (task INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;
";

/// Records every task that arrives, and ends when the last of them is durable.
pub(crate) fn keep(file: &Path, tasks: &Receiver<u32>) -> rusqlite::Result<()> {
    let mut connection = Connection::open(file)?;
    connection.execute_batch(SETTINGS)?;
    while let Ok(first) = tasks.recv() {
        let transaction = connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO records (task, record) VALUES (?1, ?2)")?;
            for task in std::iter::once(first).chain(tasks.try_iter()).take(BATCH) {
                insert.execute((task, ROW))?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Records whatever waits with one commit, then tells all who waited. Ends with the last of them.
pub(crate) fn keep_together(file: &Path, waiting: &Receiver<Kept>) -> rusqlite::Result<()> {
    let mut connection = Connection::open(file)?;
    connection.execute_batch(SETTINGS)?;
    let mut number = 0_i64;
    while let Ok(first) = waiting.recv() {
        let all: Vec<Kept> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let transaction = connection.transaction()?;
        for _ in &all {
            number += 1;
            transaction
                .prepare_cached("INSERT INTO records (task, record) VALUES (?1, ?2)")?
                .execute((number, ROW))?;
        }
        transaction.commit()?;
        for kept in all {
            // Who has gone meanwhile need not be told.
            kept.send(()).unwrap_or(());
        }
    }
    Ok(())
}

/// A file that grows by one record at a time, each durable before the next.
pub(crate) struct Journal(File);

impl Journal {
    pub(crate) fn create(file: &Path) -> std::io::Result<Self> {
        File::create(file).map(Self)
    }

    pub(crate) fn append(&mut self) -> std::io::Result<()> {
        self.0.write_all(&APPENDED)?;
        self.0.sync_data()
    }
}
