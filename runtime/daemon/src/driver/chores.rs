//! What follows an end and need not hold up the driver, on a thread of its own: the directories of attempts are removed
//! (a guest may have left many files), the logs of finished jobs are closed (which waits for the disk).

use std::sync::{Arc, mpsc};
use std::{io, thread};

use sublet_scheduler::{AttemptId, JobId, UserId};
use sublet_store::{Logs, Removal, Work};

use super::{ActiveJob, Command, DriverHandle};

/// Where the guest's scratch space lies in the directory of its attempt.
const SCRATCH: &str = "tmp";

/// The one who cleans up.
pub(crate) struct Chores {
    work: Arc<Work>,
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
}

impl Chores {
    pub(crate) fn start(
        work: Arc<Work>,
        logs: Arc<Logs>,
        driver: DriverHandle,
    ) -> io::Result<Self> {
        let (list, chores) = mpsc::channel();
        let hands = Arc::clone(&work);
        thread::Builder::new()
            .name("chores".into())
            .spawn(move || {
                for chore in chores {
                    match chore {
                        Chore::RemoveDirectory(user, attempt) => {
                            remove_directory(&hands, user, attempt);
                            driver.tell(Command::Released(attempt));
                        }
                        Chore::CloseLog(job) => close_log(&logs, job),
                        Chore::RemoveLogs(jobs) => {
                            driver.tell(Command::LogsRemoved(remove_logs(&logs, jobs)));
                        }
                    }
                }
            })?;
        Ok(Self { work, list })
    }

    /// Makes the directory of an attempt of a job that wants one. Done at once: the attempt starts next.
    pub(super) fn make_directory(&self, job: &ActiveJob, attempt: AttemptId) -> io::Result<()> {
        if !job.has_directories() {
            return Ok(());
        }
        let directory = self.work.create_attempt_directory(job.user, attempt);
        directory.map_err(io::Error::other)?.create_dir(SCRATCH)
    }

    pub(super) fn remove_directory(&self, user: UserId, attempt: AttemptId) {
        self.put(Chore::RemoveDirectory(user, attempt));
    }

    pub(super) fn close_log(&self, job: JobId) {
        self.put(Chore::CloseLog(job));
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

/// What cannot be removed is left for the next start of the server, which sweeps: the slot must not wait for it.
fn remove_directory(work: &Work, user: UserId, attempt: AttemptId) {
    loop {
        match work.remove_attempt_directory(user, attempt) {
            Ok(Removal::More) => {}
            Ok(Removal::Done) => return,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return tracing::error!(%attempt, error, "a directory is left");
            }
        }
    }
}

fn close_log(logs: &Logs, job: JobId) {
    if let Err(error) = logs.close(job) {
        let error = &error as &dyn std::error::Error;
        tracing::error!(job = job.0, error, "a log may be lost if the power fails");
    }
}

/// Those whose logs are gone.
fn remove_logs(logs: &Logs, mut jobs: Vec<JobId>) -> Vec<JobId> {
    jobs.retain(|&job| match logs.remove(job) {
        Ok(()) => true,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(job = job.0, error, "an old log is left");
            false
        }
    });
    jobs
}
