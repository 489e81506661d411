//! What the driver can be told, and the handle by which everyone else tells it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc;

use sublet_scheduler::{
    AttemptId, JobId, Rejection, Scheduler, SubclusterId, Terms, UnixMillis, Usage, UserId,
};
use sublet_store::{Audited, Digest, IdempotencyKey, JobSpec, Kept, Record, Who, WholeArtifact};
use sublet_worker::protocol::{Ended, NetworkTerms, Progress};
use tokio::sync::oneshot;

use super::ActiveJobs;
use super::blame::{Ledger, Quarantined};
use super::ground::Ground;
use super::held_back::HeldBack;
use super::networks::Exhausted;
use super::operate::{ApplyError, Change, PeopleChange, PeopleError, Wish, WishError};
use crate::artifacts::ArtifactError;
use crate::broker::PortTaken;
use crate::config::{self, Config};
use crate::workers::WorkerId;

/// Where an answer goes. Who does not wait for it any more is not missed.
pub(crate) type Answer<T> = oneshot::Sender<T>;

/// Something for the driver to do.
pub(crate) enum Command {
    /// Take a job in.
    Submit(Box<Submission>, Answer<Result<Submitted, SubmitError>>),
    /// Say where a job would go, and take nothing in.
    Consider(Box<Submission>, Answer<Result<SubclusterId, SubmitError>>),
    /// Go by another configuration from now on.
    Rule(Box<Ruling>, Box<Audited>, Answer<Result<(), NotKept>>),
    /// End a job, or one of its tasks.
    Cancel {
        job: JobId,
        task: Option<u32>,
        answer: Answer<Result<(), NotKept>>,
    },
    /// Run settled tasks of a job again.
    Retry {
        job: JobId,
        tasks: Chosen,
        answer: Answer<Result<(), RetryError>>,
    },
    /// Forget a module, unless a job that is not over needs it.
    DeleteModule {
        user: UserId,
        module: Digest,
        answer: Answer<Result<(), DeleteError>>,
    },
    /// Let a module go that is in quarantine.
    ReleaseModule {
        user: UserId,
        name: String,
        module: Digest,
        who: Who,
        answer: Answer<Result<(), NotKept>>,
    },
    /// A compile process was ended because what a user pushed cost more than its budget.
    CompileKilled { user: UserId, module: Digest },
    /// Have other rules hold.
    Apply(Box<Change>, Answer<Result<u64, ApplyError>>),
    /// Obey an operator.
    Wish {
        wish: Wish,
        who: Who,
        answer: Answer<Result<(), WishError>>,
    },
    /// Have a user reach this beyond the network, and nothing else.
    SetPolicy {
        user: UserId,
        name: String,
        allow: Vec<String>,
        who: Who,
        answer: Answer<Result<(), NotKept>>,
    },
    /// Have others be able to ask, or the same ones for other things.
    ChangePeople {
        change: Box<PeopleChange>,
        who: Who,
        answer: Answer<Result<(), PeopleError>>,
    },
    /// Write something into the account of who did what. Who is told of it does not wait.
    Note(Box<Audited>),
    /// What was measured of the host: thousandths of all its processors in use, and whether it can be trusted with work.
    HostFacts { load_millis: u64, is_healthy: bool },
    /// Keep records that concern no job: modules, inputs, users.
    Keep(Vec<Record>, Answer<Result<(), NotKept>>),
    /// A worker said something.
    Reports(WorkerId, Vec<Report>),
    /// A worker's process is gone. Where it had but one attempt, with what that used as the kernel counted it.
    WorkerGone(WorkerId, Usage),
    /// The machine code that a worker needs is there, or cannot be had.
    ArtifactReady {
        worker: WorkerId,
        module: Digest,
        artifact: Result<WholeArtifact, ArtifactError>,
    },
    /// What was bound to an attempt is released.
    Released(AttemptId),
    /// What an attempt that is over left is kept, as far as that could be.
    Kept(Box<Ended>, Result<Kept, sublet_store::Error>),
    /// What these jobs printed is removed.
    LogsRemoved(Vec<JobId>),
    /// Look at the state between two batches.
    Look(Looker),
    /// Take nothing new, let run what runs, and say when nothing does.
    Drain(Answer<()>),
    /// Stop what still runs.
    EndGrace,
    /// End the driver's thread.
    Quit,
}

/// Somebody who wants to look.
pub(crate) type Looker = Box<dyn FnOnce(Look<'_>) + Send>;

/// What can be looked at.
pub(crate) struct Look<'a> {
    pub(crate) scheduler: &'a Scheduler,
    pub(crate) jobs: &'a ActiveJobs,
    pub(crate) ground: &'a Ground,
    /// How far attempts are that hold a slot, in their own words.
    pub(crate) progress: &'a BTreeMap<AttemptId, Progress>,
    /// Attempts that have slots and are not started yet.
    pub(crate) held_back: &'a HeldBack,
    /// What modules did to our side.
    pub(crate) ledger: &'a Ledger,
    /// Worker processes that live.
    pub(crate) workers: usize,
    pub(crate) now: UnixMillis,
}

