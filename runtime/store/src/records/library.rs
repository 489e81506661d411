//! Modules and inputs as they are recorded. The bytes themselves are files, which these rows do not know.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sublet_scheduler::{UnixMillis, UserId};

use crate::Digest;

/// A module that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewModule {
    /// Whose.
    pub user: UserId,
    /// The sha256 of its bytes.
    pub digest: Digest,
    /// What it is called, where it is called anything. The newest module of a name is the one it stands for.
    pub name: Option<ModuleName>,
    /// Its length.
    pub size_bytes: u64,
    /// What it imports and exports, as JSON that this crate does not read.
    pub interface: String,
    /// When.
    pub at: UnixMillis,
}

/// `name` or `name@tag`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleName {
    /// What comes before the `@`.
    pub name: String,
    /// What comes after it.
    pub tag: Option<String>,
}

/// What the compiler said of a module that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileRefusal {
    /// The stable code of the reason.
    pub code: String,
    /// The reason in a sentence.
    pub message: String,
    /// When.
    pub at: UnixMillis,
}

/// An input that was uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Whose.
    pub user: UserId,
    /// The sha256 of what was uploaded.
    pub digest: Digest,
    /// What it was unpacked to.
    pub kind: InputKind,
    /// The sum of the lengths of its files.
    pub size_bytes: u64,
    /// How many files it has.
    pub files: u64,
    /// When.
    pub at: UnixMillis,
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputKind {
    /// A directory, uploaded as a tar archive.
    Tree,
    /// One file.
    Blob,
}

impl ToSql for InputKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Tree => 1_i64.into(),
            Self::Blob => 2_i64.into(),
        })
    }
}

impl FromSql for InputKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            1 => Ok(Self::Tree),
            2 => Ok(Self::Blob),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
