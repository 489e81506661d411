//! How a job or an attempt ended, in words, and what to do about it.

use sublet_api::{Job, JobEnd, Limits, Outcome, Restart};

use super::table::plain;
use super::unit;

/// What the engine puts before the description of a trap.
const TRAP: &str = "wasm trap: ";

/// One word or two for a column: `succeeded`, `failed 3`, `memory limit`.
pub(crate) fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded => "succeeded".to_owned(),
        Outcome::Failed { code } => format!("failed {code}"),
        Outcome::Trapped { .. } => "trapped".to_owned(),
        Outcome::LimitExceeded { limit } => format!("{} limit", plain(limit)),
        Outcome::Cancelled { .. } => "cancelled".to_owned(),
        Outcome::Lost { .. } => "lost".to_owned(),
        Outcome::Unknown => "ended".to_owned(),
    }
}

/// What happened, to go on after "the job" or "task 17".
pub(crate) fn phrase(outcome: &Outcome, limits: &Limits, detail: Option<&str>) -> String {
    let detail = detail.and_then(|detail| detail.lines().next()).map(plain);
    match outcome {
        Outcome::Succeeded => "succeeded".to_owned(),
        Outcome::Failed { code } => match detail {
            Some(told) => format!("failed with exit code {code}: {told}"),
            None => format!("failed with exit code {code}"),
        },
        Outcome::Trapped { trap } => {
            let told = detail.map(|detail| detail.trim_start_matches(TRAP).to_owned());
            format!(
                "trapped: {}",
                told.unwrap_or_else(|| plain(&trap.replace('_', " ")))
            )
        }
        Outcome::LimitExceeded { limit } => {
            format!("exceeded its limit of {}", limit_phrase(limit, limits))
        }
        Outcome::Cancelled { reason } if reason == "shutdown" => {
            "was cancelled, because the server stopped".to_owned()
        }
        Outcome::Cancelled { reason } if reason == "drained" => {
            "was cancelled, because its node was drained".to_owned()
        }
        Outcome::Cancelled { reason } if reason == "preempted" => {
            "was cancelled, because another user's share needed its slot".to_owned()
        }
        Outcome::Cancelled { reason } if reason == "dependency" => {
            "was cancelled, because a job that it waited for did not end as it had to".to_owned()
        }
        Outcome::Cancelled { reason } if reason == "quarantine" => {
            "was cancelled, because its module is in quarantine (S0418)".to_owned()
        }
        Outcome::Cancelled { .. } => "was cancelled".to_owned(),
        Outcome::Lost { reason } => {
            let told = detail.unwrap_or_else(|| plain(reason));
            format!("was lost by our side: {told}")
        }
        Outcome::Unknown => "ended in a way that only a newer sublet knows".to_owned(),
    }
}

/// Where a guest was when it trapped: what the engine says below its first line. Of a limit there is no more to say.
pub(crate) fn trace(outcome: &Outcome, detail: Option<&str>) -> Vec<String> {
    if !matches!(outcome, Outcome::Trapped { .. }) {
        return Vec::new();
    }
    let lines = detail.unwrap_or_default().lines().skip(1);
    lines
        .map(|line| plain(line.trim()))
        .filter(|line| !line.is_empty())
        .collect()
}

/// The limit with its number, where the job has one.
fn limit_phrase(limit: &str, limits: &Limits) -> String {
    let millis =
        |limit: Option<u64>| limit.map(|millis| unit::duration(millis.saturating_mul(1_000)));
    let (what, number) = match limit {
        "memory" => ("memory", limits.memory_bytes.map(unit::bytes)),
        "cpu" => ("processor time", millis(limits.cpu_time_ms)),
        "wall" => ("wall time", millis(limits.timeout_ms)),
        "disk" => ("scratch space", limits.scratch_bytes.map(unit::bytes)),
        "files" => (
            "open files",
            limits.open_files.map(|files| files.to_string()),
        ),
        "tables" => ("table elements", None),
        "handles" => ("component handles", None),
        other => (other, None),
    };
    match number {
        Some(number) => format!("{}, {number}", plain(what)),
        None => plain(what),
    }
}

/// The flag that raises a limit, if there is one.
pub(crate) fn flag(outcome: &Outcome) -> Option<&'static str> {
    let Outcome::LimitExceeded { limit } = outcome else {
        return None;
    };
    match limit.as_str() {
        "memory" => Some("--memory"),
        "cpu" => Some("--cpu-time"),
        "wall" => Some("--timeout"),
        "disk" => Some("--scratch"),
        "files" => Some("--open-files"),
        _ => None,
    }
}

/// One sentence on a job that did not succeed, and what can be typed next.
pub(crate) fn of_job(job: &Job, end: &JobEnd) -> (String, String) {
    let who = match end.task {
        Some(task) if job.array.is_some() => format!("task {task}"),
        _ => "the job".to_owned(),
    };
    let phrase = phrase(&end.outcome, &job.limits, end.detail.as_deref());
    let sentence = format!("{who} {phrase}{}", attempts(job, end));
    let number = job.number;
    let place = match end.task {
        Some(task) if job.array.is_some() => format!("{number}/{task}"),
        _ => number.to_string(),
    };
    let mut help = format!("sublet logs {place}      sublet retry {number} --failed");
    if let Some(flag) = flag(&end.outcome) {
        help = format!("submit it again with a larger {flag}, or see sublet logs {place}");
    }
    (sentence, help)
}

/// `(attempt 3 of 3)`, where there could be more than one.
fn attempts(job: &Job, end: &JobEnd) -> String {
    match (end.attempts, job.restart) {
        (Some(made), Restart::OnFailure { retries, .. }) => {
            format!(
                " (attempt {made} of {})",
                made.max(retries.saturating_add(1))
            )
        }
        (Some(made), Restart::Never | Restart::OnLoss) if made > 1 => format!(" (attempt {made})"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_with_its_number_and_its_flag() {
        let outcome = Outcome::LimitExceeded {
            limit: "memory".to_owned(),
        };
        let limits = Limits {
            memory_bytes: Some(64 << 20),
            ..Limits::default()
        };
        assert_eq!(
            phrase(&outcome, &limits, None),
            "exceeded its limit of memory, 64 MiB"
        );
        assert_eq!(flag(&outcome), Some("--memory"));
        let outcome = Outcome::LimitExceeded {
            limit: "wall".to_owned(),
        };
        let limits = Limits {
            timeout_ms: Some(30_000),
            ..Limits::default()
        };
        assert_eq!(
            phrase(&outcome, &limits, None),
            "exceeded its limit of wall time, 30s"
        );
    }

    #[test]
    fn a_trap_has_its_words_once() {
        let outcome = Outcome::Trapped {
            trap: "stack_overflow".to_owned(),
        };
        let detail = "wasm trap: call stack exhausted\n  0: 0x30 - module!f\n";
        assert_eq!(
            phrase(&outcome, &Limits::default(), Some(detail)),
            "trapped: call stack exhausted"
        );
        assert_eq!(trace(&outcome, Some(detail)), ["0: 0x30 - module!f"]);
        assert_eq!(
            phrase(&outcome, &Limits::default(), None),
            "trapped: stack overflow"
        );
        assert_eq!(word(&outcome), "trapped");
    }
}
