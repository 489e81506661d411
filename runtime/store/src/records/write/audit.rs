//! The account of who did what: rows are added at its end, and nothing else ever happens to it.

use rusqlite::{Connection, params};

use crate::records::{
    audit::{Audited, Link, Who},
    database::{exact, instant, unsigned},
};

use super::execute;

const HEAD: &str = "SELECT seq, digest FROM audit_head";

const ADD: &str = "INSERT INTO audit
        (seq, at, user, user_name, via, action, object, before, after, refused, previous)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const MOVE_HEAD: &str = "UPDATE audit_head SET seq = ?1, digest = ?2";

pub(super) fn audited(connection: &Connection, audited: &Audited) -> rusqlite::Result<()> {
    let head = connection.prepare_cached(HEAD)?.query_one([], |row| {
        Ok(Link {
            seq: unsigned(row, 0)?,
            digest: row.get(1)?,
        })
    })?;
    let next = head.with(audited)?;
    add(connection, head, audited)?;
    execute(
        connection,
        MOVE_HEAD,
        params![exact(next.seq)?, next.digest],
    )
    .map(drop)
}

fn add(connection: &Connection, head: Link, audited: &Audited) -> rusqlite::Result<()> {
    let Audited {
        at,
        who: Who { user, name, via },
        action,
        object,
        before,
        after,
        outcome,
    } = audited;
    let row = params![
        exact(head.seq + 1)?,
        instant(*at),
        user.map(|user| exact(user.0)).transpose()?,
        name,
        via,
        action,
        object,
        before,
        after,
        outcome.refusal(),
        head.digest,
    ];
    execute(connection, ADD, row).map(drop)
}
