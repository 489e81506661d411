//! `sublet run`: the same slots in this process, without a server.
//!
//! The module is compiled by a child process all the same, and its machine code kept in a cache directory; its output
//! goes straight to this process's own streams.

mod artifact_cache;
mod course;
mod leavings;
mod outside;
mod publish;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sublet_network::Plan;
use sublet_network::policy::PatternError;
use sublet_sandbox::{Access, Burst, Directory, Preemption, Refusal};
use sublet_scheduler::{AttemptId, JobId, Limits, Outcome, Usage};
use tempfile::TempDir;
use thiserror::Error;

use crate::compile::{CompileError, Compiler};
use crate::environment::{ATTEMPT_FOLDERS, OUT, attempt_path, state_path};
use crate::network::{self, Networking, NicLimits};
use crate::outbox::Outbox;
use crate::protocol::{Definition, Digest, Mount, NetworkTerms, Progress, Stdin, StopCause};
use crate::shares::Shares;
use crate::slots::{Cut, Slots};
use artifact_cache::ArtifactCache;
use course::Course;
use outside::Here;
pub use publish::Publication;
use publish::Published;

/// What is run, and with what.
#[derive(Debug)]
pub struct LocalJob {
    /// The module's binary.
    pub wasm: Vec<u8>,
    /// What the guest sees as its own name.
    pub program: String,
    /// Arguments after that.
    pub args: Vec<String>,
    /// Environment.
    pub env: Vec<(String, String)>,
    /// Name for people, if any.
    pub name: Option<String>,
    /// Limits of each task.
    pub limits: Limits,
    /// Share of each task, in thousandths of a processor: more it does not get. Nothing gives it all there is.
    pub cpu_millis: Option<u64>,
    /// How long a task that is to end may go on after it was asked, where it can hear that.
    pub grace_ms: u64,
    /// Where what tasks leave in `/out` is put, each in a directory of its own if there are several.
    pub out: Option<PathBuf>,
    /// Directories of the host and where the guest sees them.
    pub directories: Vec<Directory>,
    /// Standard input of each task.
    pub stdin: LocalInput,
    /// Indices of the tasks.
    pub tasks: RangeInclusive<u32>,
    /// Where compiled code is kept; nothing compiles anew each time.
    pub cache: Option<PathBuf>,
    /// The executable that is started as `sublet compile`.
    pub compiler: PathBuf,
    /// The network that the tasks share; nothing leaves them without.
    pub network: Option<LocalNetwork>,
}

/// What the tasks of a local run may beyond their own network.
#[derive(Clone, Debug, Default)]
pub struct LocalNetwork {
    /// Patterns of what they may dial.
    pub allow: Vec<String>,
    /// Ports of this host that lead to the one task.
    pub publish: Vec<Publication>,
}

/// Where the guest's standard input comes from.
#[derive(Clone, Debug)]
pub enum LocalInput {
    /// This process's own.
    Inherit,
    /// A file.
    File(PathBuf),
    /// Nothing.
    Empty,
}

/// How one task ended.
#[derive(Clone, Debug)]
pub struct TaskEnding {
    /// Its index.
    pub task: u32,
    /// How.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// A few words more.
    pub detail: Option<String>,
    /// What it was denied on the network, in words: the first few.
    pub denied: Vec<String>,
    /// How far it was, in its own words.
    pub progress: Option<Progress>,
    /// What it came to, in its own words, as Markdown.
    pub summary: Option<String>,
}

/// Why nothing was run.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The module is at fault.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The module cannot be compiled within its budget, or the compiler failed.
    #[error(transparent)]
    Compile(CompileError),
    /// A port of this host cannot be had.
    #[error("port {port} of this host cannot be published")]
    Port {
        /// Which.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// What the tasks are to reach is not a pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The host is at fault: a file, a stream, or what the engine asks of it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<CompileError> for LocalError {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Refused(refusal) => Self::Refused(refusal),
            other @ (CompileError::OverBudget(_) | CompileError::Fault(_)) => Self::Compile(other),
        }
    }
}

