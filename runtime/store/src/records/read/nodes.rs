//! Nodes: their numbers, where they stand, and where they stood.

use rusqlite::{Row, params};
use sublet_scheduler::NodeId;

use crate::{
    Error,
    records::{
        database::{millis, unsigned},
        node::{Membership, Node},
    },
};

use super::{Page, Reader};

/// Where a node stood from some instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeMove {
    /// Its place among the moves of all nodes, counted from 1; the cursor of a list.
    pub seq: u64,
    /// What it became.
    pub membership: Membership,
}

const NODES: &str = "SELECT id, name, host FROM nodes ORDER BY id";

const MEMBERSHIPS: &str =
    "SELECT node, state, subcluster, cause, rule_set, since FROM memberships ORDER BY node";

const MOVES: &str = "SELECT node, state, subcluster, cause, rule_set, since, seq FROM node_moves
    WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";

const MOVES_OF: &str = "SELECT node, state, subcluster, cause, rule_set, since, seq FROM node_moves
    WHERE node = ?3 AND seq < ?1 ORDER BY seq DESC LIMIT ?2";

/// Rows are numbered without gaps and go oldest first, so the oldest one tells how many went.
const REMOVED: &str = "SELECT coalesce(min(seq), 1) - 1 FROM node_moves";

impl Reader {
    /// Every node that ever had a number, in the order of the numbers. The next number is one more than the last.
    ///
    /// # Errors
    /// What the database says.
    pub fn nodes(&self) -> Result<Vec<Node>, Error> {
        self.ask("read the nodes", |connection| {
            connection
                .prepare_cached(NODES)?
                .query_map([], node)?
                .collect()
        })
    }

    /// Where each node stands, in the order of their numbers.
    ///
    /// # Errors
    /// What the database says.
    pub fn memberships(&self) -> Result<Vec<Membership>, Error> {
        self.ask("read the memberships of nodes", |connection| {
            connection
                .prepare_cached(MEMBERSHIPS)?
                .query_map([], membership)?
                .collect()
        })
    }

    /// The moves of all nodes, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn node_moves(&self, page: Page) -> Result<Vec<NodeMove>, Error> {
        self.ask("list the moves of nodes", |connection| {
            connection
                .prepare_cached(MOVES)?
                .query_map(params![page.before(), page.limit()], node_move)?
                .collect()
        })
    }

    /// The moves of one node, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn node_moves_of(&self, node: NodeId, page: Page) -> Result<Vec<NodeMove>, Error> {
        self.ask("list the moves of a node", |connection| {
            connection
                .prepare_cached(MOVES_OF)?
                .query_map(params![page.before(), page.limit(), node.0], node_move)?
                .collect()
        })
    }

    /// How many moves were removed because there were more than [`Membership::MOVES_KEPT`].
    ///
    /// # Errors
    /// What the database says.
    pub fn node_moves_removed(&self) -> Result<u64, Error> {
        self.ask("count the moves of nodes", |connection| {
            connection
                .prepare_cached(REMOVED)?
                .query_one([], |row| unsigned(row, 0))
        })
    }
}

fn node(row: &Row<'_>) -> rusqlite::Result<Node> {
    Ok(Node {
        id: NodeId(row.get(0)?),
        name: row.get(1)?,
        host: row.get(2)?,
    })
}

fn membership(row: &Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        node: NodeId(row.get(0)?),
        state: row.get(1)?,
        subcluster: row.get(2)?,
        cause: row.get(3)?,
        rule_set: unsigned(row, 4)?,
        since: millis(row, 5)?,
    })
}

fn node_move(row: &Row<'_>) -> rusqlite::Result<NodeMove> {
    Ok(NodeMove {
        seq: unsigned(row, 6)?,
        membership: membership(row)?,
    })
}
