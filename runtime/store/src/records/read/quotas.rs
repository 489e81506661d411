//! How much users may have, and how much they have of what is counted here. What runs and waits is the scheduler's to count.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row};
use sublet_scheduler::UserId;

use crate::{
    Error,
    records::{
        database::{exact, maybe_unsigned, unsigned, user_id},
        user::Quota,
    },
};

use super::Reader;

/// What a user has. Reading it is one look-up by key, however much that is: the sums are kept when things come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Modules.
    pub modules: u64,
    /// The sum of their lengths.
    pub module_bytes: u64,
    /// Inputs.
    pub inputs: u64,
    /// The sum of the lengths of their files.
    pub input_bytes: u64,
    /// Jobs of which there is a record.
    pub jobs: u64,
    /// What their attempts printed and was kept. Logs that were removed before their jobs are counted still.
    pub log_bytes: u64,
    /// The sum of the lengths of artifacts.
    pub artifact_bytes: u64,
}

impl Holdings {
    /// What the quota of stored bytes bounds.
    #[must_use]
    pub const fn stored_bytes(&self) -> u64 {
        self.module_bytes
            .saturating_add(self.input_bytes)
            .saturating_add(self.artifact_bytes)
    }
}

const QUOTA: &str =
    "SELECT slots, cpu_millis, memory_bytes, queued, submits_per_s, modules, stored_bytes,
    weight FROM quotas WHERE user = ?1";

const QUOTAS: &str =
    "SELECT slots, cpu_millis, memory_bytes, queued, submits_per_s, modules, stored_bytes,
    weight, user FROM quotas";

const HOLDINGS: &str = "SELECT modules, module_bytes, inputs, input_bytes, jobs, log_bytes, artifact_bytes FROM holdings WHERE user = ?1";

impl Reader {
    /// What operators set for the user. Nothing is set for one on whom nobody decided.
    ///
    /// # Errors
    /// What the database says.
    pub fn quota(&self, user: UserId) -> Result<Quota, Error> {
        self.ask("read the quota of a user", |connection| {
            let found = connection
                .prepare_cached(QUOTA)?
                .query_row([exact(user.0)?], quota)
                .optional()?;
            Ok(found.unwrap_or_default())
        })
    }

    /// What operators set for each user on whom they decided, for a server that starts.
    ///
    /// # Errors
    /// What the database says.
    pub fn quotas(&self) -> Result<BTreeMap<UserId, Quota>, Error> {
        self.ask("read the quotas of users", |connection| {
            connection
                .prepare_cached(QUOTAS)?
                .query_map([], |row| Ok((user_id(row, 8)?, quota(row)?)))?
                .collect()
        })
    }

    /// What the user has.
    ///
    /// # Errors
    /// What the database says.
    pub fn holdings(&self, user: UserId) -> Result<Holdings, Error> {
        self.ask("read what a user has", |connection| {
            let found = connection
                .prepare_cached(HOLDINGS)?
                .query_row([exact(user.0)?], holdings)
                .optional()?;
            Ok(found.unwrap_or_default())
        })
    }
}

fn quota(row: &Row<'_>) -> rusqlite::Result<Quota> {
    Ok(Quota {
        slots: row.get(0)?,
        cpu_millis: maybe_unsigned(row, 1)?,
        memory_bytes: maybe_unsigned(row, 2)?,
        queued: maybe_unsigned(row, 3)?,
        submits_per_s: row.get(4)?,
        modules: maybe_unsigned(row, 5)?,
        stored_bytes: maybe_unsigned(row, 6)?,
        weight: row.get(7)?,
    })
}

fn holdings(row: &Row<'_>) -> rusqlite::Result<Holdings> {
    Ok(Holdings {
        modules: unsigned(row, 0)?,
        module_bytes: unsigned(row, 1)?,
        inputs: unsigned(row, 2)?,
        input_bytes: unsigned(row, 3)?,
        jobs: unsigned(row, 4)?,
        log_bytes: unsigned(row, 5)?,
        artifact_bytes: unsigned(row, 6)?,
    })
}