/// The one job of this process.
const JOB: JobId = JobId(1);

/// Its network: large enough that each task of the largest array has a place of its own.
const NETWORK: Plan = Plan {
    v4: Ipv4Addr::new(10, 0, 0, 0),
    v4_bits: 8,
    v6: Ipv6Addr::new(0xfd53, 0x7562, 0x6c65, 0, 0, 0, 0, 0),
    v6_bits: 64,
};

/// Runs the tasks, as many at once as there are processors, until all are over or `stop` says to end them.
///
/// # Errors
/// When nothing could be run; what happens to a task is its ending.
pub async fn run(
    job: LocalJob,
    stop: impl Future<Output = ()>,
) -> Result<Vec<TaskEnding>, LocalError> {
    let artifact = compiled(&job).await?;
    let at_once = tasks_at_once(&job.tasks);
    let scratch = Scratch::for_job(&job)?;
    let outbox = Outbox::default();
    let definition = definition(&job)?;
    let ports = publish::take(&publications(&job)).await?;
    let cut = Cut {
        instances_max: at_once,
        memory_bytes_max: job.limits.memory_bytes,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        shares: shares(&job),
        stage: None,
        network: Networking::new(
            NETWORK,
            Arc::new(Here::new(network::egress(&definition.network)?)),
        ),
        questions: None,
    };
    let mut slots = Slots::new(cut, scratch.root().to_owned(), outbox.clone())?;
    let module = definition.module;
    slots.load(module, &artifact, &Sha256::digest(&artifact).into());
    drop(artifact);
    slots.define(definition);
    let slots = Arc::new(slots);
    let guest = course::addresses(*job.tasks.start()).v4;
    let _published = Published::lead(&slots, guest, ports);
    let mut course = Course::new(Arc::clone(&slots), outbox.clone(), scratch, &job);
    let mut over =
        tokio::task::spawn_blocking(move || course.follow(at_once).map(|()| course.into_endings()));
    let endings = tokio::select! {
        over = &mut over => over,
        () = stop => {
            slots.stop_all(StopCause::Cancel);
            over.await
        }
    };
    Ok(endings.map_err(io::Error::other)??)
}

/// Here nobody else's share is to be kept, so a share that was asked for is a cap.
fn shares(job: &LocalJob) -> Shares {
    job.cpu_millis.map_or_else(Shares::unlimited, |cpu_millis| {
        Shares::of(cpu_millis, Burst::Forbidden)
    })
}

async fn compiled(job: &LocalJob) -> Result<Vec<u8>, LocalError> {
    sublet_sandbox::recognise(&job.wasm).map_err(LocalError::Refused)?;
    let cache = job
        .cache
        .as_deref()
        .map(|directory| ArtifactCache::new(directory, &job.wasm));
    if let Some(artifact) = cache.as_ref().and_then(ArtifactCache::find) {
        return Ok(artifact);
    }
    let compiled = Compiler::new(job.compiler.clone())
        .compile(&job.wasm, Preemption::Checks)
        .await?;
    if let Some(Err(error)) = cache.map(|cache| cache.keep(&compiled.artifact)) {
        tracing::warn!(%error, "compiled code is not kept, it will be compiled again next time");
    }
    Ok(compiled.artifact)
}

fn tasks_at_once(tasks: &RangeInclusive<u32>) -> u32 {
    let count = tasks.end().saturating_sub(*tasks.start()).saturating_add(1);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    count.min(u32::try_from(processors).unwrap_or(u32::MAX))
}

