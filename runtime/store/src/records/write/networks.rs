//! Networks: the supply, who has which, and what users may reach outside.

use rusqlite::{Connection, params};
use sublet_scheduler::{UnixMillis, UserId};

use crate::records::{
    database::{contradiction, exact, instant, list_text},
    network::StoredNetwork,
};

use super::execute;

const PREPARE: &str = "INSERT INTO networks (id, v4, v4_bits, v6, v6_bits, user, assigned_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const ASSIGN: &str =
    "UPDATE networks SET user = ?2, assigned_at = ?3 WHERE id = ?1 AND user IS NULL";

const HAS: &str = "SELECT EXISTS (SELECT 1 FROM networks WHERE user = ?1)";

const SET_POLICY: &str =
    "INSERT OR REPLACE INTO egress_policies (user, allow, at) VALUES (?1, ?2, ?3)";

/// A number that is another network's already is an error of the database.
pub(super) fn prepared(connection: &Connection, network: &StoredNetwork) -> rusqlite::Result<()> {
    let StoredNetwork {
        id,
        v4,
        v4_bits,
        v6,
        v6_bits,
        user,
        assigned_at,
    } = network;
    let row = params![
        id,
        v4.to_string(),
        v4_bits,
        v6.to_string(),
        v6_bits,
        user.map(|user| exact(user.0)).transpose()?,
        assigned_at.map(instant),
    ];
    execute(connection, PREPARE, row).map(drop)
}

/// A user who is not there is an error of the database. The table itself has no place for a second network of a user, but
/// would not say in these words what is wrong.
pub(super) fn assigned(
    connection: &Connection,
    network: u32,
    user: UserId,
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let owner = exact(user.0)?;
    let has_one: bool = connection
        .prepare_cached(HAS)?
        .query_one([owner], |row| row.get(0))?;
    if has_one {
        let whose = user.0;
        return Err(contradiction(format!(
            "user {whose} cannot have network {network}: they have a network already"
        )));
    }
    let row = params![network, owner, instant(at)];
    match execute(connection, ASSIGN, row)? {
        0 => Err(contradiction(format!(
            "network {network} is not in supply: it is not there, or has a user already"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn egress_policy_set(
    connection: &Connection,
    user: UserId,
    allow: &[String],
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let row = params![exact(user.0)?, list_text(allow)?, instant(at)];
    execute(connection, SET_POLICY, row).map(drop)
}
