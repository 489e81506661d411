//! Who changed what.

use jiff::Timestamp;
use sublet_api::{AuditEntry, AuditVerdict};

use super::{table, unit};
use crate::output::Named;

impl Named for AuditEntry {
    fn name(&self) -> String {
        self.seq.to_string()
    }
}

impl Named for AuditVerdict {
    fn name(&self) -> String {
        self.last.clone().unwrap_or_default()
    }
}

/// Whether all is as it was written.
pub(crate) fn verdict(verdict: &AuditVerdict) -> String {
    let entries = verdict.entries.map(|entries| entries.to_string());
    table::page([
        (
            "whole",
            Some(if verdict.whole { "yes" } else { "no" }.to_owned()),
        ),
        ("entries", entries),
        ("last", verdict.last.clone()),
        ("fault", verdict.fault.clone()),
    ])
}

/// Many entries.
pub(crate) fn table(entries: &[AuditEntry], now: Timestamp) -> String {
    let rows = entries.iter().map(|entry| {
        vec![
            entry.seq.to_string(),
            format!("{} ago", unit::age(entry.at, now)),
            entry.who.clone(),
            entry.action.clone(),
            entry.object.clone(),
            entry.outcome.clone(),
        ]
    });
    table::rows(&["SEQ", "WHEN", "WHO", "ACTION", "OBJECT", "OUTCOME"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_who_did_what_to_what() {
        let entry: AuditEntry = serde_json::from_str(
            r#"{"seq": 7, "at": "2025-11-21T20:13:20Z", "who": "ada", "action": "node drained",
                "object": "node n3", "after": "draining", "outcome": "done"}"#,
        )
        .unwrap();
        let now = "2025-11-21T20:15:31Z".parse().unwrap();
        assert_eq!(
            table(&[entry], now),
            "SEQ  WHEN    WHO  ACTION        OBJECT   OUTCOME\n7    2m ago  ada  node drained  node n3  done"
        );
    }
}
