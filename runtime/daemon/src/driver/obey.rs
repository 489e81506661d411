//! Commands become events. Each command is a method here, in the order of their enum.

use std::time::Instant;

use sublet_scheduler::{AttemptId, Event, JobId, LossReason, Outcome, UnixMillis, Usage, UserId};
use sublet_store::{Digest, NewJob, PublicId, Record, Tally, Whose};
use sublet_worker::protocol::Ended;

use super::active::new_public_id;
use super::carry_out::cancel_reason;
use super::{
    ActiveJob, Answer, Command, Driver, NotKept, Report, Submission, SubmitError, Submitted, reply,
    scheduled,
};
use crate::workers::WorkerId;

/// How long an idempotency key is remembered.
const KEY_MS: u64 = 24 * 60 * 60 * 1000;
/// How often those that are older are forgotten.
const KEY_PAUSE_MS: u64 = 60 * 60 * 1000;

impl Driver {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Submit(submission, answer) => self.submit(*submission, answer),
            Command::Cancel { job, task, answer } => self.cancel(job, task, answer),
            Command::Retry { job, tasks, answer } => self.retry(job, tasks, answer),
            Command::DeleteModule {
                user,
                module,
                answer,
            } => self.delete_module(user, module, answer),
            Command::Keep(_, answer) if self.disk_full => reply(answer, Err(NotKept::DiskFull)),
            Command::Keep(records, answer) => {
                self.batch.record_aside(records);
                self.batch.answer(|kept| reply(answer, kept));
            }
            Command::Reports(worker, reports) => self.hear(worker, reports),
            Command::WorkerGone(worker) => self.worker_gone(worker),
            Command::ArtifactReady {
                worker,
                module,
                artifact,
            } => {
                self.workers.artifact_ready(worker, module, artifact);
            }
            Command::Released(attempt) => self.happened(Event::Reclaimed(attempt)),
            Command::Look(look) => self.looks.push(look),
            Command::Drain(answer) => {
                self.drained = Some(answer);
                self.happened(Event::DrainAsked);
            }
            Command::EndGrace => self.happened(Event::GraceEnded),
            Command::Quit => unreachable!("the loop ends at this command"),
        }
    }

    fn submit(&mut self, submission: Submission, answer: Answer<Result<Submitted, SubmitError>>) {
        if self.disk_full {
            return reply(answer, Err(SubmitError::NotKept(NotKept::DiskFull)));
        }
        match self.known_by_key(&submission) {
            Ok(None) => {}
            Ok(Some(known)) => {
                return self
                    .batch
                    .answer(move |kept| answer_submission(answer, kept, known));
            }
            Err(error) => return reply(answer, Err(error)),
        }
        if !self.module_is_there(submission.user, submission.module) {
            return reply(answer, Err(SubmitError::ModuleGone));
        }
        let job = self.named(submission);
        let scheduled = scheduled(&job);
        if let Err(rejection) = self.scheduler.admit(&scheduled) {
            return reply(answer, Err(SubmitError::Rejected(rejection)));
        }
        self.ids.take(job.user);
        let (id, submitted) = (
            job.id,
            Submitted {
                public_id: job.public_id,
                was_known: false,
            },
        );
        self.jobs
            .insert(id, ActiveJob::new(&job, Tally::default(), Usage::default()));
        self.batch.record_submission(Box::new(job));
        self.batch
            .answer(move |kept| answer_submission(answer, kept, submitted));
        self.happened(Event::Submitted(scheduled));
    }

    /// The job that an earlier submission with the same key made, durable or in this very batch.
    fn known_by_key(&self, submission: &Submission) -> Result<Option<Submitted>, SubmitError> {
        let Some(asked) = &submission.idempotency else {
            return Ok(None);
        };
        let in_batch = self
            .batch
            .submissions()
            .filter(|job| job.user == submission.user)
            .find_map(|job| {
                let used = job
                    .idempotency
                    .as_ref()
                    .filter(|used| used.key == asked.key)?;
                Some((job.public_id, used.body))
            });
        let known = match in_batch {
            Some(known) => Some(known),
            None => self
                .stored_key(submission.user, &asked.key)
                .map_err(|error| unreadable(&error))?,
        };
        match known {
            None => Ok(None),
            Some((public_id, body)) if body == asked.body => Ok(Some(Submitted {
                public_id,
                was_known: true,
            })),
            Some(_) => Err(SubmitError::KeyReused),
        }
    }

    fn stored_key(
        &self,
        user: UserId,
        key: &str,
    ) -> Result<Option<(PublicId, Digest)>, sublet_store::Error> {
        let Some(known) = self.reader.idempotency_key(user, key)? else {
            return Ok(None);
        };
        let is_fresh = known.at.plus(KEY_MS) > (self.now)();
        let job = if is_fresh {
            self.reader.job(Whose::User(user), known.job)?
        } else {
            None
        };
        Ok(job.map(|job| (job.summary.public_id, known.body)))
    }

    /// Keys are small, but there is one for each submission that had one.
    pub(super) fn forget_old_keys(&mut self) {
        let now = (self.now)();
        if now >= self.keys_expire_at && !self.disk_full {
            self.keys_expire_at = now.plus(KEY_PAUSE_MS);
            let before = UnixMillis(now.0.saturating_sub(KEY_MS));
            self.batch
                .record_aside(vec![Record::IdempotencyKeysExpired { before }]);
        }
    }

    fn named(&self, submission: Submission) -> NewJob {
        let Submission {
            user,
            name,
            module,
            spec,
            idempotency,
        } = submission;
        NewJob {
            id: self.ids.job,
            public_id: new_public_id(),
            user,
            number: self.ids.number(user),
            name,
            module,
            spec,
            submitted_at: (self.now)(),
            idempotency,
        }
    }

    fn cancel(&mut self, job: JobId, task: Option<u32>, answer: Answer<Result<(), NotKept>>) {
        if self.jobs.get(job).is_some() {
            self.batch.record(Record::CancelAsked {
                job,
                task,
                at: (self.now)(),
            });
            self.happened(Event::CancelAsked { job, task });
        }
        self.batch.answer(|kept| reply(answer, kept));
    }

    fn hear(&mut self, worker: WorkerId, reports: Vec<Report>) {
        for report in reports {
            match report {
                Report::Started(attempt) if self.belongs(worker, attempt) => {
                    self.happened(Event::Started(attempt));
                }
                Report::Ended(ended) if self.belongs(worker, ended.attempt) => self.ended(*ended),
                Report::Started(attempt) => {
                    tracing::warn!(%attempt, "a worker speaks of what it was not given");
                }
                Report::Ended(ended) => {
                    tracing::warn!(attempt = %ended.attempt, "a worker speaks of what it was not given");
                }
                Report::LoadFailed { module, reason } => {
                    self.workers.load_failed(worker, module, &reason);
                }
            }
        }
    }

    fn belongs(&self, worker: WorkerId, attempt: AttemptId) -> bool {
        self.live
            .get(&attempt)
            .is_some_and(|live| live.worker == Some(worker))
    }

    pub(super) fn ended(&mut self, ended: Ended) {
        let (attempt, outcome) = (ended.attempt, ended.outcome);
        self.workers.attempt_ended(attempt);
        self.ends.insert(attempt, ended);
        self.happened(Event::Exited { attempt, outcome });
        self.ends.remove(&attempt);
    }

    /// Its attempts are lost, but for those it was ended for.
    fn worker_gone(&mut self, worker: WorkerId) {
        self.workers.gone(worker);
        let mut theirs: Vec<_> = self
            .live
            .iter()
            .filter(|(_, live)| live.worker == Some(worker))
            .map(|(&attempt, live)| (attempt, live.stopped))
            .collect();
        theirs.sort_unstable_by_key(|(attempt, _)| *attempt);
        if !theirs.is_empty() {
            tracing::warn!(
                attempts = theirs.len(),
                "a worker died with attempts under way"
            );
        }
        for (attempt, stopped) in theirs {
            let outcome = stopped.map_or(Outcome::Lost(LossReason::Worker), |reason| {
                Outcome::Cancelled(cancel_reason(reason))
            });
            self.ended(unreported(attempt, outcome, (self.now)()));
        }
    }

    /// Gives the worker a while to obey.
    pub(super) fn expect_stop(&mut self, attempt: AttemptId) {
        self.stops
            .push_back((Instant::now() + super::STOP_GRACE, attempt));
    }
}

/// The end of an attempt that no worker reported.
pub(super) fn unreported(attempt: AttemptId, outcome: Outcome, at: UnixMillis) -> Ended {
    Ended {
        attempt,
        started_at_ms: None,
        ended_at_ms: at.0,
        outcome,
        usage: Usage::default(),
        detail: None,
    }
}

fn unreadable(error: &sublet_store::Error) -> SubmitError {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "an idempotency key cannot be looked up"
    );
    SubmitError::NotKept(NotKept::Fault)
}

fn answer_submission(
    answer: Answer<Result<Submitted, SubmitError>>,
    kept: Result<(), NotKept>,
    submitted: Submitted,
) {
    reply(
        answer,
        kept.map(|()| submitted).map_err(SubmitError::NotKept),
    );
}
