//! What a worker is told and what it answers.
//!
//! ```text
//!   Configure ─► Ready      Load ─► Loaded | LoadFailed      Define, Forget, Unload: no answer
//!   Start ─► Started, (Output | Told)*, Ended      Stop: the attempt's own Ended is the answer
//!   AreYouThere ─► Here
//!   Asked ◄─ by the worker ─► Answered     Incoming, Asked and answered: HungUp when the connection is over
//! ```
//!
//! A job is described once ([`Definition`]); each of its attempts is then started with a few bytes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sublet_network::{Addresses, Plan, Protocol, Refusal, Target};
use sublet_sandbox::{Burst, Preemption, Refused, Reply, Wish};
use sublet_scheduler::{AttemptId, JobId, Limits, NetworkUsage, Outcome, Usage};

use crate::network::NicLimits;
use crate::wall::Standing;
use crate::wire::{
    AttemptIdWire, JobIdWire, LimitsWire, MaybeAddresses, NetworkUsageWire, OutcomeWire, PlanWire,
    ProtocolWire, RefusalWire, TargetWire, UsageWire,
};

/// Sha256 of a module's binary.
pub type Digest = [u8; 32];

/// To the worker. Descriptors travel beside the frame, in the order of the messages that need one.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToWorker {
    /// The first message: how large the pool is and where its one directory lies. With a descriptor that the worker
    /// only holds: as long as it lives, the lock behind it tells a later front that this worker is not gone yet.
    Configure(Configuration),
    /// Make a compiled module ready to start. With a descriptor of the artifact, open for reading.
    Load {
        /// The module.
        module: Digest,
        /// What the bytes of the artifact must hash to.
        artifact_sha256: Digest,
        /// How many there are.
        length: u64,
    },
    /// Forget a module that nothing runs.
    Unload(Digest),
    /// Describe a job.
    Define(Box<Definition>),
    /// Forget a job that is over.
    Forget(#[serde(with = "JobIdWire")] JobId),
    /// Run an attempt of a job that was defined, of a module that is loaded.
    Start {
        /// Which.
        #[serde(with = "AttemptIdWire")]
        attempt: AttemptId,
        /// Its addresses on the user's network, if it has a nic.
        #[serde(with = "MaybeAddresses")]
        nic: Option<Addresses>,
    },
    /// End an attempt.
    Stop {
        /// Which.
        #[serde(with = "AttemptIdWire")]
        attempt: AttemptId,
        /// Why.
        cause: StopCause,
    },
    /// What the worker asked for under this number. With a descriptor, where something was connected.
    Answered {
        /// The number of the question.
        number: u64,
        /// The answer.
        answer: Answer,
    },
    /// Say what went over the nics so far; the number comes back with the answer.
    TellTraffic(u64),
    /// Nothing was heard for a while: say that it lives.
    AreYouThere,
    /// Somebody beyond this worker wants to reach an instance. With a descriptor of the connection.
    Incoming {
        /// The front's number for it.
        connection: u64,
        /// What is spoken.
        #[serde(with = "ProtocolWire")]
        protocol: Protocol,
        /// The address and port of the instance.
        to: SocketAddr,
        /// Who it is.
        from: SocketAddr,
    },
}

/// What a worker asks of the front.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// Which addresses in other workers of this user carry this name.
    Neighbours(String),
    /// To be connected with somebody beyond this worker.
    Dial {
        /// The nic of who asks, by its address.
        nic: Ipv4Addr,
        /// What is spoken.
        #[serde(with = "ProtocolWire")]
        protocol: Protocol,
        /// With whom.
        #[serde(with = "TargetWire")]
        target: Target,
    },
    /// What a guest wants of other jobs.
    Relatives {
        /// Which guest.
        #[serde(with = "AttemptIdWire")]
        attempt: AttemptId,
        /// What.
        wish: Box<Wish>,
    },
}

/// What the front answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// These.
    Neighbours(Vec<IpAddr>),
    /// The descriptor beside this is connected.
    Connected {
        /// The front's number for it.
        connection: u64,
        /// Who is at the other end.
        peer: SocketAddr,
    },
    /// To a guest that wants something of other jobs.
    Relatives(Result<Reply, Refused>),
    /// No, and why.
    Refused(#[serde(with = "RefusalWire")] Refusal),
}

