//! Nodes: their numbers, where they stand, and where they stood.

use rusqlite::{Connection, params};

use crate::records::{
    database::{clamped, exact, instant},
    node::{Membership, Node},
};

use super::execute;

const REHOST: &str = "UPDATE nodes SET host = ?3 WHERE id = ?1 AND name = ?2";

const NAME: &str = "INSERT INTO nodes (id, name, host) VALUES (?1, ?2, ?3)";

const STAND: &str =
    "INSERT OR REPLACE INTO memberships (node, state, subcluster, cause, rule_set, since)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const REMEMBER: &str = "INSERT INTO node_moves (node, state, subcluster, cause, rule_set, since)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const FORGET: &str = "DELETE FROM node_moves WHERE seq <= ?1";

/// A number or a name that is another node's already is an error of the database.
pub(super) fn named(connection: &Connection, node: &Node) -> rusqlite::Result<()> {
    let Node { id, name, host } = node;
    let row = params![id.0, name, host];
    if execute(connection, REHOST, row)? == 0 {
        execute(connection, NAME, row)?;
    }
    Ok(())
}

pub(super) fn moved(connection: &Connection, membership: &Membership) -> rusqlite::Result<()> {
    let Membership {
        node,
        state,
        subcluster,
        cause,
        rule_set,
        since,
    } = membership;
    let (rule_set, since) = (exact(*rule_set)?, instant(*since));
    let row = params![node.0, state, subcluster, cause, rule_set, since];
    execute(connection, STAND, row)?;
    execute(connection, REMEMBER, row)?;
    let newest = connection.last_insert_rowid();
    let too_old = newest - clamped(Membership::MOVES_KEPT);
    execute(connection, FORGET, params![too_old]).map(drop)
}
