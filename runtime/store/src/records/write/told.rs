//! What attempts said of themselves.

use rusqlite::{Connection, params};
use sublet_scheduler::AttemptId;

use crate::records::{database::exact, told::Told};

use super::execute;

const TELL: &str = "INSERT OR REPLACE INTO told (job, task, number, millionths, message, summary)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(super) fn told(
    connection: &Connection,
    attempt: AttemptId,
    told: &Told,
) -> rusqlite::Result<()> {
    let progress = told.progress.as_ref();
    let row = params![
        exact(attempt.job.0)?,
        attempt.task,
        attempt.number,
        progress.and_then(|progress| progress.millionths),
        progress.map_or("", |progress| progress.message.as_str()),
        told.summary,
    ];
    execute(connection, TELL, row).map(drop)
}
