//! Opening the database file, and the small change of numbers between Rust and `SQLite`, which knows only signed ones.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{Error, error::Doing};

/// The steps from an empty database to today's. A step that has been released is never changed: another one is added.
pub(crate) const STEPS: [&str; 6] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];

/// The version of today's schema.
pub(crate) fn known_schema() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// More than there are different statements, so that none is ever compiled twice.
const STATEMENTS_KEPT: usize = 128;

/// A commit is durable when it returns (`FULL`). The log is folded into the database at 16 MiB: rarely enough that few
/// pages are written twice, often enough that opening stays quick.
const WRITER_SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -32768;
";

const READER_SETTINGS: &str = "
    PRAGMA query_only = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
";

/// The connection that writes. Makes or migrates the tables.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).doing("open the database")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection
        .execute_batch(WRITER_SETTINGS)
        .doing("open the database")?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(crate) fn open_for_reading(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing("open the database to read")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection
        .execute_batch(READER_SETTINGS)
        .doing("open the database to read")?;
    Ok(connection)
}

/// Takes the steps that the database has not taken yet, all or none.
fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let doing = "bring the database up to date";
    let found: i64 = connection
        .query_one("PRAGMA user_version", [], |row| row.get(0))
        .doing("open the database")?;
    let known = i64::from(known_schema());
    let Some(steps) = usize::try_from(found)
        .ok()
        .and_then(|taken| STEPS.get(taken..))
    else {
        return Err(Error::NewerSchema { found, known });
    };
    if steps.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction().doing(doing)?;
    steps
        .iter()
        .try_for_each(|step| transaction.execute_batch(step))
        .doing(doing)?;
    transaction
        .pragma_update(None, "user_version", known)
        .doing(doing)?;
    transaction.commit().doing(doing)
}

/// An id, which must be stored as it is or not at all.
pub(crate) fn exact(id: u64) -> rusqlite::Result<i64> {
    i64::try_from(id).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// A measure or an instant. What does not fit is stored as the greatest there is.
pub(crate) fn clamped(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

pub(crate) fn instant(at: UnixMillis) -> i64 {
    clamped(at.0)
}

pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let stored: i64 = row.get(column)?;
    u64::try_from(stored).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, stored))
}

pub(crate) fn maybe_unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    let stored: Option<i64> = row.get(column)?;
    stored.map(|_| unsigned(row, column)).transpose()
}

pub(crate) fn millis(row: &Row<'_>, column: usize) -> rusqlite::Result<UnixMillis> {
    unsigned(row, column).map(UnixMillis)
}

pub(crate) fn maybe_millis(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<UnixMillis>> {
    Ok(maybe_unsigned(row, column)?.map(UnixMillis))
}

pub(crate) fn job_id(row: &Row<'_>, column: usize) -> rusqlite::Result<JobId> {
    unsigned(row, column).map(JobId)
}

pub(crate) fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    unsigned(row, column).map(UserId)
}

pub(crate) fn maybe_user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<UserId>> {
    Ok(maybe_unsigned(row, column)?.map(UserId))
}

/// A list in one column, as JSON.
pub(crate) fn list_text(list: &[String]) -> rusqlite::Result<String> {
    serde_json::to_string(list)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(crate) fn list(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
    })
}

/// A record that contradicts the ones before it.
pub(crate) fn contradiction(what: String) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(what.into())
}

/// A number or text that stands for nothing we know: somebody else wrote it.
pub(crate) fn unreadable(column: usize, what: &'static str) -> rusqlite::Error {
    let kind = rusqlite::types::Type::Integer;
    rusqlite::Error::FromSqlConversionFailure(column, kind, what.into())
}
