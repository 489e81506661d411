//! Sub-clusters: one in a line, many in a table, one on a page.

use jiff::Timestamp;
use sublet_api::{Asked, Slots, Subcluster};

use super::table::{self, ABSENT};
use super::unit;
use crate::output::Named;

/// Cells of a bar.
const BAR_CELLS: u64 = 20;

impl Named for Subcluster {
    fn name(&self) -> String {
        self.name.clone()
    }
}

/// `short  open  16/20 slots  queue 3`
pub(crate) fn line(one: &Subcluster) -> String {
    format!(
        "{}  {}  {} slots  queue {}",
        table::plain(&one.name),
        standing(one),
        used_of_total(one.slots),
        one.queued
    )
}

/// Many.
pub(crate) fn table(subclusters: &[Subcluster]) -> String {
    let headings = [
        "NAME",
        "STATE",
        "SLOTS",
        "QUEUE",
        "WAIT",
        "NODES",
        "SLOT CPU",
        "SLOT MEMORY",
        "PRIORITY",
        "WEIGHT",
    ];
    let rows = subclusters.iter().map(|one| {
        vec![
            one.name.clone(),
            standing(one),
            used_of_total(one.slots),
            one.queued.to_string(),
            wait(one).unwrap_or_else(|| ABSENT.to_owned()),
            nodes(one),
            unit::processors(one.slot_cpu_millis),
            unit::bytes(one.slot_memory_bytes),
            one.priority.to_string(),
            one.weight.to_string(),
        ]
    });
    table::rows(&headings, rows)
}

/// All of one.
pub(crate) fn page(one: &Subcluster, now: Timestamp) -> String {
    let millis = |millis: u64| unit::duration(millis.saturating_mul(1_000));
    let yes = |said: bool| Some(if said { "yes" } else { "no" }.to_owned());
    let slot = format!(
        "{} cpu  {}",
        unit::processors(one.slot_cpu_millis),
        unit::bytes(one.slot_memory_bytes)
    );
    table::page([
        ("name", Some(one.name.clone())),
        ("state", Some(standing(one))),
        (
            "paused",
            one.paused.as_ref().map(|paused| asked(paused, now)),
        ),
        (
            "slots",
            Some(format!("{}  of {slot}", used_of_total(one.slots))),
        ),
        ("queue", Some(one.queued.to_string())),
        ("running", Some(one.running.to_string())),
        ("wait", wait(one)),
        ("idle", one.idle_ms.map(millis)),
        ("nodes", Some(nodes(one))),
        ("entry", one.entry.clone()),
        ("exit", one.exit.clone()),
        ("accept", one.accept.clone()),
        ("weight", Some(one.weight.to_string())),
        ("priority", Some(one.priority.to_string())),
        ("grace", one.grace_ms.map(millis)),
        ("dwell", (one.dwell_ms > 0).then(|| millis(one.dwell_ms))),
        ("isolation", Some(one.isolation.clone())),
        ("burst", yes(one.burst)),
        ("preempt", yes(one.preempt)),
    ])
}

/// Who asked for something, when and why.
pub(crate) fn asked(asked: &Asked, now: Timestamp) -> String {
    format!(
        "{} ({}, {} ago)",
        asked.reason,
        asked.by,
        unit::age(asked.since, now)
    )
}

/// `open`, or why it is not.
fn standing(one: &Subcluster) -> String {
    match &one.paused {
        Some(paused) => format!("paused ({})", table::plain(&paused.reason)),
        None => "open".to_owned(),
    }
}

fn wait(one: &Subcluster) -> Option<String> {
    let millis = one.expected_wait_ms?;
    Some(unit::duration(millis.saturating_mul(1_000)))
}

/// `5 of 1..6`; without a bound just how many.
pub(super) fn nodes(one: &Subcluster) -> String {
    match (one.nodes_min, one.nodes_max) {
        (0, None) => one.nodes.to_string(),
        (min, None) => format!("{} of {min}..", one.nodes),
        (min, Some(max)) => format!("{} of {min}..{max}", one.nodes),
    }
}

pub(super) fn used_of_total(slots: Slots) -> String {
    format!("{}/{}", slots.total.saturating_sub(slots.free), slots.total)
}

/// Slots in use as a bar. One that is in use is never invisible.
pub(super) fn bar(slots: Slots) -> String {
    let used = slots.total.saturating_sub(slots.free);
    let full = (used.saturating_mul(BAR_CELLS))
        .div_ceil(slots.total.max(1))
        .min(BAR_CELLS);
    let cells = |mark: &str, count: u64| mark.repeat(usize::try_from(count).unwrap_or(0));
    format!("{}{}", cells("█", full), cells("▒", BAR_CELLS - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn medium() -> Subcluster {
        serde_json::from_str(
            r#"{"name": "medium", "slot_cpu_millis": 250, "slot_memory_bytes": 1073741824,
                "entry": "node.healthy", "nodes_min": 1, "nodes_max": 6, "weight": 3, "priority": 10,
                "isolation": "user", "burst": true, "nodes": 5, "slots": {"total": 20, "free": 4},
                "queued": 3, "running": 16, "expected_wait_ms": 40000,
                "paused": {"since": "2025-11-21T20:13:20Z", "by": "ada", "reason": "new disk"}}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_sub_cluster_in_a_line_and_in_a_table() {
        assert_eq!(
            line(&medium()),
            "medium  paused (new disk)  16/20 slots  queue 3"
        );
        assert_eq!(
            table(&[medium()]),
            "NAME    STATE              SLOTS  QUEUE  WAIT  NODES      SLOT CPU  SLOT MEMORY  PRIORITY  WEIGHT\n\
             medium  paused (new disk)  16/20  3      40s   5 of 1..6  0.25      1 GiB        10        3"
        );
    }

    #[test]
    fn a_sub_cluster_on_a_page() {
        let page = page(&medium(), "2025-11-21T20:15:31Z".parse().unwrap());
        for line in [
            "paused     new disk (ada, 2m ago)",
            "slots      16/20  of 0.25 cpu  1 GiB",
            "entry      node.healthy",
            "preempt    no",
        ] {
            assert!(page.lines().any(|seen| seen == line), "{line} in\n{page}");
        }
        assert!(!page.contains("exit"), "{page}");
    }

    #[test]
    fn a_bar_never_hides_a_used_slot() {
        let one_of_many = Slots {
            total: 1_000,
            free: 999,
        };
        assert!(bar(one_of_many).starts_with('█'));
        assert_eq!(bar(Slots::default()), "▒".repeat(20));
    }
}
