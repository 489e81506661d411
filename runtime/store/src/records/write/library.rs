//! Modules, what the compiler said of them, and inputs.

use rusqlite::{Connection, params};
use sublet_scheduler::{UnixMillis, UserId};

use crate::{
    Digest,
    records::{
        database::{clamped, exact, instant},
        library::{Input, ModuleName, NewModule},
    },
};

use super::execute;

const ADD_MODULE: &str = "INSERT INTO modules (user, digest, size_bytes, interface, added_at)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user, digest) DO UPDATE SET interface = excluded.interface";

/// Replacing gives the row a new place: the name stands for the module that got it last.
const NAME_MODULE: &str =
    "INSERT OR REPLACE INTO module_names (user, name, tag, digest) VALUES (?1, ?2, ?3, ?4)";

const DELETE_MODULE: [&str; 3] = [
    "DELETE FROM modules WHERE user = ?1 AND digest = ?2",
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
    let row = params![user, digest, clamped(*size_bytes), interface, instant(*at)];
    execute(connection, ADD_MODULE, row)?;
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
    DELETE_MODULE
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
    let (size_bytes, files) = (clamped(*size_bytes), clamped(*files));
    let row = params![
        exact(user.0)?,
        digest,
        kind,
        size_bytes,
        files,
        instant(*at)
    ];
    execute(connection, ADD_INPUT, row).map(drop)
}
