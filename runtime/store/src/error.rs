//! What can go wrong with the disk. Messages name the role of a file, never its path: an operator knows where the data
//! directory is, and a user must not learn it.

use std::io;

/// The host's trouble with its disk, or with what is written there.
#[derive(Debug, thiserror::Error)]
#[expect(
    clippy::error_impl_error,
    reason = "outside it is read as `sublet_store::Error`"
)]
pub enum Error {
    /// Another server has the data directory.
    #[error("the data directory is held by {}", holder(*pid))]
    Held {
        /// The process that holds it, where it is known.
        pid: Option<u32>,
    },
    /// A file or directory could not be used.
    #[error("cannot {doing}")]
    Files {
        /// What was being done, to what.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        source: rusqlite::Error,
    },
    /// A later version of the program wrote the database.
    #[error("the database has schema version {found}, this program knows versions up to {known}")]
    NewerSchema {
        /// The version of the database.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// There is no database, and it is not that nothing was ever recorded.
    #[error("the database sublet.db is missing or empty, though there are files of jobs beside it")]
    NoDatabase,
    /// Something on the disk is not what was written there.
    #[error("{what} is damaged")]
    Damaged {
        /// What.
        what: &'static str,
    },
    /// An upload is longer than it may be.
    #[error("upload is longer than {limit_bytes} bytes")]
    UploadTooLong {
        /// The limit.
        limit_bytes: u64,
    },
    /// An uploaded archive is not one that is unpacked.
    #[error(transparent)]
    Archive(#[from] crate::ArchiveRefusal),
    /// A backup is not made, not vouched for or not restored.
    #[error(transparent)]
    Backup(#[from] crate::BackupRefusal),
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

impl Error {
    /// Whether there is no space left. The same call may succeed once there is.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Files { source, .. } => {
                matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                )
            }
            Self::Database { source, .. } => is_full(source),
            Self::Held { .. }
            | Self::NewerSchema { .. }
            | Self::NoDatabase
            | Self::Damaged { .. }
            | Self::UploadTooLong { .. }
            | Self::Archive(_)
            | Self::Backup(_) => false,
        }
    }

    /// Whether a later version of the program wrote what is on the disk.
    #[must_use]
    pub fn is_of_a_later_version(&self) -> bool {
        matches!(self, Self::NewerSchema { .. })
    }

    /// Whether what is on the disk is not what was written there.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::NoDatabase)
    }
}

/// Where the shared index beside the log cannot grow, the database says so with a code of its own.
fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == rusqlite::ErrorCode::DiskFull
            || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    })
}

/// Says what was being done when an error came up.
pub(crate) trait Doing<T> {
    /// `doing` fits after "cannot".
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Files { doing, source })
    }
}

impl<T> Doing<T> for rustix::io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Files {
            doing,
            source: source.into(),
        })
    }
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Error::Damaged {
                    what: "the database sublet.db",
                }
            }
            _ => Error::Database { doing, source },
        })
    }
}
