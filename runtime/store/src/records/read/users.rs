//! Users, the ids to go on with, and idempotency keys.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Params, Row, params};
use sublet_scheduler::{JobId, UnixMillis, UserId};

use crate::{
    Digest, Error,
    records::{
        database::{exact, job_id, maybe_millis, millis, unsigned, user_id},
        user::{Role, Standing, User},
    },
};

use super::{Reader, Whose};

/// Which users a list shows. The default shows all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only those with this role.
    pub role: Option<Role>,
    /// Only those who stand like this.
    pub standing: Option<Standing>,
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

const USERS: &str = "SELECT id, name, role, added_at, suspended_at, removed_at FROM users";
/// Jobs may have been removed, and their numbers are not given again.
const NEXT_JOB: &str = "SELECT coalesce(max(newest), 0) + 1 FROM submission_times";
const NEXT_USER: &str = "SELECT coalesce(max(id), 0) + 1 FROM users";
const NEXT_NUMBERS: &str = "SELECT id, coalesce(last_number, 0) + 1
    FROM users LEFT JOIN holdings ON holdings.user = users.id";
const KEY: &str = "SELECT body, job, at FROM idempotency_keys WHERE user = ?1 AND key = ?2";

impl Reader {
    /// All users, those who were removed included.
    ///
    /// # Errors
    /// What the database says.
    pub fn users(&self) -> Result<Vec<User>, Error> {
        self.ask("read the users", |connection| {
            connection
                .prepare_cached(&format!("{USERS} ORDER BY id"))?
                .query_map([], user)?
                .collect()
        })
    }

    /// Users who were added after the user `after`, or from the first one: at most `limit` and [`Whose::PAGE_MAX`], in
    /// the order in which they were added.
    ///
    /// # Errors
    /// What the database says.
    pub fn users_after(
        &self,
        filter: UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Error> {
        let stand = filter.standing.map_or("TRUE", stands);
        let sql = format!(
            "{USERS} WHERE id > ?1 AND (?2 IS NULL OR role = ?2) AND {stand} ORDER BY id LIMIT ?3"
        );
        self.ask("list users", |connection| {
            let after = after.map_or(Ok(0), |after| exact(after.0))?;
            let parameters = params![after, filter.role, limit.min(Whose::PAGE_MAX)];
            connection
                .prepare_cached(&sql)?
                .query_map(parameters, user)?
                .collect()
        })
    }

    /// The user of that name, who may have been removed.
    ///
    /// # Errors
    /// What the database says.
    pub fn user_named(&self, name: &str) -> Result<Option<User>, Error> {
        self.one_user("name = ?1", [name])
    }

    /// The user of that number, who may have been removed.
    ///
    /// # Errors
    /// What the database says.
    pub fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        // A number that cannot be stored is nobody's.
        self.one_user("id = ?1", [exact(id.0).unwrap_or_default()])
    }

    fn one_user(&self, condition: &str, parameters: impl Params) -> Result<Option<User>, Error> {
        self.ask("read a user", |connection| {
            connection
                .prepare_cached(&format!("{USERS} WHERE {condition}"))?
                .query_row(parameters, user)
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

const fn stands(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "suspended_at IS NULL AND removed_at IS NULL",
        Standing::Suspended => "suspended_at IS NOT NULL AND removed_at IS NULL",
        Standing::Removed => "removed_at IS NOT NULL",
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: user_id(row, 0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        added_at: maybe_millis(row, 3)?,
        suspended_at: maybe_millis(row, 4)?,
        removed_at: maybe_millis(row, 5)?,
    })
}

fn known_key(row: &Row<'_>) -> rusqlite::Result<KnownKey> {
    Ok(KnownKey {
        body: row.get(0)?,
        job: job_id(row, 1)?,
        at: millis(row, 2)?,
    })
}
