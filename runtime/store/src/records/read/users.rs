//! Users, the ids to go on with, and idempotency keys.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, params};
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{
    Digest, Error,
    records::database::{exact, job_id, millis, unsigned, user_id},
};

use super::Reader;

/// Who may own things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number by which rows name them.
    pub id: UserId,
    /// The name by which people do.
    pub name: String,
}

/// The numbers that the next rows get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextIds {
    /// Of the next job.
    pub job: JobId,
    /// Of the next user.
    pub user: UserId,
    /// Of each user's next job, in the order of that user's jobs.
    pub numbers: BTreeMap<UserId, u64>,
}

impl NextIds {
    /// The number of the user's next job.
    #[must_use]
    pub fn number(&self, user: UserId) -> u64 {
        self.numbers.get(&user).copied().unwrap_or(1)
    }

    /// The next job is the user's: the one after it gets the next numbers.
    pub fn take(&mut self, user: UserId) {
        self.job.0 += 1;
        let taken = self.number(user);
        self.numbers.insert(user, taken + 1);
    }
}

/// What was submitted under an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// The sha256 of the submission's body.
    pub body: Digest,
    /// The job that was made.
    pub job: JobId,
    /// When.
    pub at: UnixMillis,
}

const USERS: &str = "SELECT id, name FROM users ORDER BY id";
const USER_NAMED: &str = "SELECT id, name FROM users WHERE name = ?1";
const NEXT_JOB: &str = "SELECT coalesce(max(id), 0) + 1 FROM jobs";
const NEXT_USER: &str = "SELECT coalesce(max(id), 0) + 1 FROM users";
const NEXT_NUMBERS: &str =
    "SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM jobs WHERE user = users.id) FROM users";
const KEY: &str = "SELECT body, job, at FROM idempotency_keys WHERE user = ?1 AND key = ?2";

impl Reader {
    /// All users.
    ///
    /// # Errors
    /// What the database says.
    pub fn users(&self) -> Result<Vec<User>, Error> {
        self.ask("read the users", |connection| {
            connection
                .prepare_cached(USERS)?
                .query_map([], user)?
                .collect::<Result<_, _>>()
        })
    }

    /// The user of that name.
    ///
    /// # Errors
    /// What the database says.
    pub fn user_named(&self, name: &str) -> Result<Option<User>, Error> {
        self.ask("read a user", |connection| {
            connection
                .prepare_cached(USER_NAMED)?
                .query_row([name], user)
                .optional()
        })
    }

    /// The numbers to go on with, for a server that starts. All begin at 1.
    ///
    /// # Errors
    /// What the database says.
    pub fn next_ids(&self) -> Result<NextIds, Error> {
        self.ask("read the numbers to go on with", |connection| {
            let numbers = connection
                .prepare_cached(NEXT_NUMBERS)?
                .query_map([], |row| Ok((user_id(row, 0)?, unsigned(row, 1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(NextIds {
                job: connection.query_one(NEXT_JOB, [], |row| job_id(row, 0))?,
                user: connection.query_one(NEXT_USER, [], |row| user_id(row, 0))?,
                numbers,
            })
        })
    }

    /// What the user submitted under the key. Whoever asks decides by its age whether it still counts.
    ///
    /// # Errors
    /// What the database says.
    pub fn idempotency_key(&self, user: UserId, key: &str) -> Result<Option<KnownKey>, Error> {
        self.ask("look for an idempotency key", |connection| {
            connection
                .prepare_cached(KEY)?
                .query_row(params![exact(user.0)?, key], known_key)
                .optional()
        })
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: user_id(row, 0)?,
        name: row.get(1)?,
    })
}

fn known_key(row: &Row<'_>) -> rusqlite::Result<KnownKey> {
    Ok(KnownKey {
        body: row.get(0)?,
        job: job_id(row, 1)?,
        at: millis(row, 2)?,
    })
}
