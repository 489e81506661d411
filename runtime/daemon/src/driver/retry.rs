//! Settled tasks run again because their user asks. Each gets the attempt after its last one; nothing of what happened
//! before is changed.

use sublet_scheduler::{Again, AttemptId, Event, JobId, Resumption, TaskRange, UnixMillis};
use sublet_store::{
    Error, NewJob, OutcomeKind, Record, Tally, TaskFilter, TaskRow, TaskState, Whose,
};

use super::{ActiveJob, Answer, Chosen, Driver, NotKept, RetryError, reply, scheduled};

/// Rows read at a time.
const PAGE: u32 = 1_000;

/// The tasks that were chosen, as they are to go on.
#[derive(Debug, Default)]
struct Reopened {
    tasks: Vec<TaskRange>,
    fresh: Vec<TaskRange>,
    again: Vec<Again>,
    /// How they had ended.
    tally: Tally,
}

impl Driver {
    pub(super) fn retry(
        &mut self,
        job: JobId,
        chosen: Chosen,
        answer: Answer<Result<(), RetryError>>,
    ) {
        match self.reopen(job, chosen) {
            Ok(()) => self
                .batch
                .answer(|kept| reply(answer, kept.map_err(RetryError::NotKept))),
            Err(error) => reply(answer, Err(error)),
        }
    }

    fn reopen(&mut self, id: JobId, chosen: Chosen) -> Result<(), RetryError> {
        if self.drained.is_some() {
            return Err(RetryError::Draining);
        }
        // What is read below must hold all that has happened so far.
        self.settle().map_err(|error| fault(&error))?;
        if self.disk_full {
            return Err(RetryError::NotKept(NotKept::DiskFull));
        }
        let (job, settled) = self
            .read(id)
            .map_err(|error| fault(&error))?
            .ok_or(RetryError::NothingChosen)?;
        let Reopened {
            tasks,
            fresh,
            again,
            tally,
        } = self.choose(id, chosen).map_err(|error| fault(&error))?;
        if tasks.is_empty() {
            return Err(RetryError::NothingChosen);
        }
        if !self.module_is_there(job.user, job.module) {
            return Err(RetryError::ModuleGone);
        }
        self.check_quarantine(job.user, job.module)
            .map_err(RetryError::Quarantined)?;
        let imports = self
            .imports_of(job.user, job.module)
            .map_err(|error| fault(&error))?;
        let scheduled = scheduled(&job, imports);
        let left = less(settled.tally, tally);
        self.batch.record(Record::TasksReopened {
            job: id,
            tasks,
            at: (self.now)(),
        });
        self.jobs.insert(
            id,
            ActiveJob {
                tally: left,
                ..settled
            },
        );
        self.batch.touch(id);
        self.happened(Event::Resumed(Resumption {
            job: scheduled,
            fresh,
            again,
            interrupted: Vec::new(),
            all_succeeded: left.settled() == u64::from(left.succeeded),
        }));
        Ok(())
    }

    /// The job as it was submitted, and as it stands.
    fn read(&self, id: JobId) -> Result<Option<(NewJob, ActiveJob)>, Error> {
        let Some(owned) = self.reader.job(Whose::Everyone, id)? else {
            return Ok(None);
        };
        let job = owned.new_job()?;
        let active = match self.jobs.get(id) {
            Some(active) => active.clone(),
            None => {
                let imports = self.imports_of(job.user, job.module)?;
                let parent = self.called(job.parent)?;
                ActiveJob::new(&job, parent, &imports, self.terms_of(job.user)).so_far(
                    owned.summary.tally,
                    owned.usage()?.usage,
                    owned.children()?,
                )
            }
        };
        Ok(Some((job, active)))
    }

    fn choose(&self, id: JobId, chosen: Chosen) -> Result<Reopened, Error> {
        let mut reopened = Reopened::default();
        let Some(owned) = self.reader.job(Whose::Everyone, id)? else {
            return Ok(reopened);
        };
        let mut after = match chosen {
            Chosen::One(task) => task.checked_sub(1),
            Chosen::All | Chosen::Unsuccessful => None,
        };
        loop {
            let page = owned.tasks(TaskFilter::Settled, after, PAGE)?;
            for row in &page {
                if chosen.includes(row) {
                    reopened.add(id, row);
                }
            }
            match page.last() {
                Some(last) if !matches!(chosen, Chosen::One(_)) => after = Some(last.task),
                Some(_) | None => return Ok(reopened),
            }
        }
    }
}

impl Chosen {
    fn includes(self, row: &TaskRow) -> bool {
        match self {
            Self::All => true,
            Self::Unsuccessful => row.state != TaskState::Settled(OutcomeKind::Succeeded),
            Self::One(task) => row.task == task,
        }
    }
}

impl Reopened {
    fn add(&mut self, job: JobId, row: &TaskRow) {
        let task = row.task;
        append(&mut self.tasks, task);
        *self.tally.of(match row.state {
            TaskState::Settled(outcome) => outcome,
            _ => OutcomeKind::Cancelled,
        }) += 1;
        match &row.latest {
            None => append(&mut self.fresh, task),
            Some(latest) => self.again.push(Again {
                attempt: AttemptId {
                    job,
                    task,
                    number: latest.number.saturating_add(1),
                },
                not_before: UnixMillis(0),
                failures: 0,
                losses: 0,
            }),
        }
    }
}

/// Adds a task after those before it.
fn append(ranges: &mut Vec<TaskRange>, task: u32) {
    match ranges.last_mut() {
        Some(last) if last.end().checked_add(1) == Some(task) => *last = *last.start()..=task,
        _ => ranges.push(task..=task),
    }
}

const fn less(from: Tally, taken: Tally) -> Tally {
    Tally {
        succeeded: from.succeeded.saturating_sub(taken.succeeded),
        failed: from.failed.saturating_sub(taken.failed),
        trapped: from.trapped.saturating_sub(taken.trapped),
        limit_exceeded: from.limit_exceeded.saturating_sub(taken.limit_exceeded),
        cancelled: from.cancelled.saturating_sub(taken.cancelled),
        lost: from.lost.saturating_sub(taken.lost),
    }
}

fn fault(error: &Error) -> RetryError {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "a job cannot be read for a retry"
    );
    RetryError::NotKept(NotKept::Fault)
}
