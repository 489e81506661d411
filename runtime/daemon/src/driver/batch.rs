//! What one round of the driver makes: records to be kept together, and effects that wait until they are.
//!
//! | part | once durable | when the disk is full |
//! |---|---|---|
//! | `records`, `starts` | - | kept and tried again: they have happened |
//! | `submissions` and all that names them | - | taken out: those jobs never were |
//! | `asides` | - | taken out: somebody is told no |
//! | `effects` | carried out in order | kept, but for stops, which need no room |
//! | `answers` | success | the reason why not |

use std::collections::HashSet;

use sublet_scheduler::{AttemptId, JobId, StopReason, UnixMillis, UserId};
use sublet_store::{Digest, Record};

use super::command::NotKept;

/// Records, and what follows once they are durable.
#[derive(Default)]
pub(super) struct Batch {
    records: Vec<Record>,
    /// Starts stand apart from the ends between them, so that neighbours meet and become one range.
    starts: Vec<Record>,
    /// Records that may be refused without a trace: somebody waits for them and nothing has happened yet.
    asides: Vec<Record>,
    effects: Vec<Effect>,
    answers: Vec<WaitingAnswer>,
    submissions: HashSet<JobId>,
    /// Jobs whose tally changed.
    touched: HashSet<JobId>,
}

type WaitingAnswer = Box<dyn FnOnce(Result<(), NotKept>) + Send>;

/// Something that is seen outside, and therefore waits for the commit.
pub(super) enum Effect {
    /// Have a worker run the attempt.
    Start(AttemptId),
    /// Have a worker end the attempt.
    Stop {
        attempt: AttemptId,
        reason: StopReason,
    },
    /// Remove the directory of the attempt, then say so.
    Release(UserId, AttemptId, StateAfter),
    /// Remove what earlier attempts of the task left: it is not on record any more.
    RemoveEarlierArtifacts(AttemptId),
    /// Tell those who wait that the job is over.
    Finished(JobId),
}

/// What becomes of what the attempts of a task hand on to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateAfter {
    /// The next attempt has it.
    Stays,
    /// The task is over.
    Goes,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.starts.is_empty()
            && self.asides.is_empty()
            && self.effects.is_empty()
            && self.answers.is_empty()
    }

    /// Records what has happened.
    pub(super) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Records a new job, which does not exist if that fails.
    pub(super) fn record_submission(&mut self, job: Box<sublet_store::NewJob>) {
        self.submissions.insert(job.id);
        self.records.push(Record::JobSubmitted(job));
    }

    /// Records something that somebody asks for and that does not exist if that fails.
    pub(super) fn record_aside(&mut self, records: Vec<Record>) {
        self.asides.extend(records);
    }

    /// Records a start. Consecutive tasks of an array become one range, so that a hundred starts cost one row.
    pub(super) fn record_start(&mut self, attempt: AttemptId, now: UnixMillis) {
        if let Some(Record::AttemptsStarted {
            job,
            tasks,
            number,
            at,
        }) = self.starts.last_mut()
            && (*job, *number, *at) == (attempt.job, attempt.number, now)
            && tasks.end().checked_add(1) == Some(attempt.task)
        {
            *tasks = *tasks.start()..=attempt.task;
            return;
        }
        self.starts.push(Record::AttemptsStarted {
            job: attempt.job,
            tasks: attempt.task..=attempt.task,
            number: attempt.number,
            at: now,
        });
    }

    /// Has something done once the batch is durable.
    pub(super) fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Answers somebody once the batch is durable, or says why it is not.
    pub(super) fn answer(&mut self, answer: impl FnOnce(Result<(), NotKept>) + Send + 'static) {
        self.answers.push(Box::new(answer));
    }

    /// Notes that the tally of a job changed.
    pub(super) fn touch(&mut self, job: JobId) {
        self.touched.insert(job);
    }

    /// The jobs whose tally changed since this was last asked.
    pub(super) fn take_touched(&mut self) -> HashSet<JobId> {
        std::mem::take(&mut self.touched)
    }

    /// The submission of this batch with that idempotency key, if there is one.
    pub(super) fn submissions(&self) -> impl Iterator<Item = &sublet_store::NewJob> {
        self.records.iter().filter_map(|record| match record {
            Record::JobSubmitted(job) => Some(&**job),
            _ => None,
        })
    }

    /// Whether the module is deleted with this batch.
    pub(super) fn deletes(&self, user: UserId, module: Digest) -> bool {
        self.asides.contains(&Record::ModuleDeleted {
            user,
            digest: module,
        })
    }

    /// What it is about, for faults that are planted around its commit.
    pub(super) fn subjects(&self) -> Vec<&'static str> {
        let of = |wanted: fn(&Record) -> bool| self.records.iter().any(wanted);
        let each = [
            ("submission", !self.submissions.is_empty()),
            ("start", !self.starts.is_empty()),
            ("end", of(|one| matches!(one, Record::AttemptFinished(_)))),
            (
                "cancel",
                of(|one| matches!(one, Record::CancelAsked { .. })),
            ),
        ];
        let there = each.into_iter().filter(|(_, is_there)| *is_there);
        there.map(|(subject, _)| subject).collect()
    }

    /// Everything to be committed, in the order in which it refers to each other: a job stands before its starts.
    pub(super) fn gathered(&mut self) -> &[Record] {
        self.records.append(&mut self.starts);
        self.records.append(&mut self.asides);
        &self.records
    }

    /// Nothing of this batch is durable and may not be for a while: everyone who waits is told, and what exists only
    /// if it is recorded is taken out. Returns the jobs that never were.
    pub(super) fn give_up_waiting(&mut self, why: NotKept) -> HashSet<JobId> {
        for answer in std::mem::take(&mut self.answers) {
            answer(Err(why));
        }
        let gone = std::mem::take(&mut self.submissions);
        self.records.retain(|record| may_wait(record, &gone));
        self.effects.retain(|effect| !gone.contains(&effect.job()));
        self.touched.retain(|job| !gone.contains(job));
        gone
    }

    /// Takes out the effects that need no record.
    pub(super) fn take_stops(&mut self) -> Vec<Effect> {
        self.effects
            .extract_if(.., |effect| matches!(effect, Effect::Stop { .. }))
            .collect()
    }

    /// The batch is durable: what follows from it.
    pub(super) fn into_effects(self) -> (Vec<Effect>, Vec<WaitingAnswer>) {
        (self.effects, self.answers)
    }
}

