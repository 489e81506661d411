//! What operators decided: the rules, and the wishes that a server that starts has to obey. These are the pool's, so
//! whoever asks has been found to be allowed to.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Params, Row, params};
use sublet_scheduler::{UnixMillis, UserId};

use crate::{
    Error,
    records::{
        database::{clamped, millis, unsigned, user_id},
        operator::{DrainedNode, PausedSubcluster, RuleSet},
    },
};

use super::{Page, Reader};

/// A set of rules as lists show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSetRow {
    /// The cursor of a list.
    pub version: u64,
    /// How long its text is.
    pub document_bytes: u64,
    /// Who applied it.
    pub by: UserId,
    /// When.
    pub at: UnixMillis,
}

/// What operators asked for and have not taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Sub-clusters that are to start nothing, by name.
    pub paused: Vec<PausedSubcluster>,
    /// Nodes that are to be emptied, by name.
    pub drained: Vec<DrainedNode>,
    /// Labels that were set, by the name of the node.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
}

const IN_FORCE: &str =
    "SELECT version, document, by, at FROM rule_sets ORDER BY version DESC LIMIT 1";

const OF_VERSION: &str = "SELECT version, document, by, at FROM rule_sets WHERE version = ?1";

const VERSIONS: &str =
    "SELECT version, octet_length(document), by, at FROM rule_sets WHERE version < ?1
    ORDER BY version DESC LIMIT ?2";

const PAUSED: &str = "SELECT name, by, reason, since FROM paused_subclusters ORDER BY name";

const DRAINED: &str = "SELECT node, by, reason, since FROM drained_nodes ORDER BY node";

const LABELS: &str = "SELECT node, key, value FROM node_labels";

impl Reader {
    /// The rules in force; none in a store in which none were ever applied.
    ///
    /// # Errors
    /// What the database says.
    pub fn rule_set(&self) -> Result<Option<RuleSet>, Error> {
        self.one_rule_set(IN_FORCE, [])
    }

    /// The rules of a version.
    ///
    /// # Errors
    /// What the database says.
    pub fn rule_set_of(&self, version: u64) -> Result<Option<RuleSet>, Error> {
        self.one_rule_set(OF_VERSION, params![clamped(version)])
    }

    fn one_rule_set(&self, sql: &str, parameters: impl Params) -> Result<Option<RuleSet>, Error> {
        self.ask("read the rules", |connection| {
            connection
                .prepare_cached(sql)?
                .query_row(parameters, rule_set)
                .optional()
        })
    }

    /// The versions of the rules, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn rule_sets(&self, page: Page) -> Result<Vec<RuleSetRow>, Error> {
        self.ask("list the versions of the rules", |connection| {
            connection
                .prepare_cached(VERSIONS)?
                .query_map(params![page.before(), page.limit()], rule_set_row)?
                .collect()
        })
    }

    /// What operators asked for and have not taken back.
    ///
    /// # Errors
    /// What the database says.
    pub fn wishes(&self) -> Result<Wishes, Error> {
        self.ask_at_one_instant("read what operators asked for", |connection| {
            let mut labels = BTreeMap::<_, BTreeMap<_, _>>::new();
            let mut statement = connection.prepare_cached(LABELS)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let of_node = labels.entry(row.get(0)?).or_default();
                of_node.insert(row.get(1)?, row.get(2)?);
            }
            Ok(Wishes {
                paused: connection
                    .prepare_cached(PAUSED)?
                    .query_map([], paused)?
                    .collect::<Result<_, _>>()?,
                drained: connection
                    .prepare_cached(DRAINED)?
                    .query_map([], drained)?
                    .collect::<Result<_, _>>()?,
                labels,
            })
        })
    }
}

fn rule_set(row: &Row<'_>) -> rusqlite::Result<RuleSet> {
    Ok(RuleSet {
        version: unsigned(row, 0)?,
        document: row.get(1)?,
        by: user_id(row, 2)?,
        at: millis(row, 3)?,
    })
}

fn rule_set_row(row: &Row<'_>) -> rusqlite::Result<RuleSetRow> {
    Ok(RuleSetRow {
        version: unsigned(row, 0)?,
        document_bytes: unsigned(row, 1)?,
        by: user_id(row, 2)?,
        at: millis(row, 3)?,
    })
}

fn paused(row: &Row<'_>) -> rusqlite::Result<PausedSubcluster> {
    Ok(PausedSubcluster {
        name: row.get(0)?,
        by: user_id(row, 1)?,
        reason: row.get(2)?,
        since: millis(row, 3)?,
    })
}

fn drained(row: &Row<'_>) -> rusqlite::Result<DrainedNode> {
    Ok(DrainedNode {
        node: row.get(0)?,
        by: user_id(row, 1)?,
        reason: row.get(2)?,
        since: millis(row, 3)?,
    })
}
