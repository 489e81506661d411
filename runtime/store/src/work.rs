//! The directories of attempts: made before an attempt starts, gone after it ended. What lies in them was made by a guest,
//! or by a worker process that was taken over, so removing them trusts nothing in there.

mod owner;
mod remove;
mod state;

use std::io;

use cap_std::fs::{Dir, DirBuilder, DirBuilderExt};
use sublet_scheduler::{AttemptId, UserId};

use crate::{
    Digest, Error,
    durable::{if_found, private_folder},
    error::Doing,
};
pub use owner::Owner;
pub use remove::Removal;
pub(crate) use remove::remove_all_in;

/// The directories that worker processes may touch, one per user.
#[derive(Debug)]
pub struct Work {
    users: Dir,
}

impl Work {
    pub(crate) const fn new(users: Dir) -> Self {
        Self { users }
    }

    /// The one directory that a worker process of the user may touch, made when missing. Everything that this crate
    /// names for a worker is relative to it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn user_directory(&self, user: UserId) -> Result<Dir, Error> {
        let work = private_folder(&self.users, work_path(user)).doing("make a user's directory")?;
        for folder in ["inputs", "attempts", "state"] {
            private_folder(&work, folder).doing("make a user's directory")?;
        }
        Ok(work)
    }

    /// The same for a worker process that has an account of its own: it may pass through, to what is given to it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open_to_owner(&self, user: UserId) -> Result<(), Error> {
        let work = self.user_directory(user)?;
        for folder in [".", "inputs", "attempts", "state"] {
            owner::let_pass(&work, folder).doing("open a user's directory to its workers")?;
        }
        Ok(())
    }

    /// Gives the attempt's directory, with the folders in it, and the state of its task to the account of its worker.
    ///
    /// # Errors
    /// What the file system says.
    pub fn give(&self, user: UserId, attempt: AttemptId, owner: Owner) -> Result<(), Error> {
        let give = || {
            let work = self.users.open_dir(work_path(user))?;
            owner.give_all(&work.open_dir(Self::attempt_path(attempt))?)?;
            // The folder of the job stays ours: what is handed on from task to task has no other name there.
            owner::let_pass(&work, state::states_path(attempt.job))?;
            owner.give_all(&work.open_dir(state::state_path(attempt))?)
        };
        give().doing("give a directory to the account of a worker")
    }

    /// An empty directory for the attempt. A leftover of the same name is removed first.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create_attempt_directory(&self, user: UserId, attempt: AttemptId) -> Result<Dir, Error> {
        let attempts = self
            .attempts(user)
            .doing("make the directory of an attempt")?;
        let name = attempt_name(attempt);
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        let created = match attempts.create_dir_with(&name, &builder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                while remove::remove_some(&attempts, name.as_ref())? == Removal::More {}
                attempts.create_dir_with(&name, &builder)
            }
            created => created,
        };
        created
            .and_then(|()| attempts.open_dir(&name))
            .doing("make the directory of an attempt")
    }

    /// Removes at most [`Removal::ENTRIES_PER_CALL`] entries of the attempt's directory, and the directory when it is
    /// empty then. One that is gone already is fine.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_attempt_directory(
        &self,
        user: UserId,
        attempt: AttemptId,
    ) -> Result<Removal, Error> {
        let attempts = self.users.open_dir(format!("{}/attempts", work_path(user)));
        match if_found(attempts).doing("open the directories of attempts")? {
            Some(attempts) => remove::remove_some(&attempts, attempt_name(attempt).as_ref()),
            None => Ok(Removal::Done),
        }
    }

    /// Removes the directories of all attempts, for a server that starts and knows that none is under way.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sweep_attempts(&self) -> Result<(), Error> {
        for user in self.users.entries().doing("list the folder of users")? {
            let user = user.doing("list the folder of users")?.file_name();
            let attempts = std::path::Path::new(&user).join("work/attempts");
            if let Some(attempts) =
                if_found(self.users.open_dir(attempts)).doing("open attempts")?
            {
                remove_all_in(&attempts).doing("remove the directories of attempts")?;
            }
        }
        Ok(())
    }

    /// Where the attempt's directory lies, relative to the user's directory.
    #[must_use]
    pub fn attempt_path(attempt: AttemptId) -> String {
        format!("attempts/{}", attempt_name(attempt))
    }

    /// Where an input that is a tree lies, relative to the user's directory.
    #[must_use]
    pub fn tree_path(digest: Digest) -> String {
        format!("inputs/{digest}")
    }

    /// Where an input that is a single file lies, relative to the user's directory.
    #[must_use]
    pub fn blob_path(digest: Digest) -> String {
        format!("inputs/{digest}.blob")
    }

    fn attempts(&self, user: UserId) -> io::Result<Dir> {
        private_folder(&self.users, format!("{}/attempts", work_path(user)))
    }
}

pub(crate) fn work_path(user: UserId) -> String {
    format!("{}/work", user.0)
}

fn attempt_name(AttemptId { job, task, number }: AttemptId) -> String {
    format!("{}-{task}-{number}", job.0)
}
