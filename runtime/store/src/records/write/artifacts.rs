//! What attempts left in `/out`.

use rusqlite::{Connection, params};
use sublet_scheduler::{AttemptId, UserId};

use crate::records::{
    artifact::JobArtifact,
    database::{clamped, exact},
};

use super::{
    execute,
    holdings::{self, Holding},
};

const SUM: &str =
    "SELECT count(*), coalesce(sum(size_bytes), 0) FROM artifacts WHERE job = ?1 AND task = ?2";

const FORGET: &str = "DELETE FROM artifacts WHERE job = ?1 AND task = ?2";

const KEEP: &str =
    "INSERT INTO artifacts (job, task, name, number, place, size_bytes, digest, media_type)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const ADD: &str = "UPDATE jobs SET artifacts = artifacts + ?2, artifact_bytes = artifact_bytes + ?3 WHERE id = ?1";

/// They take the place of what an earlier attempt of the task left.
pub(super) fn kept(
    connection: &Connection,
    user: UserId,
    attempt: AttemptId,
    artifacts: &[JobArtifact],
) -> rusqlite::Result<()> {
    let (user, job, task) = (exact(user.0)?, exact(attempt.job.0)?, attempt.task);
    let (had, had_bytes): (i64, i64) = connection
        .prepare_cached(SUM)?
        .query_one(params![job, task], |row| row.try_into())?;
    execute(connection, FORGET, params![job, task])?;
    let mut bytes = 0;
    for artifact in artifacts {
        let size_bytes = clamped(artifact.size_bytes);
        let row = params![
            job,
            task,
            artifact.name,
            artifact.number,
            artifact.place,
            size_bytes,
            artifact.digest,
            artifact.media_type,
        ];
        execute(connection, KEEP, row)?;
        bytes += size_bytes;
    }
    let has = i64::try_from(artifacts.len()).unwrap_or(i64::MAX);
    execute(connection, ADD, params![job, has - had, bytes - had_bytes])?;
    holdings::add(connection, user, Holding::Artifacts(bytes - had_bytes))
}
