//! Certificates: issued, and taken back.

use rusqlite::{Connection, params};
use sublet_scheduler::UnixMillis;

use crate::records::{
    certificate::{Certificate, Serial},
    database::{contradiction, exact, instant},
};

use super::execute;

const ISSUE: &str = "INSERT INTO certificates
        (serial, user, role, not_before, not_after, issued_at, issued_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const REVOKE: &str = "UPDATE certificates SET revoked_at = ?2, revoked_reason = ?3 WHERE serial = ?1 AND revoked_at IS NULL";

const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM certificates WHERE serial = ?1)";

/// A serial that another certificate has is an error of the database; so is a user who is not there.
pub(super) fn issued(connection: &Connection, certificate: &Certificate) -> rusqlite::Result<()> {
    let Certificate {
        serial,
        user,
        role,
        not_before,
        not_after,
        issued_at,
        issued_by,
    } = certificate;
    let row = params![
        serial,
        exact(user.0)?,
        role,
        instant(*not_before),
        instant(*not_after),
        instant(*issued_at),
        issued_by,
    ];
    execute(connection, ISSUE, row).map(drop)
}

/// One that was revoked already stays as it was: the first reason is the one that counts.
pub(super) fn revoked(
    connection: &Connection,
    serial: Serial,
    reason: &str,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let row = params![serial, instant(at), reason];
    if execute(connection, REVOKE, row)? == 1 {
        return Ok(());
    }
    let is_there: bool = connection
        .prepare_cached(IS_THERE)?
        .query_one([serial], |row| row.get(0))?;
    if is_there {
        return Ok(());
    }
    Err(contradiction(format!(
        "certificate {serial} cannot be revoked: it was never issued"
    )))
}
