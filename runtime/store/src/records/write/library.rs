//! Modules, what the compiler said of them, and inputs.

use rusqlite::{Connection, OptionalExtension as _, params};
use sublet_scheduler::{UnixMillis, UserId};

use crate::{
    Digest,
    records::{
        database::{clamped, exact, instant},
        library::{Input, ModuleName, NewModule},
    },
};

use super::{
    execute,
    holdings::{self, Holding},
};

const ADD_MODULE: &str =
    "INSERT OR IGNORE INTO modules (user, digest, size_bytes, interface, added_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const DESCRIBE_MODULE: &str = "UPDATE modules SET interface = ?3 WHERE user = ?1 AND digest = ?2";

/// Replacing gives the row a new place: the name stands for the module that got it last.
const NAME_MODULE: &str =
    "INSERT OR REPLACE INTO module_names (user, name, tag, digest) VALUES (?1, ?2, ?3, ?4)";

const DELETE_MODULE: &str =
    "DELETE FROM modules WHERE user = ?1 AND digest = ?2 RETURNING size_bytes";

const FORGET_MODULE: [&str; 2] = [
    "DELETE FROM module_names WHERE user = ?1 AND digest = ?2",
    "DELETE FROM module_refusals WHERE user = ?1 AND digest = ?2",
];

const REFUSE_MODULE: &str =
    "INSERT OR REPLACE INTO module_refusals (user, digest, engine, code, message, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const ADD_INPUT: &str =
    "INSERT OR IGNORE INTO inputs (user, digest, kind, size_bytes, files, added_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(super) fn module_added(connection: &Connection, module: &NewModule) -> rusqlite::Result<()> {
    let NewModule {
        user,
        digest,
        name,
        size_bytes,
        interface,
        at,
    } = module;
    let user = exact(user.0)?;
    let bytes = clamped(*size_bytes);
    let row = params![user, digest, bytes, interface, instant(*at)];
    if execute(connection, ADD_MODULE, row)? == 1 {
        holdings::add(connection, user, Holding::Module(bytes))?;
    } else {
        execute(
            connection,
            DESCRIBE_MODULE,
            params![user, digest, interface],
        )?;
    }
    if let Some(ModuleName { name, tag }) = name {
        let tag = tag.as_deref().unwrap_or_default();
        execute(connection, NAME_MODULE, params![user, name, tag, digest])?;
    }
    Ok(())
}

pub(super) fn module_deleted(
    connection: &Connection,
    user: UserId,
    digest: Digest,
) -> rusqlite::Result<()> {
    let user = exact(user.0)?;
    let deleted = connection
        .prepare_cached(DELETE_MODULE)?
        .query_row(params![user, digest], |row| row.get(0))
        .optional()?;
    if let Some(bytes) = deleted {
        holdings::take(connection, user, Holding::Module(bytes))?;
    }
    FORGET_MODULE
        .iter()
        .try_for_each(|delete| execute(connection, delete, params![user, digest]).map(drop))
}

pub(super) fn module_refused(
    connection: &Connection,
    (user, digest, engine): (UserId, Digest, &str),
    (code, message, at): (&str, &str, UnixMillis),
) -> rusqlite::Result<()> {
    let row = params![exact(user.0)?, digest, engine, code, message, instant(at)];
    execute(connection, REFUSE_MODULE, row).map(drop)
}

pub(super) fn input_added(connection: &Connection, input: &Input) -> rusqlite::Result<()> {
    let Input {
        user,
        digest,
        kind,
        size_bytes,
        files,
        at,
    } = input;
    let (user, size_bytes) = (exact(user.0)?, clamped(*size_bytes));
    let row = params![
        user,
        digest,
        kind,
        size_bytes,
        clamped(*files),
        instant(*at)
    ];
    match execute(connection, ADD_INPUT, row)? {
        0 => Ok(()),
        _ => holdings::add(connection, user, Holding::Input(size_bytes)),
    }
}
