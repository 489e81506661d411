//! What the attempts of a job left in `/out`.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::{
    Error,
    records::{artifact::JobArtifact, database::unsigned},
};

use super::OwnedJob;

/// How many artifacts a job has, and how long they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArtifactSum {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

const OF_TASK: &str = "SELECT name, size_bytes, digest, media_type, number, place FROM artifacts
    WHERE job = ?1 AND task = ?2 ORDER BY name";

const NAMED: &str = "SELECT name, size_bytes, digest, media_type, number, place FROM artifacts
    WHERE job = ?1 AND task = ?2 AND name = ?3";

const SUM: &str = "SELECT artifacts, artifact_bytes FROM jobs WHERE id = ?1";

impl OwnedJob<'_> {
    /// What a task left, in the order of the names. There is a bound on how many these are when they are kept.
    ///
    /// # Errors
    /// What the database says.
    pub fn artifacts(&self, task: u32) -> Result<Vec<JobArtifact>, Error> {
        self.reader().ask("list artifacts", |connection| {
            connection
                .prepare_cached(OF_TASK)?
                .query_map(params![self.id()?, task], artifact)?
                .collect()
        })
    }

    /// What a task left under this name.
    ///
    /// # Errors
    /// What the database says.
    pub fn artifact(&self, task: u32, name: &str) -> Result<Option<JobArtifact>, Error> {
        self.reader().ask("find an artifact", |connection| {
            connection
                .prepare_cached(NAMED)?
                .query_row(params![self.id()?, task, name], artifact)
                .optional()
        })
    }

    /// What all its tasks left.
    ///
    /// # Errors
    /// What the database says.
    pub fn artifact_sum(&self) -> Result<ArtifactSum, Error> {
        self.reader().ask("count artifacts", |connection| {
            connection
                .prepare_cached(SUM)?
                .query_one(params![self.id()?], |row| {
                    Ok(ArtifactSum {
                        count: unsigned(row, 0)?,
                        bytes: unsigned(row, 1)?,
                    })
                })
        })
    }
}

fn artifact(row: &Row<'_>) -> rusqlite::Result<JobArtifact> {
    Ok(JobArtifact {
        name: row.get(0)?,
        size_bytes: unsigned(row, 1)?,
        digest: row.get(2)?,
        media_type: row.get(3)?,
        number: row.get(4)?,
        place: row.get(5)?,
    })
}