/// A job on its way in: everything but what the driver gives it.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) user: UserId,
    pub(crate) name: Option<String>,
    pub(crate) module: Digest,
    pub(crate) spec: JobSpec,
    /// What the module imports, for rules to read.
    pub(crate) imports: Vec<String>,
    /// How its user came.
    pub(crate) via: String,
    pub(crate) idempotency: Option<IdempotencyKey>,
    /// The job that submits it; nothing where its user does.
    pub(crate) parent: Option<JobId>,
}

/// What the driver goes by, of the configuration.
#[derive(Debug)]
pub(crate) struct Ruling {
    /// What everybody may have of whom nothing else is said.
    pub(crate) terms: Terms,
    /// What instances may do on their networks.
    pub(crate) network_terms: NetworkTerms,
    /// What goes when it is old.
    pub(crate) retention: config::Retention,
    /// How much harm a module may do before nothing of it is started.
    pub(crate) quarantine_after: u32,
}

impl Ruling {
    pub(crate) fn of(config: &Config) -> Self {
        let defaults = &config.defaults;
        Self {
            terms: defaults.quota.terms(),
            network_terms: NetworkTerms {
                operator: defaults.egress.clone(),
                limits: defaults.network.into(),
                ..NetworkTerms::default()
            },
            retention: config.service.retention,
            quarantine_after: config.service.quarantine_after,
        }
    }
}

/// A job that is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submitted {
    pub(crate) job: JobId,
    /// Whether the same request had come before, with the same key.
    pub(crate) was_known: bool,
}

/// Why a job is not in.
#[derive(Debug)]
pub(crate) enum SubmitError {
    /// The scheduler does not admit it.
    Rejected(Rejection),
    /// Its user has no network, and none is left.
    NoNetwork(Exhausted),
    /// A port that it publishes is taken.
    PortTaken(PortTaken),
    /// Its idempotency key was used with another body.
    KeyReused,
    /// The module was deleted meanwhile.
    ModuleGone,
    /// Nothing of the module is started.
    Quarantined(Quarantined),
    /// The job that submits it is over, or about to be.
    ParentGone,
    /// The job that submits it has submitted as many as it may.
    TooManyChildren,
    /// A job that it waits for is over, in another way than it has to be.
    DependencyBroken,
    /// It could not be recorded.
    NotKept(NotKept),
}

/// Why a record was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// The disk is full.
    DiskFull,
    /// The store failed otherwise; the log says how.
    Fault,
}

/// Why a module is not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeleteError {
    /// Jobs that are not over need it.
    InUse,
    /// Not recorded.
    NotKept(NotKept),
}

/// A choice among the settled tasks of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Those that did not succeed.
    Unsuccessful,
    /// All of them.
    All,
    /// One.
    One(u32),
}

/// Why nothing runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryError {
    /// The server is stopping.
    Draining,
    /// No settled task fits the choice.
    NothingChosen,
    /// The module was deleted meanwhile.
    ModuleGone,
    /// Nothing of the module is started.
    Quarantined(Quarantined),
    /// Not recorded.
    NotKept(NotKept),
}

/// What a worker says of its attempts, output aside.
#[derive(Debug)]
pub(crate) enum Report {
    /// It is about to run guests.
    Ready,
    /// It says nothing, although it was asked.
    StandsStill,
    Started(AttemptId),
    Told(AttemptId, Progress),
    Ended(Box<Ended>),
    LoadFailed {
        module: Digest,
        reason: String,
    },
}

/// The way to the driver.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    commands: mpsc::Sender<Command>,
}

/// The driver's thread has ended: the server is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl DriverHandle {
    /// A handle, and where the driver will hear what it is asked.
    pub(crate) fn of_a_new_driver() -> (Self, mpsc::Receiver<Command>) {
        let (commands, asked) = mpsc::channel();
        (Self { commands }, asked)
    }

    /// Sends a command that has no answer. After the driver has ended there is nobody who could mind.
    pub(crate) fn tell(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("a command came after the driver had ended");
        }
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(Answer<T>) -> Command,
    ) -> Result<T, Gone> {
        let (answer, answered) = oneshot::channel();
        self.tell(command(answer));
        answered.await.map_err(|_| Gone)
    }

    /// Looks at the state between two batches.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(Look<'_>) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Look(Box::new(move |state| {
            reply(answer, look(state));
        })));
        answered.await.map_err(|_| Gone)
    }
}

/// Answers somebody who may have gone.
pub(crate) fn reply<T>(answer: Answer<T>, value: T) {
    if answer.send(value).is_err() {
        tracing::trace!("nobody waits for an answer any more");
    }
}

impl fmt::Debug for DriverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriverHandle")
    }
}
