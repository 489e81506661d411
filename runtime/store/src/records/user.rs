//! Users as they are recorded: who they are, what they may ask for, and how much they may have.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sublet_scheduler::{UnixMillis, UserId};

/// Somebody who may own things from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// New among users.
    pub id: UserId,
    /// New among users, too, those who were removed included.
    pub name: String,
    /// What they may ask for.
    pub role: Role,
    /// When.
    pub at: UnixMillis,
}

/// Somebody who may own things, or who might before they were removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number by which rows name them.
    pub id: UserId,
    /// The name by which people do.
    pub name: String,
    /// What they may ask for.
    pub role: Role,
    /// Since when they are known; unknown for those whom an earlier program added.
    pub added_at: Option<UnixMillis>,
    /// Since when they are suspended, if they are.
    pub suspended_at: Option<UnixMillis>,
    /// When they were removed, if they were.
    pub removed_at: Option<UnixMillis>,
}

/// Whether a user may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// They may.
    Active,
    /// Not for now.
    Suspended,
    /// Never again.
    Removed,
}

/// What a user may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Whatever concerns themselves.
    User,
    /// Whatever concerns everyone, too.
    Operator,
}

/// What becomes of a user. One who was removed does not change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// They may ask for other things.
    Role(Role),
    /// They may do nothing. Asking again makes no later beginning.
    Suspended,
    /// They may do things again.
    Resumed,
    /// They are gone, but for what they did.
    Removed,
}

/// How much a user may have, where an operator has set it. What is not set is as it is for everyone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Slots at once.
    pub slots: Option<u32>,
    /// Processors at once, in thousandths of one.
    pub cpu_millis: Option<u64>,
    /// Bytes of memory at once.
    pub memory_bytes: Option<u64>,
    /// Tasks that wait.
    pub queued: Option<u64>,
    /// Submissions in a second.
    pub submits_per_s: Option<u32>,
    /// Modules.
    pub modules: Option<u64>,
    /// Bytes of modules and inputs.
    pub stored_bytes: Option<u64>,
    /// How much of a shared pool is theirs, beside the weights of others.
    pub weight: Option<u32>,
}

impl User {
    /// Whether they may do anything.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match (self.removed_at, self.suspended_at) {
            (Some(_), _) => Standing::Removed,
            (None, Some(_)) => Standing::Suspended,
            (None, None) => Standing::Active,
        }
    }
}

impl Role {
    const ALL: [Self; 2] = [Self::User, Self::Operator];

    /// The word for it, here and wherever people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
        }
    }
}

impl ToSql for Role {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let role = Self::ALL.into_iter().find(|role| role.word() == word);
        role.ok_or(FromSqlError::InvalidType)
    }
}
