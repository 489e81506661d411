//! The pool: what is offered, how it is cut, who has it.

use sublet_api::{Pool, Slots};

use super::table::{self, ABSENT};
use super::unit;
use crate::output::Named;

/// Cells of a sub-cluster's bar.
const BAR_CELLS: u64 = 20;

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

/// The pool in a line, then each sub-cluster with its slots.
pub(crate) fn page(pool: &Pool) -> String {
    let sum = pool.nodes.iter().fold(Slots::default(), |sum, node| Slots {
        total: sum.total + node.slots.total,
        free: sum.free + node.slots.free,
    });
    let head = format!(
        "POOL  {} cpu  {}   nodes {}   slots {}   in use {}{}",
        unit::processors(pool.cpu_millis),
        unit::bytes(pool.memory_bytes),
        pool.nodes.len(),
        sum.total,
        sum.total.saturating_sub(sum.free),
        if pool.draining { "   draining" } else { "" },
    );
    let headings = [
        "SUBCLUSTER",
        "IN USE",
        "SLOTS",
        "QUEUE",
        "NODES",
        "SLOT CPU",
        "SLOT MEMORY",
    ];
    let rows = pool.subclusters.iter().map(|subcluster| {
        vec![
            subcluster.name.clone(),
            bar(subcluster.slots),
            used_of_total(subcluster.slots),
            subcluster.queued.to_string(),
            subcluster.nodes.to_string(),
            unit::processors(subcluster.slot_cpu_millis),
            unit::bytes(subcluster.slot_memory_bytes),
        ]
    });
    format!("{head}\n{}", table::rows(&headings, rows))
}

/// Each node.
pub(crate) fn nodes(pool: &Pool) -> String {
    let rows = pool.nodes.iter().map(|node| {
        vec![
            node.id.to_string(),
            node.subcluster.clone().unwrap_or_else(|| ABSENT.to_owned()),
            unit::processors(node.cpu_millis),
            unit::bytes(node.memory_bytes),
            used_of_total(node.slots),
        ]
    });
    table::rows(&["NODE", "SUBCLUSTER", "CPU", "MEMORY", "SLOTS"], rows)
}

fn used_of_total(slots: Slots) -> String {
    format!("{}/{}", slots.total.saturating_sub(slots.free), slots.total)
}

/// Slots in use as a bar. One that is in use is never invisible.
fn bar(slots: Slots) -> String {
    let used = slots.total.saturating_sub(slots.free);
    let full = (used.saturating_mul(BAR_CELLS))
        .div_ceil(slots.total.max(1))
        .min(BAR_CELLS);
    let cells = |mark: &str, count: u64| mark.repeat(usize::try_from(count).unwrap_or(0));
    format!("{}{}", cells("█", full), cells("░", BAR_CELLS - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_shows_its_subclusters() {
        let pool: Pool = serde_json::from_str(
            r#"{"draining": false, "cpu_millis": 1500, "memory_bytes": 2147483648,
                "subclusters": [{"name": "default", "slot_cpu_millis": 50, "slot_memory_bytes": 67108864,
                                 "slots": {"total": 30, "free": 26}, "queued": 3, "nodes": 1}],
                "nodes": [{"id": 0, "subcluster": "default", "cpu_millis": 1500, "memory_bytes": 2147483648,
                           "slots": {"total": 30, "free": 26}}]}"#,
        )
        .unwrap();
        assert_eq!(
            page(&pool),
            "POOL  1.5 cpu  2 GiB   nodes 1   slots 30   in use 4\n\
             SUBCLUSTER  IN USE                SLOTS  QUEUE  NODES  SLOT CPU  SLOT MEMORY\n\
             default     ███░░░░░░░░░░░░░░░░░  4/30   3      1      0.05      64 MiB"
        );
        assert_eq!(
            nodes(&pool),
            "NODE  SUBCLUSTER  CPU  MEMORY  SLOTS\n0     default     1.5  2 GiB   4/30"
        );
    }

    #[test]
    fn a_bar_never_hides_a_used_slot() {
        assert!(
            bar(Slots {
                total: 1_000,
                free: 999
            })
            .starts_with('█')
        );
        assert_eq!(bar(Slots::default()), "░".repeat(20));
    }
}
