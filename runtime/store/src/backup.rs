//! Backups: everything that a server needs to go on elsewhere, in one file.
//!
//! ```text
//! backup = tar of: part part … manifest.json seal
//!   part      sublet.db · keys/… · users/<user>/modules/… · users/<user>/work/inputs/… · logs/<job>/…
//!   manifest  a line of JSON each: version, then every part with its length and sha256, then how many there were
//!   seal      the sha256 of every byte before it, and where the manifest begins
//! ```
//!
//! The database is copied first, as of one instant, and says which files belong to it; the server goes on meanwhile. Files
//! have their names before the database knows them, so none of them is missing unless it was removed while it was copied,
//! and those are counted. Compiled modules are left out: they are compiled again.
//!
//! A seal shows damage, not malice: whoever can write a backup can write its seal. So what is unpacked is only what a
//! backup can have, to where it belongs, below a folder that nothing leads out of.

mod create;
mod destination;
mod manifest;
mod part;
mod read;
mod restore;
mod scratch;
mod seal;
mod source;

use sublet_scheduler::UnixMillis;

pub use restore::{restore_backup, verify_backup};

/// What is in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    /// When it was made.
    pub made_at: UnixMillis,
    /// The version of its database's schema.
    pub schema: u32,
    /// Its files and folders.
    pub parts: u64,
    /// The sum of the lengths of its files.
    pub bytes: u64,
    /// Files that its database knows and that were gone, or were no files, when they were to be copied.
    pub missing: u64,
}

/// Why a backup is not made, not vouched for or not restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupRefusal {
    /// There is something where the backup is to be.
    #[error("there is a file already where the backup is to be: name another one")]
    AlreadyThere,
    /// The directory that is to be restored into is not empty, or is none.
    #[error("the directory to restore into is not empty: name one that is empty or not there")]
    NotEmpty,
    /// The path names no file or directory that could be made.
    #[error("the path has no last part that could be made")]
    NoName,
    /// The seal does not fit.
    #[error("this is no backup, or not all of it, or it was damaged: its seal does not fit")]
    Seal,
    /// A part is not what the manifest says.
    #[error("{part} in the backup is not what its manifest says")]
    Part {
        /// Its path in the backup, shortened.
        part: String,
    },
    /// The manifest cannot be read.
    #[error("the manifest of the backup cannot be read")]
    Manifest,
    /// A backup has no such thing.
    #[error("{entry:?} is nothing that a backup has")]
    Foreign {
        /// Its path in the backup, shortened.
        entry: String,
    },
    /// The database fails its own checks.
    #[error("the database in the backup is damaged: {what}")]
    Database {
        /// What is wrong.
        what: String,
    },
    /// The account of who did what is not as it was written.
    #[error("the audit chain in the backup is broken")]
    Audit,
}

/// As much of a path as a message shows.
fn shown(path: &[u8]) -> String {
    const SHOWN_CHARACTERS: usize = 120;
    String::from_utf8_lossy(path)
        .chars()
        .take(SHOWN_CHARACTERS)
        .collect()
}
