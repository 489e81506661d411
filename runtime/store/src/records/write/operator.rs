//! What operators decided: rules, pauses, drains, labels.

use rusqlite::{Connection, params};

use crate::records::{
    database::{contradiction, exact, instant, unsigned},
    operator::{DrainedNode, PausedSubcluster, RuleSet},
};

use super::execute;

const NEXT_VERSION: &str = "SELECT coalesce(max(version), 0) + 1 FROM rule_sets";

const APPLY: &str = "INSERT INTO rule_sets (version, document, by, at) VALUES (?1, ?2, ?3, ?4)";

const PAUSE: &str =
    "INSERT INTO paused_subclusters (name, by, reason, since) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (name) DO UPDATE SET by = excluded.by, reason = excluded.reason";

const RESUME_SUBCLUSTER: &str = "DELETE FROM paused_subclusters WHERE name = ?1";

const DRAIN: &str = "INSERT INTO drained_nodes (node, by, reason, since) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (node) DO UPDATE SET by = excluded.by, reason = excluded.reason";

const RESUME_NODE: &str = "DELETE FROM drained_nodes WHERE node = ?1";

const LABEL: &str = "INSERT OR REPLACE INTO node_labels (node, key, value) VALUES (?1, ?2, ?3)";

const UNLABEL: &str = "DELETE FROM node_labels WHERE node = ?1 AND key = ?2";

pub(super) fn rules_applied(connection: &Connection, rules: &RuleSet) -> rusqlite::Result<()> {
    let RuleSet {
        version,
        document,
        by,
        at,
    } = rules;
    let next = connection
        .prepare_cached(NEXT_VERSION)?
        .query_one([], |row| unsigned(row, 0))?;
    if *version != next {
        return Err(contradiction(format!(
            "rule set {version} is out of order: the next one is {next}"
        )));
    }
    let row = params![exact(*version)?, document, exact(by.0)?, instant(*at)];
    execute(connection, APPLY, row).map(drop)
}

pub(super) fn subcluster_paused(
    connection: &Connection,
    paused: &PausedSubcluster,
) -> rusqlite::Result<()> {
    let PausedSubcluster {
        name,
        by,
        reason,
        since,
    } = paused;
    let row = params![name, exact(by.0)?, reason, instant(*since)];
    execute(connection, PAUSE, row).map(drop)
}

pub(super) fn subcluster_resumed(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    execute(connection, RESUME_SUBCLUSTER, params![name]).map(drop)
}

pub(super) fn node_drained(connection: &Connection, drained: &DrainedNode) -> rusqlite::Result<()> {
    let DrainedNode {
        node,
        by,
        reason,
        since,
    } = drained;
    let row = params![node, exact(by.0)?, reason, instant(*since)];
    execute(connection, DRAIN, row).map(drop)
}

pub(super) fn node_resumed(connection: &Connection, node: &str) -> rusqlite::Result<()> {
    execute(connection, RESUME_NODE, params![node]).map(drop)
}

pub(super) fn node_labelled(
    connection: &Connection,
    (node, key): (&str, &str),
    value: Option<&str>,
) -> rusqlite::Result<()> {
    match value {
        Some(value) => execute(connection, LABEL, params![node, key, value]),
        None => execute(connection, UNLABEL, params![node, key]),
    }
    .map(drop)
}
