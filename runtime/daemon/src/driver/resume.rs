//! After a restart: what was not over goes on, truthfully. An attempt whose start was recorded and whose end was not is
//! lost; what follows is the job's restart policy, which the scheduler knows.

use sublet_scheduler::{Event, Resumption, TaskRange, Usage};
use sublet_store::{Error, Unfinished, Whose};

use super::{ActiveJob, Driver, scheduled};

impl Driver {
    /// Takes up the jobs that a former server left unfinished, before any command is obeyed.
    ///
    /// # Errors
    /// When the store cannot be read, or cannot keep the losses.
    pub(crate) fn resume(&mut self) -> Result<(), Error> {
        let unfinished = self.reader.recover()?;
        if !unfinished.is_empty() {
            tracing::info!(
                jobs = unfinished.len(),
                "unfinished jobs are taken up again"
            );
        }
        for job in unfinished {
            self.resume_one(job)?;
        }
        self.settle()
    }

    fn resume_one(&mut self, unfinished: Unfinished) -> Result<(), Error> {
        let Unfinished {
            job,
            fresh,
            again,
            interrupted,
            cancel_asked,
            tally,
        } = unfinished;
        let used = match self.reader.job(Whose::Everyone, job.id)? {
            Some(owned) => owned.usage()?.usage,
            None => Usage::default(),
        };
        self.jobs.insert(job.id, ActiveJob::new(&job, tally, used));
        self.batch.touch(job.id);
        let resumption = Resumption {
            job: scheduled(&job),
            fresh,
            again,
            interrupted,
        };
        self.happened(Event::Resumed(resumption));
        // Starts wait for the commit, so what was wished ended before the restart is taken back before it can start.
        if covers(&cancel_asked, &job.spec.tasks) {
            self.happened(Event::CancelAsked {
                job: job.id,
                task: None,
            });
        } else {
            for task in cancel_asked.into_iter().flatten() {
                self.happened(Event::CancelAsked {
                    job: job.id,
                    task: Some(task),
                });
            }
        }
        Ok(())
    }
}

fn covers(wishes: &[TaskRange], tasks: &TaskRange) -> bool {
    wishes
        .iter()
        .any(|wish| wish.start() <= tasks.start() && wish.end() >= tasks.end())
}