/// How the instances of a sub-cluster are kept apart from those of the same user. Users never share a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Isolation {
    /// Many share the user's worker; their code looks whether it is time to give way.
    User,
    /// Each has a worker for itself; the kernel takes the processor from it, and a kill ends it.
    Process,
}

impl Isolation {
    /// Who makes guests give way.
    #[must_use]
    pub const fn preemption(self) -> Preemption {
        match self {
            Self::User => Preemption::Checks,
            Self::Process => Preemption::Kernel,
        }
    }
}

/// The directory in which a process was started. What lies above it may be closed to the account that it has.
pub const HERE: &str = ".";

/// The shape of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Configuration {
    /// Instances that may live at once.
    pub instances_max: u32,
    /// Memory ceiling of one instance.
    pub memory_bytes_max: u64,
    /// Whether it serves many instances or one, after which it ends.
    pub isolation: Isolation,
    /// Share of one instance, in thousandths of a processor.
    pub cpu_millis: u64,
    /// What an instance may do beyond its share. The share of one that has its worker for itself is kept from outside.
    pub burst: Burst,
    /// The worker's one directory: [`HERE`] for one that was started in it.
    pub directory: String,
    /// The addresses of its user's network.
    #[serde(with = "PlanWire")]
    pub network: Plan,
}

/// All that the attempts of a job have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Definition {
    /// The job.
    #[serde(with = "JobIdWire")]
    pub job: JobId,
    /// The name that guests see.
    pub public_id: String,
    /// The name that people gave it.
    pub name: Option<String>,
    /// The module it runs.
    pub module: Digest,
    /// What the guest sees as its own name, `argv[0]`.
    pub program: String,
    /// Arguments after that.
    pub args: Vec<String>,
    /// Environment, beside the variables that say who the guest is.
    pub env: Vec<(String, String)>,
    /// Limits of each attempt.
    #[serde(with = "LimitsWire")]
    pub limits: Limits,
    /// How many tasks the job has.
    pub task_count: u64,
    /// How long an attempt that is to end may go on after it was asked, where it can hear that.
    pub grace_ms: u64,
    /// Whether its module speaks of its job with whoever runs it: `sublet:job`.
    pub speaks_job: bool,
    /// The job that submitted it, if a job did.
    pub parent: Option<String>,
    /// For the module to read.
    pub labels: BTreeMap<String, String>,
    /// What each attempt reads from its standard input.
    pub stdin: Stdin,
    /// Directories that are the same for each attempt.
    pub mounts: Vec<Mount>,
    /// What each attempt may on the user's network. Those without a nic have none of it.
    pub network: NetworkTerms,
}

impl Definition {
    /// Whether each attempt has directories of its own.
    #[must_use]
    pub const fn has_directories(&self) -> bool {
        self.limits.scratch_bytes > 0
    }

    /// Whether each attempt can say something of itself, and be told something.
    #[must_use]
    pub const fn can_speak(&self) -> bool {
        self.has_directories() || self.speaks_job
    }

    /// How long an attempt goes on after it was asked to end. One that cannot hear is not asked.
    #[must_use]
    pub const fn grace(&self) -> Duration {
        if self.can_speak() {
            Duration::from_millis(self.grace_ms)
        } else {
            Duration::ZERO
        }
    }
}

/// How far an attempt is, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How much is done, in millionths, where it can tell.
    pub millionths: Option<u32>,
    /// The same in words: one short line without control characters.
    pub message: String,
}

/// What the attempts of a job may on their user's network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkTerms {
    /// Names that each attempt carries, beside its own.
    pub names: Vec<String>,
    /// What the operator allows its user to reach beyond the network, as patterns.
    pub operator: Vec<String>,
    /// What the job asks to reach beyond the network, as patterns.
    pub allow: Vec<String>,
    /// How much each nic may use.
    pub limits: NicLimits,
}

/// What an attempt reads from its standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stdin {
    /// Nothing: end of file at once.
    Empty,
    /// A file below the worker's directory.
    File(String),
    /// The standard input of this process: `sublet run` only.
    Inherit,
}

