//! What earlier servers left, in the eyes of one that starts. Files that no record knows do no harm as long as nobody gets
//! the number that they lie under; so nobody does.

use std::{ffi::OsStr, io};

use cap_std::fs::Dir;
use sublet_scheduler::{JobId, UserId};

use crate::{
    Error, NextIds,
    durable::{if_found, sync, sync_file},
    error::Doing,
};

use super::{DATABASE, DataDirectory};

impl DataDirectory {
    /// Passes over the numbers of jobs and users that there are files of: where somebody put an older database in the place
    /// of the one that knew them, a new job would have the output of another one. Says whether there were any.
    ///
    /// # Errors
    /// What the file system says.
    pub fn pass_over_files(&self, next: &mut NextIds) -> Result<bool, Error> {
        let newest = |folder: &str| {
            let folder = self.root.open_dir(folder)?;
            newest_number(&folder)
        };
        let doing = "look for files of jobs";
        let jobs = newest("logs")
            .doing(doing)?
            .max(newest("outputs").doing(doing)?);
        let users = newest("users").doing(doing)?;
        let known = (next.job, next.user);
        next.job = next.job.max(JobId(jobs.saturating_add(1)));
        next.user = next.user.max(UserId(users.saturating_add(1)));
        Ok(known != (next.job, next.user))
    }

    /// Without its database a directory that was used looks like a new one, in which numbers begin anew.
    pub(super) fn refuse_files_without_records(&self) -> Result<(), Error> {
        let database = if_found(self.root.metadata(DATABASE)).doing("look at the database")?;
        if database.is_some_and(|database| database.len() > 0) {
            return Ok(());
        }
        for folder in ["users", "logs", "outputs"] {
            let folder = self.root.open_dir(folder);
            let first = folder.and_then(|folder| folder.entries()?.next().transpose());
            if first.doing("look for files of jobs")?.is_some() {
                return Err(Error::NoDatabase);
            }
        }
        Ok(())
    }

    /// A server that was killed may have given names and written records that it had no time to make durable. They are
    /// there, so we shall rely on them, and tell others of them.
    pub(super) fn flush_remains(&self) -> Result<(), Error> {
        let flush = || -> io::Result<()> {
            if let Some(log) = if_found(self.root.open(format!("{DATABASE}-wal")))? {
                sync_file(&log)?;
            }
            sync(&self.root)?;
            for folder in ["logs", "outputs", "keys", "users"] {
                if let Some(folder) = if_found(self.root.open_dir(folder))? {
                    sync(&folder)?;
                }
            }
            flush_users(&self.root.open_dir("users")?)
        };
        flush().doing("make durable what an earlier server left")
    }
}

fn flush_users(users: &Dir) -> io::Result<()> {
    for user in users.entries()? {
        let user = users.open_dir(user?.file_name())?;
        sync(&user)?;
        if let Some(work) = if_found(user.open_dir("work"))? {
            sync(&work)?;
        }
    }
    Ok(())
}

/// The greatest number that something in a folder is called by; 0 where there is none.
fn newest_number(folder: &Dir) -> io::Result<u64> {
    folder.entries()?.try_fold(0, |newest, entry| {
        let name = entry?.file_name();
        let number = OsStr::to_str(&name).and_then(|name| name.parse().ok());
        Ok(number.unwrap_or(0).max(newest))
    })
}
