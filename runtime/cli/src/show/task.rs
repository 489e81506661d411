//! Tasks and their attempts.

use jiff::Timestamp;
use sublet_api::{Attempt, Limits, Progress, Task};

use super::table::{self, ABSENT};
use super::{fate, job, traffic, unit};
use crate::output::Named;

impl Named for Task {
    fn name(&self) -> String {
        self.index.to_string()
    }
}

/// Many tasks: where each stands, and how its latest attempt went.
pub(crate) fn table(tasks: &[Task]) -> String {
    let rows = tasks.iter().map(|task| {
        let last = task.attempts.last();
        vec![
            task.index.to_string(),
            standing(task),
            task.attempts.len().to_string(),
            table::first_line(last.and_then(|attempt| attempt.detail.as_deref())),
        ]
    });
    table::rows(&["TASK", "STATE", "ATTEMPTS", "DETAIL"], rows)
}

/// One task with all its attempts, and where those were on a network.
pub(crate) fn page(task: &Task, limits: &Limits, now: Timestamp) -> String {
    let outcome = task
        .outcome
        .as_ref()
        .map(|outcome| fate::phrase(outcome, limits, None));
    let head = table::page([
        ("task", Some(task.index.to_string())),
        ("state", Some(job::state(task.state).to_owned())),
        ("outcome", outcome),
        ("progress", last_said(task).map(job::share)),
    ]);
    let headings = [
        "ATTEMPT", "STATE", "SLOT", "STARTED", "TIME", "CPU", "MEMORY", "DETAIL",
    ];
    let attempts = table::rows(
        &headings,
        task.attempts.iter().map(|attempt| row(attempt, now)),
    );
    let parts = [head, attempts];
    let summary = task
        .attempts
        .last()
        .and_then(|last| last.summary.as_deref());
    let networks = task.attempts.iter().filter_map(traffic::of_attempt);
    let said: Vec<String> = parts
        .into_iter()
        .chain(networks)
        .chain(summary.map(summary_of))
        .filter(|part| !part.is_empty())
        .collect();
    said.join("\n\n")
}

fn last_said(task: &Task) -> Option<&Progress> {
    task.attempts.last()?.progress.as_ref()
}

/// What a guest wrote for people, without what could steer a terminal.
pub(crate) fn summary_of(text: &str) -> String {
    let lines = text.trim_end().lines().map(table::plain);
    lines.collect::<Vec<_>>().join("\n")
}

fn row(attempt: &Attempt, now: Timestamp) -> Vec<String> {
    let absent = || ABSENT.to_owned();
    let state = attempt
        .outcome
        .as_ref()
        .map_or_else(|| job::state(attempt.state).to_owned(), fate::word);
    let started = attempt
        .started_at
        .map(|then| format!("{} ago", unit::age(then, now)));
    let time = attempt
        .started_at
        .map(|start| unit::micros_between(start, attempt.ended_at.unwrap_or(now)));
    let used = attempt.usage;
    vec![
        attempt.number.to_string(),
        state,
        attempt.slot.clone().unwrap_or_else(absent),
        started.unwrap_or_else(absent),
        time.map_or_else(absent, unit::duration),
        used.map_or_else(absent, |usage| unit::duration(usage.cpu_us)),
        used.map_or_else(absent, |usage| unit::bytes(usage.memory_peak_bytes)),
        table::first_line(attempt.detail.as_deref()),
    ]
}

fn standing(task: &Task) -> String {
    task.outcome
        .as_ref()
        .map_or_else(|| job::state(task.state).to_owned(), fate::word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_shows_its_attempts() {
        let task: Task = serde_json::from_str(
            r#"{"index": 17, "state": "reclaimed", "outcome": {"kind": "failed", "code": 3}, "attempts": [
                {"number": 1, "state": "reclaimed", "outcome": {"kind": "lost", "reason": "worker"}, "slot": "0.3"},
                {"number": 2, "state": "reclaimed", "outcome": {"kind": "failed", "code": 3}, "slot": "0.1",
                 "started_at": "2025-11-21T20:13:20Z", "ended_at": "2025-11-21T20:13:22Z",
                 "usage": {"cpu_us": 1500000, "memory_peak_bytes": 1048576}}]}"#,
        )
        .unwrap();
        let now: Timestamp = "2025-11-21T20:15:31Z".parse().unwrap();
        assert_eq!(
            page(&task, &Limits::default(), now),
            "task     17\n\
             state    finished\n\
             outcome  failed with exit code 3\n\
             \n\
             ATTEMPT  STATE     SLOT  STARTED  TIME  CPU   MEMORY  DETAIL\n\
             1        lost      0.3   -        -     -     -\n\
             2        failed 3  0.1   2m ago   2s    1.5s  1 MiB"
        );
    }

    #[test]
    fn a_task_shows_where_it_is_on_its_network() {
        let task: Task = serde_json::from_str(
            r#"{"index": 0, "state": "running", "attempts": [{"number": 1, "state": "running", "slot": "0.3",
                "nic": {"v4": "10.80.1.5", "v6": "fd5b:1::5"}}]}"#,
        )
        .unwrap();
        let page = page(&task, &Limits::default(), Timestamp::UNIX_EPOCH);
        assert!(
            page.ends_with("\n\nattempt 1\n  address  10.80.1.5  fd5b:1::5"),
            "{page}"
        );
    }
}
