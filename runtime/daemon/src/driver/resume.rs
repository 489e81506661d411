//! After a restart: what was not over goes on, truthfully. An attempt whose start was recorded and whose end was not is
//! lost; what follows is the job's restart policy, which the scheduler knows.

use std::collections::BTreeSet;

use sublet_scheduler::{Event, JobId, Restart, Resumption, TaskRange, Usage, UserId};
use sublet_store::{Digest, Error, JobEnd, ModuleSelector, NewJob, Unfinished, Whose};

use super::submit::is_met;
use super::{ActiveJob, Driver, scheduled};
use crate::convert;

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
        let jobs = unfinished.iter().map(|unfinished| unfinished.job.id);
        self.chores.sweep_states(&jobs.collect());
        let parents: BTreeSet<_> = unfinished.iter().filter_map(|one| one.job.parent).collect();
        for job in unfinished {
            self.resume_one(job)?;
        }
        for parent in parents {
            let end = self.reader.job_end(Whose::Everyone, parent)?;
            if end == Some(JobEnd::NotSucceeded) {
                self.end_children(parent);
            }
        }
        self.settle()
    }

    fn resume_one(&mut self, unfinished: Unfinished) -> Result<(), Error> {
        let Unfinished {
            job,
            fresh,
            mut again,
            interrupted,
            cancel_asked,
            tally,
        } = unfinished;
        // The clock may have been put back while no server ran: nobody waits longer than the longest pause.
        let latest = (self.now)().plus(Restart::BACKOFF_MS_MAX);
        for task in &mut again {
            task.not_before = task.not_before.min(latest);
        }
        let (used, children) = match self.reader.job(Whose::Everyone, job.id)? {
            Some(owned) => (owned.usage()?.usage, owned.children()?),
            None => (Usage::default(), 0),
        };
        let imports = self.imports_of(job.user, job.module)?;
        if self.ensure_network(job.user).is_err() {
            tracing::error!(
                job = job.id.0,
                "no network is left for the user of a job: its attempts will not start"
            );
        }
        let parent = self.called(job.parent)?;
        let active = ActiveJob::new(&job, parent, &imports, self.terms_of(job.user));
        self.jobs
            .insert(job.id, active.so_far(tally, used, children));
        self.batch.touch(job.id);
        let can_start = self.can_still_start(&job)?;
        let (user, module) = (job.user, job.module);
        let resumption = Resumption {
            job: scheduled(&job, imports),
            fresh,
            again,
            interrupted,
            all_succeeded: tally.settled() == u64::from(tally.succeeded),
        };
        self.happened(Event::Resumed(resumption));
        if !can_start {
            self.happened(Event::DependencyBroken(job.id));
        }
        self.bar_if_quarantined(job.id, user, module);
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

impl Driver {
    /// What the module of a job imports.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn imports_of(&self, user: UserId, module: Digest) -> Result<Vec<String>, Error> {
        let selector = ModuleSelector::Digest(module.into());
        let found = self.reader.find_modules(Whose::User(user), &selector)?;
        Ok(found.first().map(convert::imports).unwrap_or_default())
    }

    /// What a job is called by people, as long as it is on record.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn called(&self, job: Option<JobId>) -> Result<Option<String>, Error> {
        let Some(job) = job else { return Ok(None) };
        if let Some(active) = self.jobs.get(job) {
            return Ok(Some(active.definition.public_id.clone()));
        }
        let stored = self.reader.job(Whose::Everyone, job)?;
        Ok(stored.map(|job| convert::job_id(job.summary.public_id)))
    }

    /// Whether every job that this one waits for is not over, or ended as it had to.
    fn can_still_start(&self, job: &NewJob) -> Result<bool, Error> {
        for one in &job.spec.after {
            let end = self.reader.job_end(Whose::Everyone, one.job)?;
            let is_open = end == Some(JobEnd::NotYet);
            if !is_open && !end.is_some_and(|end| is_met(one.when, end)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn covers(wishes: &[TaskRange], tasks: &TaskRange) -> bool {
    wishes
        .iter()
        .any(|wish| wish.start() <= tasks.start() && wish.end() >= tasks.end())
}