impl Effect {
    const fn job(&self) -> JobId {
        match self {
            Self::Start(attempt)
            | Self::Stop { attempt, .. }
            | Self::Release(_, attempt, _)
            | Self::RemoveEarlierArtifacts(attempt) => attempt.job,
            Self::Finished(job) => *job,
        }
    }
}

/// Whether a record tells of something that has happened and must be kept sooner or later.
fn may_wait(record: &Record, gone: &HashSet<JobId>) -> bool {
    match record {
        Record::JobSubmitted(job) => !gone.contains(&job.id),
        Record::AttemptsStarted { job, .. }
        | Record::TasksCancelled { job, .. }
        | Record::CancelAsked { job, .. }
        | Record::JobGivenUp { job, .. }
        | Record::TasksReopened { job, .. }
        | Record::JobTally { job, .. }
        | Record::JobFinished { job, .. } => !gone.contains(job),
        Record::JobRouted(routed) => !gone.contains(&routed.job),
        // The network is theirs already, whether this submission is kept or not.
        Record::NodeMoved(_) | Record::NetworkAssigned { .. } | Record::ModuleHarmed(_) => true,
        Record::AttemptFinished(finished) => !gone.contains(&finished.attempt.job),
        Record::ArtifactsKept { attempt, .. } | Record::AttemptTold { attempt, .. } => {
            !gone.contains(&attempt.job)
        }
        Record::UserAdded(_)
        | Record::UserChanged { .. }
        | Record::QuotaSet { .. }
        | Record::CertificateIssued(_)
        | Record::CertificateRevoked { .. }
        | Record::ModuleAdded(_)
        | Record::ModuleDeleted { .. }
        | Record::ModuleRefused { .. }
        | Record::ModuleReleased(_)
        | Record::InputAdded(_)
        | Record::IdempotencyKeysExpired { .. }
        | Record::RuleSetApplied(_)
        | Record::SubclusterPaused(_)
        | Record::SubclusterResumed { .. }
        | Record::NodeDrained(_)
        | Record::NodeResumed { .. }
        | Record::NodeLabelled { .. }
        | Record::NodeNamed(_)
        | Record::NetworkPrepared(_)
        | Record::EgressPolicySet { .. }
        | Record::Audited(_) => false,
    }
}
