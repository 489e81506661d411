//! What the attempts of a task hand on to each other: a directory per task, made with its first attempt and gone when the
//! task is over. It is let go by a rename, at once and in order, so that an attempt which is asked for by hand afterwards
//! begins with an empty one; what was in it is removed with the directory of an attempt, in good time.

use std::{io, os::fd::OwnedFd};

use cap_std::fs::{Dir, DirBuilder, DirBuilderExt};
use sublet_scheduler::{AttemptId, JobId, UserId};

use crate::{Error, durable::if_found, error::Doing, untrusted};

use super::{Removal, Work, attempt_name, remove, remove_all_in, work_path};

/// Where the states of all tasks lie, in the user's directory.
const STATES: &str = "state";

impl Work {
    /// Makes sure that the task of the attempt has a state.
    ///
    /// # Errors
    /// What the file system says.
    pub fn take_up_state(&self, user: UserId, attempt: AttemptId) -> Result<(), Error> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700).recursive(true);
        self.work(user)
            .and_then(|work| work.create_dir_with(state_path(attempt), &builder))
            .doing("make the state of a task")
    }

    /// The task is over: its state goes with the directory of its last attempt, which is there still.
    ///
    /// # Errors
    /// What the file system says.
    pub fn let_state_go(&self, user: UserId, attempt: AttemptId) -> Result<(), Error> {
        let moved = self.work(user).and_then(|work| {
            let to = format!("attempts/{}/{STATES}", attempt_name(attempt));
            work.rename(state_path(attempt), &work, to)
        });
        if_found(moved)
            .map(drop)
            .doing("let the state of a task go")
    }

    /// The job is over: what its tasks have left of states goes. Says whether there is something to remove, with
    /// [`Work::remove_states`].
    ///
    /// # Errors
    /// What the file system says.
    pub fn let_states_go(&self, user: UserId, job: JobId) -> Result<bool, Error> {
        let doing = "let the states of a job go";
        let Some(work) = if_found(self.work(user)).doing(doing)? else {
            return Ok(false);
        };
        let states = states_path(job);
        match work.remove_dir(&states) {
            Ok(()) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            // Tasks that waited for another attempt and were cancelled.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                let to = format!("attempts/{}", gone_name(job));
                work.rename(&states, &work, to).doing(doing)?;
                Ok(true)
            }
            Err(error) => Err(error).doing(doing),
        }
    }

    /// Removes some of what [`Work::let_states_go`] let go.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_states(&self, user: UserId, job: JobId) -> Result<Removal, Error> {
        let attempts = self.users.open_dir(format!("{}/attempts", work_path(user)));
        match if_found(attempts).doing("open the directories of attempts")? {
            Some(attempts) => remove::remove_some(&attempts, gone_name(job).as_ref()),
            None => Ok(Removal::Done),
        }
    }

    /// Removes the states of all jobs but those that are not over, for a server that starts.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sweep_states(&self, is_kept: impl Fn(JobId) -> bool) -> Result<(), Error> {
        for user in self.users.entries().doing("list the folder of users")? {
            let user = user.doing("list the folder of users")?.file_name();
            let states = std::path::Path::new(&user).join("work").join(STATES);
            if let Some(states) = if_found(self.users.open_dir(states)).doing("open states")? {
                sweep(&states, &is_kept).doing("remove the states of jobs")?;
            }
        }
        Ok(())
    }

    /// A folder in the directory of an attempt, if it is one.
    ///
    /// # Errors
    /// What the file system says.
    pub fn attempt_folder(
        &self,
        user: UserId,
        attempt: AttemptId,
        folder: &str,
    ) -> Result<Option<OwnedFd>, Error> {
        let doing = "open the directory of an attempt";
        let Some(work) = if_found(self.work(user)).doing(doing)? else {
            return Ok(None);
        };
        let path = ["attempts", &attempt_name(attempt), folder];
        untrusted::open_folder(&work, &path).doing(doing)
    }

    fn work(&self, user: UserId) -> io::Result<Dir> {
        self.users.open_dir(work_path(user))
    }
}

fn sweep(states: &Dir, is_kept: &impl Fn(JobId) -> bool) -> io::Result<()> {
    for entry in states.entries()? {
        let name = entry?.file_name();
        let job = name.to_str().and_then(|name| name.parse().ok()).map(JobId);
        if job.is_some_and(is_kept) {
            continue;
        }
        remove_all_in(&states.open_dir(&name)?)?;
        states.remove_dir(&name)?;
    }
    Ok(())
}

pub(super) fn state_path(attempt: AttemptId) -> String {
    format!("{}/{}", states_path(attempt.job), attempt.task)
}

pub(super) fn states_path(job: JobId) -> String {
    format!("{STATES}/{}", job.0)
}

fn gone_name(job: JobId) -> String {
    format!("states-{}", job.0)
}
