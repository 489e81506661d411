//! The report as text.

use std::collections::BTreeMap;

use super::table::table;
use super::words::{percent, thousands, time};
use super::{Histogram, Named, Report};

const WAIT_HEAD: [&str; 5] = ["p50", "p90", "p99", "max", "tasks"];

pub(super) fn text(report: &Report) -> String {
    let mut parts = vec![
        format!("{}\n", report.title),
        counts(report),
        utilisation(report),
        waits("all", [("all tasks", &report.waits)].into_iter()),
        waits("user", named(&report.waits_of_users)),
        waits(
            "class",
            report.waits_of_classes.iter().map(|(name, of)| (*name, of)),
        ),
        waits("sub-cluster", named(&report.waits_of_subclusters)),
        shares(report),
    ];
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn named(all: &[Named<Histogram>]) -> impl Iterator<Item = (&str, &Histogram)> {
    all.iter().map(|one| (one.name.as_str(), &one.of))
}

fn counts(report: &Report) -> String {
    let counts = &report.counts;
    let by_word = |all: &BTreeMap<&'static str, u64>| {
        let sum: u64 = all.values().sum();
        let parts: Vec<_> = all
            .iter()
            .map(|(word, count)| format!("{} {word}", thousands(*count)))
            .collect();
        if parts.is_empty() {
            "0".to_owned()
        } else {
            format!("{}: {}", thousands(sum), parts.join(", "))
        }
    };
    let rows = [
        ("virtual time", time(report.length_us)),
        (
            "jobs",
            format!(
                "{} taken, {} finished, {} left waiting",
                thousands(counts.jobs),
                thousands(counts.finished),
                thousands(counts.left_waiting)
            ),
        ),
        ("refusals", by_word(&counts.refusals)),
        ("attempts", thousands(counts.starts)),
        ("ended", by_word(&counts.endings)),
        (
            "cancelled while waiting",
            thousands(counts.cancelled_waiting),
        ),
        ("stopped early", by_word(&counts.stops)),
        ("backfills", thousands(counts.backfills)),
        ("node changes", by_word(&counts.moves)),
    ];
    let lines = rows
        .iter()
        .map(|(name, value)| format!("{name:<24} {value}\n"));
    lines.collect()
}

fn utilisation(report: &Report) -> String {
    let row = |name: &str, series: &super::Series| {
        vec![
            name.to_owned(),
            percent(series.mean()),
            percent(series.peak()),
        ]
    };
    table(
        &["granted", "mean", "peak"],
        &[
            row("processors", &report.cpu),
            row("memory", &report.memory),
        ],
    )
}

fn waits<'a>(what: &str, all: impl Iterator<Item = (&'a str, &'a Histogram)>) -> String {
    let row = |(name, of): (&str, &Histogram)| {
        let mut row = vec![name.to_owned()];
        row.extend([500, 900, 990].map(|permille| time(of.permille(permille))));
        row.extend([time(of.max()), thousands(of.count())]);
        row
    };
    let rows: Vec<_> = all.map(row).collect();
    let name = format!("wait by {what}");
    let first = if what == "all" { "wait" } else { name.as_str() };
    let head: Vec<&str> = [first].into_iter().chain(WAIT_HEAD).collect();
    table(&head, &rows)
}

fn shares(report: &Report) -> String {
    let row = |one: &Named<super::Series>| {
        vec![
            one.name.clone(),
            percent(one.of.mean()),
            percent(one.of.peak()),
        ]
    };
    let rows: Vec<_> = report.shares.iter().map(row).collect();
    table(&["dominant share", "mean", "peak"], &rows)
}
