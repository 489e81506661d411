//! A submission becomes a job, once for each idempotency key.

use sublet_scheduler::routing::Routing;
use sublet_scheduler::{Event, Job, JobId, SubclusterId, UnixMillis, UserId};
use sublet_store::{Digest, IdempotencyKey, JobEnd, NewJob, Record, When, Whose};

use super::active::{new_public_id, publication};
use super::{
    ActiveJob, Answer, Driver, NotKept, Submission, SubmitError, Submitted, reply, scheduled,
};

/// Jobs that one job may submit.
pub(crate) const CHILDREN_MAX: u64 = 16_384;
/// How long an idempotency key is remembered.
const KEY_MS: u64 = 24 * 60 * 60 * 1000;
/// How often those that are older are forgotten.
const KEY_PAUSE_MS: u64 = 60 * 60 * 1000;

impl Driver {
    pub(super) fn submit(
        &mut self,
        submission: Submission,
        answer: Answer<Result<Submitted, SubmitError>>,
    ) {
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
        let imports = submission.imports.clone();
        let (job, scheduled, _) = match self.considered(submission) {
            Ok(considered) => considered,
            Err(error) => return reply(answer, Err(error)),
        };
        if let Err(exhausted) = self.ensure_network(job.user) {
            return reply(answer, Err(SubmitError::NoNetwork(exhausted)));
        }
        let parent = job.parent.and_then(|parent| self.jobs.get_mut(parent));
        let parent = parent.map(|parent| {
            parent.children += 1;
            parent.definition.public_id.clone()
        });
        let active = ActiveJob::new(&job, parent, &imports, self.terms_of(job.user));
        self.ids.take(job.user);
        let (id, submitted) = (
            job.id,
            Submitted {
                job: job.id,
                was_known: false,
            },
        );
        self.jobs.insert(id, active);
        self.batch.record_submission(Box::new(job));
        self.batch
            .answer(move |kept| answer_submission(answer, kept, submitted));
        self.happened(Event::Submitted(scheduled));
    }

    /// Whether a submission would be taken in now, and the sub-cluster that it would go to. Nothing comes of asking.
    pub(super) fn would_go(&self, submission: Submission) -> Result<SubclusterId, SubmitError> {
        let (_, _, routing) = self.considered(submission)?;
        Ok(routing.subcluster)
    }

    /// The job that a submission would be, unless something is against it.
    fn considered(&self, submission: Submission) -> Result<(NewJob, Job, Routing), SubmitError> {
        if !self.module_is_there(submission.user, submission.module) {
            return Err(SubmitError::ModuleGone);
        }
        let quarantine = self.check_quarantine(submission.user, submission.module);
        quarantine.map_err(SubmitError::Quarantined)?;
        self.check_parent(&submission)?;
        self.check_dependencies(&submission)?;
        let publish = submission.spec.network.publish.iter();
        let publish: Vec<_> = publish.map(publication).collect();
        let taken = self.broker.can_publish(&publish);
        taken.map_err(SubmitError::PortTaken)?;
        let imports = submission.imports.clone();
        let job = self.named(submission);
        let scheduled = scheduled(&job, imports);
        let routing = self.scheduler.admit((self.now)(), &scheduled);
        let routing = routing.map_err(SubmitError::Rejected)?;
        Ok((job, scheduled, routing))
    }

    /// A job submits others as long as nobody wants its end, and only so many.
    fn check_parent(&self, submission: &Submission) -> Result<(), SubmitError> {
        let Some(parent) = submission.parent else {
            return Ok(());
        };
        match self.jobs.get(parent) {
            None => Err(SubmitError::ParentGone),
            Some(job) if job.children >= CHILDREN_MAX => Err(SubmitError::TooManyChildren),
            Some(_) => Ok(()),
        }
    }

    /// Jobs that are over must have ended as the new one wants it; the others the scheduler watches.
    fn check_dependencies(&self, submission: &Submission) -> Result<(), SubmitError> {
        for one in &submission.spec.after {
            if self.jobs.get(one.job).is_some() {
                continue;
            }
            let end = self.reader.job_end(Whose::User(submission.user), one.job);
            let end = end.map_err(|error| unreadable(&error))?;
            if !end.is_some_and(|end| is_met(one.when, end)) {
                return Err(SubmitError::DependencyBroken);
            }
        }
        Ok(())
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
                Some((job.id, used.body))
            });
        let known = match in_batch {
            Some(known) => Some(known),
            None => self
                .stored_key(submission.user, &asked.key)
                .map_err(|error| unreadable(&error))?,
        };
        match known {
            None => Ok(None),
            Some((job, body)) if body == asked.body => Ok(Some(Submitted {
                job,
                was_known: true,
            })),
            Some(_) => Err(SubmitError::KeyReused),
        }
    }

    fn stored_key(
        &self,
        user: UserId,
        key: &str,
    ) -> Result<Option<(JobId, Digest)>, sublet_store::Error> {
        let Some(known) = self.reader.idempotency_key(user, key)? else {
            return Ok(None);
        };
        let is_childs = key.starts_with(IdempotencyKey::CHILD);
        let is_fresh = is_childs || known.at.plus(KEY_MS) > (self.now)();
        let job = if is_fresh {
            self.reader.job(Whose::User(user), known.job)?
        } else {
            None
        };
        Ok(job.map(|_| (known.job, known.body)))
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
            imports: _,
            via,
            idempotency,
            parent,
        } = submission;
        NewJob {
            id: self.ids.job,
            public_id: new_public_id(),
            user,
            number: self.ids.number(user),
            name,
            module,
            spec,
            parent,
            submitted_at: (self.now)(),
            via: Some(via),
            idempotency,
        }
    }
}

/// Whether a job that is over ended as another one wants it.
pub(super) fn is_met(when: When, end: JobEnd) -> bool {
    match (when, end) {
        (_, JobEnd::NotYet) => false,
        (When::OnSuccess, end) => end == JobEnd::Succeeded,
        (When::OnFailure, end) => end == JobEnd::NotSucceeded,
        (When::Always, _) => true,
    }
}

fn unreadable(error: &sublet_store::Error) -> SubmitError {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "what a submission refers to cannot be looked up"
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
