//! What was used, in sums.

use sublet_api::{RemovedJobs, UsageBy, UsageReport, UsageRow, UsageSum};

use super::table::{self, ABSENT};
use super::unit;
use crate::output::{Columns, Named};

const MICROS: u128 = 1_000_000;

impl Named for UsageRow {
    fn name(&self) -> String {
        let names = [&self.job, &self.day, &self.user];
        let name = names.into_iter().flatten().next();
        name.cloned().unwrap_or_default()
    }
}

impl Columns for UsageRow {
    const COLUMNS: &'static [&'static str] = &[
        "user",
        "day",
        "job",
        "number",
        "attempts",
        "cpu_us",
        "wall_us",
        "memory_byte_us",
        "stdout_bytes",
        "stderr_bytes",
        "output_cut_bytes",
        "sent_bytes",
        "received_bytes",
    ];

    fn cells(&self) -> Vec<String> {
        let used = self.used;
        vec![
            self.user.clone().unwrap_or_default(),
            self.day.clone().unwrap_or_default(),
            self.job.clone().unwrap_or_default(),
            self.number
                .map(|number| number.to_string())
                .unwrap_or_default(),
            used.attempts.to_string(),
            used.cpu_us.to_string(),
            used.wall_us.to_string(),
            used.memory_byte_us.to_string(),
            used.stdout_bytes.to_string(),
            used.stderr_bytes.to_string(),
            used.output_cut_bytes.to_string(),
            used.sent_bytes.to_string(),
            used.received_bytes.to_string(),
        ]
    }
}

impl Named for RemovedJobs {
    fn name(&self) -> String {
        self.user.clone()
    }
}

impl Columns for RemovedJobs {
    const COLUMNS: &'static [&'static str] = &[
        "user",
        "reason",
        "jobs",
        "tasks",
        "attempts",
        "log_bytes",
        "oldest",
        "newest",
        "artifact_bytes",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.user.clone(),
            self.reason.clone(),
            self.jobs.to_string(),
            self.tasks.to_string(),
            self.attempts.to_string(),
            self.log_bytes.to_string(),
            self.oldest.to_string(),
            self.newest.to_string(),
            self.artifact_bytes.to_string(),
        ]
    }
}

/// Sums, one in a row, and what they come to where that is more than one of them says.
pub(crate) fn table(report: &UsageReport) -> String {
    let keys: &[&str] = match report.by {
        UsageBy::User => &["USER"],
        UsageBy::Day => &["DAY"],
        UsageBy::Job => &["USER", "DAY", "JOB"],
    };
    let amounts = [
        "ATTEMPTS", "CPU", "WALL", "MEMORY", "OUTPUT", "SENT", "RECEIVED",
    ];
    let headings: Vec<&str> = keys.iter().copied().chain(amounts).collect();
    let rows = report.items.iter().map(|row| {
        let mut cells = key(report.by, row);
        cells.extend(sum(&row.used));
        cells
    });
    let total = (report.items.len() > 1).then(|| {
        let mut cells = vec![String::new(); keys.len()];
        "total".clone_into(&mut cells[0]);
        cells.extend(sum(&report.total));
        cells
    });
    table::rows(&headings, rows.chain(total))
}

fn key(by: UsageBy, row: &UsageRow) -> Vec<String> {
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| ABSENT.to_owned());
    match by {
        UsageBy::User => vec![said(&row.user)],
        UsageBy::Day => vec![said(&row.day)],
        UsageBy::Job => {
            let job = row.job.clone().unwrap_or_else(|| "removed".to_owned());
            vec![said(&row.user), said(&row.day), job]
        }
    }
}

fn sum(used: &UsageSum) -> [String; 7] {
    [
        used.attempts.to_string(),
        unit::duration(used.cpu_us),
        unit::duration(used.wall_us),
        byte_seconds(used.memory_byte_us),
        unit::bytes(used.stdout_bytes.saturating_add(used.stderr_bytes)),
        unit::bytes(used.sent_bytes),
        unit::bytes(used.received_bytes),
    ]
}

/// `64 MiB s`: as if so much had been held for a second.
fn byte_seconds(byte_us: u128) -> String {
    let held = u64::try_from(byte_us / MICROS).unwrap_or(u64::MAX);
    format!("{} s", unit::bytes(held))
}

/// What was removed.
pub(crate) fn removed(rows: &[RemovedJobs]) -> String {
    let cells = rows.iter().map(|row| {
        vec![
            row.user.clone(),
            row.reason.clone(),
            row.jobs.to_string(),
            row.tasks.to_string(),
            row.attempts.to_string(),
            unit::bytes(row.log_bytes),
            unit::bytes(row.artifact_bytes),
            row.newest.to_string(),
        ]
    });
    table::rows(
        &[
            "USER",
            "REASON",
            "JOBS",
            "TASKS",
            "ATTEMPTS",
            "PRINTED",
            "ARTIFACTS",
            "FINISHED UNTIL",
        ],
        cells,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(by: &str, items: &str) -> UsageReport {
        let sum = r#"{"attempts": 3, "cpu_us": 1500000, "wall_us": 2000000, "memory_byte_us": 134217728000000,
            "stdout_bytes": 1000, "stderr_bytes": 24, "output_cut_bytes": 0, "sent_bytes": 2048, "received_bytes": 0}"#;
        let text = format!(r#"{{"by": "{by}", "items": {items}, "total": {sum}}}"#);
        serde_json::from_str(&text.replace("SUM", sum)).unwrap()
    }

    #[test]
    fn one_sum_is_its_own_total() {
        let one = report("user", r#"[{"user": "ada", "used": SUM}]"#);
        assert_eq!(
            table(&one),
            "USER  ATTEMPTS  CPU   WALL  MEMORY     OUTPUT  SENT   RECEIVED\n\
             ada   3         1.5s  2s    128 MiB s  1 KiB   2 KiB  0 B"
        );
        assert_eq!(table(&report("user", "[]")), "");
    }

    #[test]
    fn several_sums_have_a_total_and_removed_jobs_have_no_name() {
        let two = report(
            "job",
            r#"[{"user": "ada", "day": "2026-11-22", "used": SUM},
                {"user": "ada", "day": "2026-11-22", "job": "job_1", "number": 7, "used": SUM}]"#,
        );
        let shown = table(&two);
        let starts: Vec<Vec<&str>> = shown
            .lines()
            .map(|line| line.split_whitespace().take(4).collect())
            .collect();
        assert_eq!(starts[1], ["ada", "2026-11-22", "removed", "3"]);
        assert_eq!(starts[2], ["ada", "2026-11-22", "job_1", "3"]);
        assert_eq!(starts[3][..2], ["total", "3"]);
        assert_eq!(
            two.items[1].cells()[..5],
            ["ada", "2026-11-22", "job_1", "7", "3"]
        );
        assert_eq!(two.items[0].cells().len(), UsageRow::COLUMNS.len());
    }
}
