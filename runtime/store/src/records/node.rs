//! Nodes and where they stand, as they are recorded. Why a node stands where it stands is text here, and is never weighed.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sublet_scheduler::{NodeId, UnixMillis};

/// A node, and the number that it keeps for as long as the store lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number. It is never given to another node, also when this one is gone.
    pub id: NodeId,
    /// Its name, which no other node has.
    pub name: String,
    /// The host that it is carved from.
    pub host: String,
}

/// What a node is to the sub-clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeState {
    /// It is in one and takes work.
    In,
    /// It is still in one, and takes no more work.
    Draining,
    /// It is there, and in none.
    Unassigned,
    /// It is not there. It may still be counted to the sub-cluster that it comes back to.
    Down,
}

/// Where a node stands, and why. A node stands in one place: there is never a second row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which node: one that has been named before.
    pub node: NodeId,
    /// What it is to the sub-clusters.
    pub state: NodeState,
    /// The name of its sub-cluster: always there for a node that is in or draining, never for one that is unassigned.
    pub subcluster: Option<String>,
    /// The rule and the values that it read, or who asked.
    pub cause: String,
    /// The version of the rules that were in force; 0 before any were applied.
    pub rule_set: u64,
    /// Since when.
    pub since: UnixMillis,
}

impl Membership {
    /// How many rows the history of all nodes keeps. Nodes that keep moving would fill the disk otherwise.
    pub const MOVES_KEPT: u64 = 10_000;
}

impl NodeState {
    const ALL: [Self; 4] = [Self::In, Self::Draining, Self::Unassigned, Self::Down];

    /// The word for it, here and wherever people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Draining => "draining",
            Self::Unassigned => "unassigned",
            Self::Down => "down",
        }
    }
}

impl ToSql for NodeState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for NodeState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let state = Self::ALL.into_iter().find(|state| state.word() == word);
        state.ok_or(FromSqlError::InvalidType)
    }
}
