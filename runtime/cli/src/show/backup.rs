//! What is in a backup.

use jiff::Timestamp;
use serde::Serialize;
use sublet_daemon::BackupSummary;

use super::{table, unit};
use crate::output::Named;

/// A backup that is whole.
#[derive(Debug, Serialize)]
pub(crate) struct Backup {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<Timestamp>,
    schema: u32,
    parts: u64,
    bytes: u64,
    /// Files that its database knows and that were gone when it was made.
    missing: u64,
}

impl Named for Backup {
    fn name(&self) -> String {
        self.file.clone()
    }
}

impl Backup {
    pub(crate) fn new(file: String, summary: &BackupSummary) -> Self {
        let made_at = i64::try_from(summary.made_at.0).ok();
        Self {
            file,
            made_at: made_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            schema: summary.schema,
            parts: summary.parts,
            bytes: summary.bytes,
            missing: summary.missing,
        }
    }
}

/// On one page.
pub(crate) fn page(backup: &Backup) -> String {
    let missing = (backup.missing > 0).then(|| {
        format!(
            "{} that its database knows and that were gone",
            unit::count(backup.missing, "file")
        )
    });
    table::page([
        ("file", Some(backup.file.clone())),
        ("made", backup.made_at.map(|at| at.to_string())),
        ("schema", Some(backup.schema.to_string())),
        ("parts", Some(backup.parts.to_string())),
        ("size", Some(unit::bytes(backup.bytes))),
        ("missing", missing),
    ])
}