fn definition(job: &LocalJob) -> Result<Definition, LocalError> {
    let module: Digest = Sha256::digest(&job.wasm).into();
    let count = u64::from(job.tasks.end().saturating_sub(*job.tasks.start())) + 1;
    let mounts = job
        .directories
        .iter()
        .map(mount)
        .collect::<io::Result<_>>()?;
    let stdin = match &job.stdin {
        LocalInput::Inherit => Stdin::Inherit,
        LocalInput::File(path) => Stdin::File(text(path)?),
        LocalInput::Empty => Stdin::Empty,
    };
    Ok(Definition {
        job: JOB,
        public_id: "local".to_owned(),
        name: job.name.clone(),
        module,
        program: job.program.clone(),
        args: job.args.clone(),
        env: job.env.clone(),
        limits: job.limits,
        task_count: count,
        grace_ms: job.grace_ms,
        speaks_job: speaks_job(&job.wasm),
        parent: None,
        labels: BTreeMap::new(),
        stdin,
        mounts,
        network: terms(job),
    })
}

/// Whether the module may import the package for jobs. One that only has the words in it costs itself a few descriptors.
#[must_use]
pub fn speaks_job(wasm: &[u8]) -> bool {
    let package = b"sublet:job/";
    wasm.windows(package.len()).any(|window| window == package)
}

/// Whoever runs a module at their own terminal is the operator. What they name by its address they mean, protected or not;
/// names and wildcards open nothing that is protected.
fn terms(job: &LocalJob) -> NetworkTerms {
    let allow = job
        .network
        .as_ref()
        .map(|network| network.allow.clone())
        .unwrap_or_default();
    let opened = allow
        .iter()
        .filter(|pattern| pattern.starts_with(|first: char| first == '[' || first.is_ascii_digit()))
        .map(|pattern| format!("protected:{pattern}"));
    NetworkTerms {
        names: Vec::new(),
        operator: std::iter::once("*:*".to_owned()).chain(opened).collect(),
        allow,
        limits: NicLimits::default(),
    }
}

fn publications(job: &LocalJob) -> Vec<Publication> {
    let network = job.network.as_ref();
    network
        .map(|network| network.publish.clone())
        .unwrap_or_default()
}

fn mount(directory: &Directory) -> io::Result<Mount> {
    Ok(Mount {
        host: text(&directory.host)?,
        guest: directory.guest.clone(),
        writable: matches!(directory.access, Access::ReadWrite),
    })
}

/// Absolute, so that joining it to the slots' root leaves it as it is.
fn text(path: &Path) -> io::Result<String> {
    std::path::absolute(path)?
        .into_os_string()
        .into_string()
        .map_err(|path| io::Error::other(format!("path {} is not UTF-8", path.display())))
}

/// The writable directories of the tasks, gone when it is dropped.
#[derive(Debug)]
struct Scratch {
    directory: Option<TempDir>,
    out: Option<PathBuf>,
}

impl Scratch {
    fn for_job(job: &LocalJob) -> io::Result<Self> {
        let wanted = job.limits.scratch_bytes > 0;
        Ok(Self {
            directory: wanted.then(TempDir::new).transpose()?,
            out: job.out.clone(),
        })
    }

    fn root(&self) -> &Path {
        self.directory
            .as_ref()
            .map_or_else(|| Path::new("/"), TempDir::path)
    }

    fn make(&self, attempt: AttemptId) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        for folder in ATTEMPT_FOLDERS {
            std::fs::create_dir_all(directory.path().join(attempt_path(attempt)).join(folder))?;
        }
        std::fs::create_dir_all(directory.path().join(state_path(attempt)))
    }

    /// What a task that succeeded left is taken out first, or told.
    fn remove(&self, attempt: AttemptId, outcome: Outcome, is_alone: bool) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let own = directory.path().join(attempt_path(attempt));
        match (&self.out, outcome) {
            (Some(out), Outcome::Succeeded) => {
                let to = match is_alone {
                    true => out.clone(),
                    false => out.join(attempt.task.to_string()),
                };
                leavings::take_out(&own.join(OUT), &to)?;
            }
            (None, Outcome::Succeeded) => leavings::print_result(&own.join(OUT))?,
            _ => {}
        }
        std::fs::remove_dir_all(own)
    }
}
