//! What follows an end and need not hold up the driver, on a thread of its own: the directories of attempts are removed
//! (a guest may have left many files), the logs of finished jobs are closed (which waits for the disk).

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::{io, thread};

use sublet_scheduler::{AttemptId, JobId, UserId};
use sublet_store::{Error, Logs, Outputs, Removal, Work};
use sublet_worker::{ATTEMPT_FOLDERS, fault};

use crate::accounts::Accounts;

use super::batch::StateAfter;
use super::{ActiveJob, Command, DriverHandle};

/// The one who cleans up.
pub(crate) struct Chores {
    work: Arc<Work>,
    accounts: Accounts,
    list: mpsc::Sender<Chore>,
}

/// Something to clean up.
enum Chore {
    /// Remove the directory of an attempt, then have the driver told.
    RemoveDirectory(UserId, AttemptId),
    /// Make the log of a finished job durable, and close it.
    CloseLog(JobId),
    /// Remove what these jobs printed, then have the driver told.
    RemoveLogs(Vec<JobId>),
    /// Remove what these jobs printed and left, then have the driver told.
    RemoveJobs(Vec<JobId>),
    /// Remove what earlier attempts of the task left.
    RemoveEarlier(AttemptId),
    /// Remove what is left of what the attempts of the job handed on.
    RemoveStates(UserId, JobId),
}

impl Chores {
    pub(crate) fn start(
        (work, accounts): (Arc<Work>, Accounts),
        logs: Arc<Logs>,
        outputs: Arc<Outputs>,
        driver: DriverHandle,
    ) -> io::Result<Self> {
        let (list, chores) = mpsc::channel();
        let hands = Hands {
            work: Arc::clone(&work),
            logs,
            outputs,
            driver,
        };
        thread::Builder::new()
            .name("chores".into())
            .spawn(move || chores.into_iter().for_each(|chore| hands.take_up(chore)))?;
        Ok(Self {
            work,
            accounts,
            list,
        })
    }

    /// Makes the directory of an attempt of a job that wants one. Done at once: the attempt starts next.
    pub(super) fn make_directory(&self, job: &ActiveJob, attempt: AttemptId) -> io::Result<()> {
        if !job.has_directories() {
            return Ok(());
        }
        let directory = self.work.create_attempt_directory(job.user, attempt);
        let directory = directory.map_err(io::Error::other)?;
        for folder in ATTEMPT_FOLDERS {
            directory.create_dir(folder)?;
        }
        let state = self.work.take_up_state(job.user, attempt);
        state.map_err(io::Error::other)?;
        match self.accounts.owner_for(job.user) {
            Some(owner) => self.work.give(job.user, attempt, owner),
            None => Ok(()),
        }
        .map_err(io::Error::other)
    }

    /// What the task hands on goes at once, so that whoever asks for another attempt of it begins with nothing.
    pub(super) fn remove_directory(&self, user: UserId, attempt: AttemptId, state: StateAfter) {
        if state == StateAfter::Goes {
            told(self.work.let_state_go(user, attempt), "a state is left");
        }
        self.put(Chore::RemoveDirectory(user, attempt));
    }

    pub(super) fn remove_earlier(&self, attempt: AttemptId) {
        self.put(Chore::RemoveEarlier(attempt));
    }

    /// The job is over.
    pub(super) fn let_states_go(&self, user: UserId, job: JobId) {
        if told(self.work.let_states_go(user, job), "states are left") == Some(true) {
            self.put(Chore::RemoveStates(user, job));
        }
    }

    /// Only these jobs are not over, now that the server starts.
    pub(super) fn sweep_states(&self, unfinished: &HashSet<JobId>) {
        let swept = self.work.sweep_states(|job| unfinished.contains(&job));
        told(swept, "states of jobs are left");
    }

    pub(super) fn close_log(&self, job: JobId) {
        self.put(Chore::CloseLog(job));
    }

    /// All that lies beside the records of these jobs goes.
    pub(super) fn remove_jobs(&self, jobs: Vec<JobId>) {
        self.put(Chore::RemoveJobs(jobs));
    }

    /// Behind whatever is still to be done to the same logs.
    pub(super) fn remove_logs(&self, jobs: Vec<JobId>) {
        self.put(Chore::RemoveLogs(jobs));
    }

    fn put(&self, chore: Chore) {
        if self.list.send(chore).is_err() {
            tracing::error!("the thread that cleans up is gone, something is left");
        }
    }
}

/// What the thread that cleans up works on.
struct Hands {
    work: Arc<Work>,
    logs: Arc<Logs>,
    outputs: Arc<Outputs>,
    driver: DriverHandle,
}

impl Hands {
    /// A chore that fails leaves something, and holds up neither the next one nor a slot.
    fn take_up(&self, chore: Chore) {
        let held = match &chore {
            Chore::RemoveDirectory(_, attempt) => Some(*attempt),
            Chore::CloseLog(_)
            | Chore::RemoveLogs(_)
            | Chore::RemoveJobs(_)
            | Chore::RemoveEarlier(_)
            | Chore::RemoveStates(..) => None,
        };
        if catch_unwind(AssertUnwindSafe(|| self.clean_up(chore))).is_err() {
            tracing::error!("whoever cleans up failed, something is left");
        }
        if let Some(attempt) = held {
            self.driver.tell(Command::Released(attempt));
        }
    }

    fn clean_up(&self, chore: Chore) {
        match chore {
            Chore::RemoveDirectory(user, attempt) => {
                fault::step("front.release.directory");
                let removed = all(|| self.work.remove_attempt_directory(user, attempt));
                told(removed, "the directory of an attempt is left");
            }
            Chore::CloseLog(job) => {
                told(self.logs.close(job), "a log may be lost if the power fails");
            }
            Chore::RemoveLogs(mut jobs) => {
                jobs.retain(|&job| told(self.logs.remove(job), "an old log is left").is_some());
                self.driver.tell(Command::LogsRemoved(jobs));
            }
            Chore::RemoveJobs(mut jobs) => {
                jobs.retain(|&job| {
                    let log = told(self.logs.remove(job), "an old log is left");
                    let left = told(self.outputs.remove(job), "old artifacts are left");
                    log.and(left).is_some()
                });
                self.driver.tell(Command::LogsRemoved(jobs));
            }
            Chore::RemoveEarlier(attempt) => {
                let removed = self.outputs.remove_earlier(attempt);
                told(removed, "artifacts of an earlier attempt are left");
            }
            Chore::RemoveStates(user, job) => {
                let removed = all(|| self.work.remove_states(user, job));
                told(removed, "the states of a job are left");
            }
        }
    }
}

/// Removes piece after piece.
fn all(mut some: impl FnMut() -> Result<Removal, Error>) -> Result<(), Error> {
    while some()? == Removal::More {}
    Ok(())
}

/// What cannot be cleaned up is left, for the next start of the server or for an operator: nothing waits for it.
fn told<T>(done: Result<T, Error>, left: &str) -> Option<T> {
    done.inspect_err(|error| {
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "{left}");
    })
    .ok()
}
