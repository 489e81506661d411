//! What happened, as the writer is told.

use sublet_scheduler::{
    AttemptId, JobId, Next, Outcome, SlotId, TaskRange, UnixMillis, Usage, UserId,
};

use crate::Digest;

use super::{
    Audited, Certificate, DrainedNode, GivenUp, Input, JobArtifact, Membership, ModuleHarm, NewJob,
    NewModule, NewUser, Node, PausedSubcluster, Quota, RoutedJob, RuleSet, Serial, StoredNetwork,
    StoredNic, Tally, Told, UserChange,
};

/// Something that happened and is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Somebody may own things from now on.
    UserAdded(NewUser),
    /// A user may do other things than before.
    UserChanged {
        /// Who.
        user: UserId,
        /// What became of them.
        change: UserChange,
        /// When.
        at: UnixMillis,
    },
    /// What operators let a user have, in the place of what they did before.
    QuotaSet {
        /// Who.
        user: UserId,
        /// How much.
        quota: Quota,
        /// When.
        at: UnixMillis,
    },
    /// A certificate was made. Its serial is new among certificates.
    CertificateIssued(Certificate),
    /// A certificate counts no more.
    CertificateRevoked {
        /// Which.
        serial: Serial,
        /// Why, in the words of whoever did it.
        reason: String,
        /// When.
        at: UnixMillis,
    },
    /// A job is there. An earlier use of its idempotency key is forgotten: whoever records has looked before.
    JobSubmitted(Box<NewJob>),
    /// A job went to a sub-cluster. It may go to another one when rules change: the last one counts.
    JobRouted(RoutedJob),
    /// Attempts are about to be started: attempt `number` of each of the tasks.
    AttemptsStarted {
        /// Of which job.
        job: JobId,
        /// Which tasks.
        tasks: TaskRange,
        /// Which attempt of each.
        number: u32,
        /// When.
        at: UnixMillis,
    },
    /// An attempt is over.
    AttemptFinished(FinishedAttempt),
    /// An attempt that succeeded left artifacts, which are kept in the place of those of its task before.
    ArtifactsKept {
        /// Whose.
        user: UserId,
        /// Of which attempt.
        attempt: AttemptId,
        /// In the order of their files.
        artifacts: Vec<JobArtifact>,
    },
    /// An attempt that is over had said something of itself.
    AttemptTold {
        /// Which.
        attempt: AttemptId,
        /// What.
        told: Told,
    },
    /// Tasks that waited, for their first attempt or for another one, will not have it.
    TasksCancelled {
        /// Of which job.
        job: JobId,
        /// Which tasks.
        tasks: Vec<TaskRange>,
        /// When.
        at: UnixMillis,
    },
    /// The tasks of a job that wait are cancelled, and nobody asked for it. The first reason counts.
    JobGivenUp {
        /// Which job.
        job: JobId,
        /// Why.
        why: GivenUp,
    },
    /// Somebody wants one task, or all tasks, of a job ended. Kept until the job is finished.
    CancelAsked {
        /// Which job.
        job: JobId,
        /// Which of its tasks, or all of them.
        task: Option<u32>,
        /// When.
        at: UnixMillis,
    },
    /// The user wants another attempt of settled tasks. The job is unfinished again, the tasks have their retries anew,
    /// and nobody wants them ended any more.
    TasksReopened {
        /// Of which job.
        job: JobId,
        /// Which tasks: all of them are settled.
        tasks: Vec<TaskRange>,
        /// When.
        at: UnixMillis,
    },
    /// How far a job is.
    JobTally {
        /// Which job.
        job: JobId,
        /// Its settled tasks.
        tally: Tally,
        /// When something last happened to it.
        at: UnixMillis,
    },
    /// Every task of the job is settled.
    JobFinished {
        /// Which job.
        job: JobId,
        /// When.
        at: UnixMillis,
    },
    /// A module is there. One that was there already gets the further name.
    ModuleAdded(NewModule),
    /// A module is gone, with its names and with what the compiler said of it.
    ModuleDeleted {
        /// Whose.
        user: UserId,
        /// Which.
        digest: Digest,
    },
    /// The compiler does not take a module.
    ModuleRefused {
        /// Whose.
        user: UserId,
        /// Which.
        digest: Digest,
        /// Which compiler with which settings.
        engine: String,
        /// The stable code of the reason.
        code: String,
        /// The reason in a sentence.
        message: String,
        /// When.
        at: UnixMillis,
    },
    /// What a module did to our side so far, in the place of what was recorded before.
    ModuleHarmed(ModuleHarm),
    /// The same, as an operator has it from now on.
    ModuleReleased(ModuleHarm),
    /// An input is there.
    InputAdded(Input),
    /// Idempotency keys of earlier submissions may be used anew.
    IdempotencyKeysExpired {
        /// Earlier than this.
        before: UnixMillis,
    },
    /// A set of rules is in force. Its version is one more than that of the last one, or 1.
    RuleSetApplied(RuleSet),
    /// A sub-cluster is to start nothing until it is resumed.
    SubclusterPaused(PausedSubcluster),
    /// A paused sub-cluster may start tasks again.
    SubclusterResumed {
        /// Its name.
        name: String,
    },
    /// A node is to be emptied, and given nothing until it is resumed.
    NodeDrained(DrainedNode),
    /// A drained node may be given work again.
    NodeResumed {
        /// Its name.
        node: String,
    },
    /// An operator set a label of a node.
    NodeLabelled {
        /// Its name.
        node: String,
        /// Which label.
        key: String,
        /// To what; `None` takes back what was set, so that the configuration's label counts again.
        value: Option<String>,
    },
    /// A node has a number, or is on another host.
    NodeNamed(Node),
    /// A node stands elsewhere, or as something else.
    NodeMoved(Membership),
    /// A network is in supply.
    NetworkPrepared(StoredNetwork),
    /// A user has a network from now on. That another user has it, or that they have another one, is a contradiction.
    NetworkAssigned {
        /// Which network.
        network: u32,
        /// Who has it.
        user: UserId,
        /// When.
        at: UnixMillis,
    },
    /// What a user may reach outside, in the place of what they might before.
    EgressPolicySet {
        /// Who.
        user: UserId,
        /// What: nothing, if it is empty.
        allow: Vec<String>,
        /// When.
        at: UnixMillis,
    },
    /// Somebody asked for something that concerns everyone.
    Audited(Box<Audited>),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedAttempt {
    /// Which.
    pub attempt: AttemptId,
    /// When it executed its first instruction, if it came so far.
    pub started_at: Option<UnixMillis>,
    /// When it ended.
    pub ended_at: UnixMillis,
    /// How.
    pub outcome: Outcome,
    /// More about it, for people.
    pub detail: Option<String>,
    /// What it used.
    pub usage: Usage,
    /// Where it ran; unknown when an earlier server started it and did not see its end.
    pub slot: Option<SlotId>,
    /// What that place was called when it started; unknown where the slot is.
    pub place: Option<Place>,
    /// Its nic, if it had one. What went over it is in the usage.
    pub nic: Option<StoredNic>,
    /// What becomes of its task.
    pub next: Next,
}

/// A place by its names: numbers stay, names and memberships change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The name of the sub-cluster.
    pub subcluster: String,
    /// The name of the node.
    pub node: String,
}