/// A directory of the host and where guests see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Below the worker's directory; `sublet run` may name any.
    pub host: String,
    /// Absolute path in the guest.
    pub guest: String,
    /// Whether guests may write.
    pub writable: bool,
}

/// Why an attempt is ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopCause {
    /// Its user or an operator asked.
    Cancel,
    /// The server is stopping.
    Shutdown,
    /// Its node leaves its sub-cluster.
    Drain,
    /// Its slot is needed for another user's share.
    Preempt,
}

/// From the worker.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The pool is made; attempts may be started.
    Ready {
        /// The engine, as it must stand in every artifact: version, configuration, processor.
        engine: String,
        /// The layers of the wall around it. None, where it has no process for itself.
        wall: Vec<Standing>,
    },
    /// The module can be started.
    Loaded(Digest),
    /// The module cannot be started: its artifact is damaged or of another engine.
    LoadFailed {
        /// The module.
        module: Digest,
        /// Why.
        reason: String,
    },
    /// The first instruction is about to be executed.
    Started(#[serde(with = "AttemptIdWire")] AttemptId),
    /// The guest wrote something.
    Output {
        /// Which guest.
        #[serde(with = "AttemptIdWire")]
        attempt: AttemptId,
        /// Where to.
        stream: Stream,
        /// What.
        bytes: Vec<u8>,
    },
    /// A guest said how far it is. Only the last word counts.
    Told {
        /// Which guest.
        #[serde(with = "AttemptIdWire")]
        attempt: AttemptId,
        /// How far.
        progress: Progress,
    },
    /// The instance is gone, and so is all it held in this process.
    Ended(Box<Ended>),
    /// The worker wants to know something, or to be connected with somebody.
    Asked {
        /// Counts the questions of this worker.
        number: u64,
        /// What.
        question: Question,
    },
    /// What became of a connection that was offered.
    Taken {
        /// Which.
        connection: u64,
        /// Why nobody took it; nothing where somebody did.
        refusal: Option<NotTaken>,
    },
    /// A connection of the front is not used any more.
    HungUp(u64),
    /// It lives: the answer to whether it is there.
    Here,
    /// What went over the nics that live.
    Traffic {
        /// The number of the question.
        number: u64,
        /// Each of them.
        nics: Vec<NicTraffic>,
    },
}

/// Why nobody took a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotTaken {
    /// Nobody listens there.
    Refused,
    /// Nobody is there.
    Unreachable,
    /// As many wait there as may.
    Limit,
}

impl From<NotTaken> for Refusal {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::Refused => Self::ConnectionRefused,
            NotTaken::Unreachable => Self::Unreachable,
            NotTaken::Limit => Self::Limit,
        }
    }
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unreachable => Self::Unreachable,
            Refusal::Limit => Self::Limit,
            _ => Self::Refused,
        }
    }
}

/// What went over one nic so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NicTraffic {
    /// Its address.
    pub v4: Ipv4Addr,
    /// What was counted.
    #[serde(with = "NetworkUsageWire")]
    pub usage: NetworkUsage,
}

/// The end of an attempt.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Which attempt.
    #[serde(with = "AttemptIdWire")]
    pub attempt: AttemptId,
    /// First instruction, in milliseconds since the Unix epoch; nothing when it never came so far.
    pub started_at_ms: Option<u64>,
    /// The end, in milliseconds since the Unix epoch.
    pub ended_at_ms: u64,
    /// How.
    #[serde(with = "OutcomeWire")]
    pub outcome: Outcome,
    /// What it used.
    #[serde(with = "UsageWire")]
    pub usage: Usage,
    /// A few words more.
    pub detail: Option<String>,
    /// What it was denied on the network, in words: the first few.
    pub denied: Vec<String>,
    /// How far it was, in its own words.
    pub progress: Option<Progress>,
    /// What it came to, in its own words, as Markdown.
    pub summary: Option<String>,
    /// What is in its artifacts, where it said so: names and media types.
    pub media_types: Vec<(String, String)>,
    /// Whether it said that another attempt would not help.
    pub is_final: bool,
}

/// Which of a guest's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}
