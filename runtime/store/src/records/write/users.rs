//! Users: who there is, and how much they may have.

use rusqlite::{Connection, params};
use sublet_scheduler::{UnixMillis, UserId};

use crate::records::{
    database::{clamped, contradiction, exact, instant},
    user::{NewUser, Quota, UserChange},
};

use super::execute;

const ADD: &str = "INSERT INTO users (id, name, role, added_at) VALUES (?1, ?2, ?3, ?4)";

const GIVE_ROLE: &str = "UPDATE users SET role = ?2 WHERE id = ?1 AND removed_at IS NULL";

const SUSPEND: &str = "UPDATE users SET suspended_at = coalesce(suspended_at, ?2) WHERE id = ?1 AND removed_at IS NULL";

const RESUME: &str = "UPDATE users SET suspended_at = NULL WHERE id = ?1 AND removed_at IS NULL";

const REMOVE: &str = "UPDATE users SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL";

const SET_QUOTA: &str = "INSERT OR REPLACE INTO quotas
        (user, slots, cpu_millis, memory_bytes, queued, submits_per_s, modules, stored_bytes, weight, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// A name that somebody has, or had, is an error of the database.
pub(super) fn added(connection: &Connection, user: &NewUser) -> rusqlite::Result<()> {
    let NewUser { id, name, role, at } = user;
    let row = params![exact(id.0)?, name, role, instant(*at)];
    execute(connection, ADD, row).map(drop)
}

pub(super) fn changed(
    connection: &Connection,
    id: UserId,
    change: UserChange,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let user = exact(id.0)?;
    let changed = match change {
        UserChange::Role(role) => execute(connection, GIVE_ROLE, params![user, role]),
        UserChange::Suspended => execute(connection, SUSPEND, params![user, instant(at)]),
        UserChange::Resumed => execute(connection, RESUME, params![user]),
        UserChange::Removed => execute(connection, REMOVE, params![user, instant(at)]),
    }?;
    match changed {
        0 => Err(contradiction(format!(
            "user {} cannot change: they are not there, or were removed",
            id.0
        ))),
        _ => Ok(()),
    }
}

/// A user who is not there is an error of the database.
pub(super) fn quota_set(
    connection: &Connection,
    user: UserId,
    quota: &Quota,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let Quota {
        slots,
        cpu_millis,
        memory_bytes,
        queued,
        submits_per_s,
        modules,
        stored_bytes,
        weight,
    } = quota;
    let row = params![
        exact(user.0)?,
        slots,
        cpu_millis.map(clamped),
        memory_bytes.map(clamped),
        queued.map(clamped),
        submits_per_s,
        modules.map(clamped),
        stored_bytes.map(clamped),
        weight,
        instant(at),
    ];
    execute(connection, SET_QUOTA, row).map(drop)
}
