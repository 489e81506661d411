//! The pool: what there is, how it is cut, who has it.

use sublet_api::{Pool, Subcluster};

use super::subcluster::{bar, nodes, used_of_total};
use super::{table, unit};
use crate::output::Named;

impl Named for Pool {
    fn name(&self) -> String {
        let names: Vec<&str> = self
            .subclusters
            .iter()
            .map(|subcluster| subcluster.name.as_str())
            .collect();
        names.join("\n")
    }
}

/// The pool in a line, then each sub-cluster with its slots, then nodes that are in none.
pub(crate) fn page(pool: &Pool) -> String {
    let head = format!(
        "POOL  {}  {} cpu  {}   nodes {}   slots {}   running {}   draining {}{}",
        unit::count(pool.hosts, "host"),
        unit::processors(pool.cpu_millis),
        unit::bytes(pool.memory_bytes),
        pool.nodes.len(),
        pool.slots.total,
        pool.running,
        pool.nodes_draining,
        if pool.draining {
            "   the server is stopping"
        } else {
            ""
        },
    );
    let subclusters = table::lines(pool.subclusters.iter().map(row));
    let mut page = format!("{head}\n{}", table::indented(&subclusters));
    let nowhere = [
        (
            pool.nodes_unassigned,
            "unassigned",
            "  (sublet nodes list --unassigned)",
        ),
        (pool.nodes_down, "down", ""),
    ];
    for (count, state, hint) in nowhere {
        if count > 0 {
            let count = unit::count(count, "node");
            page.push_str(&format!("\n  {state}  {count}{hint}"));
        }
    }
    page.trim_end().to_owned()
}

fn row(one: &Subcluster) -> Vec<String> {
    vec![
        one.name.clone(),
        bar(one.slots),
        used_of_total(one.slots),
        format!("queue {}", one.queued),
        format!("nodes {}", nodes(one)),
        one.paused
            .as_ref()
            .map(|paused| format!("paused: {}", paused.reason))
            .unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_shows_its_subclusters_and_what_is_in_none() {
        let pool: Pool = serde_json::from_str(
            r#"{"hosts": 1, "cpu_millis": 1500, "memory_bytes": 2147483648, "running": 4, "nodes_unassigned": 2,
                "slots": {"total": 32, "free": 28},
                "subclusters": [{"name": "long", "slots": {"total": 2, "free": 2}, "nodes": 1, "nodes_min": 1,
                                 "paused": {"since": "2025-11-21T20:13:20Z", "by": "ada", "reason": "new disk"}},
                                {"name": "short", "slots": {"total": 30, "free": 26}, "queued": 3, "nodes": 1}],
                "nodes": [{"id": 0}, {"id": 1}, {"id": 2}, {"id": 3}]}"#,
        )
        .unwrap();
        assert_eq!(
            page(&pool),
            "POOL  1 host  1.5 cpu  2 GiB   nodes 4   slots 32   running 4   draining 0\n  \
             long   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  0/2   queue 0  nodes 1 of 1..  paused: new disk\n  \
             short  ███▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  4/30  queue 3  nodes 1\n  \
             unassigned  2 nodes  (sublet nodes list --unassigned)"
        );
    }
}
