//! What a job asks of whoever runs it: `sublet:job`, beside WASI.
//!
//! ```text
//!   guest ── context, payload, report ──► Job: facts, its input, a desk ──► whoever runs it
//!         ── checkpoint, artifacts ─────► Job: two directories              (traits, which the worker implements)
//!         ── children, peers ───────────► Job: its relatives
//! ```
//!
//! The same directories are what a program sees that links nothing of ours, so both ways lead to one place. Each call is
//! bounded in size, what is kept of many calls is bounded in number, and what a guest wants beyond is an error to it. A
//! guest of which nothing is known here is told so: it is no mistake to import what one does not get.

mod bindings;

mod artifacts;
mod checkpoint;
mod children;
mod context;
mod folder;
mod payload;
mod peers;
pub(crate) mod relatives;
mod report;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use sublet_scheduler::Limits;
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::WasiView;

use crate::output::Output;
use crate::state::State;
use bindings::sublet::job::types::Error;
use bindings::sublet::job::{
    artifacts as artifacts_interface, checkpoint as checkpoint_interface,
    children as children_interface, context as context_interface, payload as payload_interface,
    peers as peers_interface, report as report_interface, types,
};
use relatives::Relatives;

/// Bytes that one call hands over or is given, a little below what the engine lets pass: more is an error to the guest, and
/// beyond the engine's own bound it is a trap.
pub(crate) const BYTES_PER_CALL_MAX: usize = 1_000_000;

/// What one attempt of a job is to be told, and where what it says goes.
pub struct Job {
    /// What is known of it.
    pub facts: Facts,
    /// What it reads: the same bytes as its standard input.
    pub input: Option<File>,
    /// Where it leaves artifacts; nothing where it has no disk.
    pub out: Option<OwnedFd>,
    /// What it hands on to the next attempt; nothing where it has no disk.
    pub state: Option<OwnedFd>,
    /// Who listens.
    pub desk: Arc<dyn Desk>,
    /// Who knows the other jobs, where anybody does.
    pub relatives: Option<Arc<dyn Relatives>>,
}

/// What is known of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The job's id as people see it.
    pub job: String,
    /// The name that people gave it.
    pub name: Option<String>,
    /// The index of the task, and how many there are.
    pub task: (u32, u32),
    /// Counted from 1.
    pub attempt: u32,
    /// The job's labels.
    pub labels: BTreeMap<String, String>,
    /// The job that submitted it, if a job did.
    pub parent: Option<String>,
    /// The name under which others on its network find it, if it has a place there.
    pub host_name: Option<String>,
}

/// Who listens to what a guest says. Nothing here waits, and nothing is believed: the listener bounds what it keeps.
pub trait Desk: Send + Sync + 'static {
    /// Why the attempt is to end, once it is.
    fn stop_requested(&self) -> Option<String>;

    /// How far it is: millionths of the whole, where it can tell, and words.
    fn progress(&self, millionths: Option<u32>, message: &str);

    /// What it came to, in Markdown. The last word counts.
    fn summary(&self, markdown: &str);

    /// A value that it measured, or so much more of something that it counts.
    fn measure(&self, name: &str, measure: Measure);

    /// What is in an artifact.
    fn artifact_type(&self, name: &str, content_type: &str);

    /// How it fails, before it exits. The last word counts.
    fn fail(&self, failure: Failure);
}

/// Something that a guest measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// It is so much now.
    Is(f64),
    /// It is so much more than before.
    More(u64),
}

/// How an attempt says that it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: i32,
    /// In a word.
    pub kind: String,
    /// For people.
    pub message: String,
    /// Whether another attempt could help.
    pub is_retryable: bool,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("facts", &self.facts)
            .field("has_disk", &self.out.is_some())
            .finish_non_exhaustive()
    }
}

/// The job of an instance inside its store.
pub(crate) struct JobState {
    job: Option<Job>,
    stderr: Output,
    limits: Limits,
    began: Instant,
    /// Artifacts that are being written, and how many were begun.
    writers: usize,
    writers_begun: u64,
    /// Bytes of children that are described and not submitted.
    specs_bytes: usize,
}

impl JobState {
    pub(crate) fn new(job: Option<Job>, stderr: Output, limits: Limits) -> Self {
        Self {
            job,
            stderr,
            limits,
            began: Instant::now(),
            writers: 0,
            writers_begun: 0,
            specs_bytes: 0,
        }
    }

    /// The directory of artifacts.
    fn out(&self) -> std::result::Result<&OwnedFd, Error> {
        let out = self.job.as_ref().and_then(|job| job.out.as_ref());
        out.ok_or_else(no_disk)
    }

    /// The directory that the next attempt is handed.
    fn state(&self) -> std::result::Result<&OwnedFd, Error> {
        let state = self.job.as_ref().and_then(|job| job.state.as_ref());
        state.ok_or_else(no_disk)
    }

    fn desk(&self) -> Option<&dyn Desk> {
        self.job.as_ref().map(|job| &*job.desk)
    }

    fn facts(&self) -> Option<&Facts> {
        self.job.as_ref().map(|job| &job.facts)
    }
}

fn no_disk() -> Error {
    Error::Denied("the job has no disk: give it some with --scratch SIZE".to_owned())
}

fn no_relatives() -> Error {
    Error::Denied("there are no other jobs here: submit this one to a server".to_owned())
}

/// Bytes of one call that are more than are taken.
fn too_many(what: &str, bytes: usize) -> Error {
    Error::Quota(format!(
        "{what} is {bytes} bytes, the limit of one call is {BYTES_PER_CALL_MAX}"
    ))
}

/// The host's trouble with its disk: what it is exactly is not a guest's business.
fn broken(doing: &str, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("cannot {doing}: {}", error.kind()))
}

/// Names [`JobView`] to the linker.
pub(crate) struct JobData;

impl HasData for JobData {
    type Data<'a> = JobView<'a>;
}

/// What the functions of the job may touch of an instance.
pub(crate) struct JobView<'a> {
    state: &'a mut JobState,
    memory_used: u64,
    table: &'a mut ResourceTable,
}

impl State {
    fn job(&mut self) -> JobView<'_> {
        JobView {
            memory_used: self.limiter.memory_used(),
            state: &mut self.job,
            table: self.wasi.ctx().table,
        }
    }
}

impl types::Host for JobView<'_> {}

/// Adds the package.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    types::add_to_linker::<State, JobData>(linker, State::job)?;
    context_interface::add_to_linker::<State, JobData>(linker, State::job)?;
    payload_interface::add_to_linker::<State, JobData>(linker, State::job)?;
    report_interface::add_to_linker::<State, JobData>(linker, State::job)?;
    checkpoint_interface::add_to_linker::<State, JobData>(linker, State::job)?;
    artifacts_interface::add_to_linker::<State, JobData>(linker, State::job)?;
    children_interface::add_to_linker::<State, JobData>(linker, State::job)?;
    peers_interface::add_to_linker::<State, JobData>(linker, State::job)
}
