//! The one place where the scheduler's nouns, the store's records and the API's words meet. No decision is made here.

pub(crate) mod explain;
mod task;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sublet_api::{
    Code, InputMount, Job, JobEnd, LogEntry, Module, ModuleKind, Node, Pool, Slots, State,
    Subcluster, TaskCounts,
};
use sublet_scheduler::{
    JobId, JobView, PoolView, Restart, SlotCounts, TaskRange, UnixMillis, Usage,
};
use sublet_store::{
    AttemptRow, Error, InputKind, JobSpec, JobSummary, LogFound, ModuleRow, OutcomeKind, PublicId,
    Reader, Tally, TaskFilter, Whose,
};
use sublet_worker::{Interface, Kind, RefusalCode};

pub use task::outcome;
pub(crate) use task::{task, usage};

use crate::driver::Look;
use crate::http::ApiError;

/// A job as people name it.
pub(crate) fn job_id(id: PublicId) -> String {
    format!("job_{id}")
}

/// An instant as the API writes it.
pub(crate) fn timestamp(at: UnixMillis) -> Timestamp {
    i64::try_from(at.0)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .unwrap_or(Timestamp::MAX)
}

/// An instant as the API reads it. Before 1970 nothing happened here.
pub(crate) fn unix_millis(at: Timestamp) -> UnixMillis {
    UnixMillis(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

/// What only the driver knows of a job that is not over.
pub(crate) struct LiveJob {
    pub(crate) view: JobView,
    pub(crate) waiting: Option<sublet_scheduler::Waiting>,
    pub(crate) tally: Tally,
    pub(crate) used: Usage,
    pub(crate) pool: PoolView,
}

impl LiveJob {
    pub(crate) fn of(state: &Look<'_>, id: JobId) -> Option<Self> {
        let (view, active) = (state.scheduler.job(id)?, state.jobs.get(id)?);
        Some(Self {
            view,
            waiting: state.scheduler.waiting(id),
            tally: active.tally,
            used: active.used,
            pool: state.scheduler.pool(),
        })
    }
}

/// What the store knows of a job.
pub(crate) struct StoredJob {
    summary: JobSummary,
    spec: JobSpec,
    /// Of a finished job: what its attempts used, and its first task that did not succeed.
    used: Usage,
    first_failure: Option<(u32, Option<AttemptRow>, OutcomeKind)>,
}

impl StoredJob {
    pub(crate) fn read(reader: &Reader, whose: Whose, id: JobId) -> Result<Option<Self>, Error> {
        let Some(job) = reader.job(whose, id)? else {
            return Ok(None);
        };
        let is_over = job.summary.finished_at.is_some();
        let used = if is_over {
            job.usage()?.usage
        } else {
            Usage::default()
        };
        let all_succeeded = u64::from(job.summary.tally.succeeded) == job.summary.tally.settled();
        let first_failure = match is_over && !all_succeeded {
            true => job.tasks(TaskFilter::Unsuccessful, None, 1)?.pop(),
            false => None,
        };
        let first_failure =
            first_failure.map(|row| (row.task, row.latest, task::settled_as(row.state)));
        Ok(Some(Self {
            spec: job.spec()?,
            used,
            first_failure,
            summary: job.summary,
        }))
    }
}

/// A job with everything there is to say.
pub(crate) fn job(user: &str, stored: &StoredJob, live: Option<&LiveJob>) -> Job {
    let StoredJob { summary, spec, .. } = stored;
    let live = live.filter(|_| summary.finished_at.is_none());
    let counts = counts(summary, live);
    let subcluster = live.and_then(|live| {
        let home = live.view.subcluster?;
        live.pool
            .subclusters
            .iter()
            .find(|one| one.subcluster == home)
            .map(|one| one.name.clone())
    });
    Job {
        id: job_id(summary.public_id),
        number: summary.number,
        user: user.to_owned(),
        name: summary.name.clone(),
        module: summary.module.to_string(),
        state: state(summary, &counts),
        end: summary.finished_at.is_some().then(|| end(stored)),
        tasks: counts,
        waiting: live.and_then(|live| Some(explain::waiting(live.waiting?, &live.pool))),
        array: (spec.tasks != (0..=0)).then(|| (*spec.tasks.start(), *spec.tasks.end())),
        args: spec.args.clone(),
        labels: spec.labels.clone(),
        limits: limits(spec),
        priority: spec.priority,
        restart: restart(spec.restart),
        inputs: spec.inputs.iter().map(mount).collect(),
        cancel_asked: summary.cancel_asked,
        subcluster,
        submitted_at: timestamp(summary.submitted_at),
        finished_at: summary.finished_at.map(timestamp),
        usage: usage(live.map_or(&stored.used, |live| &live.used)),
    }
}

fn state(summary: &JobSummary, counts: &TaskCounts) -> State {
    let is_under_way = counts.starting + counts.running + counts.stopping + counts.finished > 0;
    match summary.finished_at {
        Some(_) => State::Finished,
        None if is_under_way => State::Running,
        None => State::Queued,
    }
}

fn counts(summary: &JobSummary, live: Option<&LiveJob>) -> TaskCounts {
    let tally = live.map_or(summary.tally, |live| live.tally);
    let view = live.map(|live| live.view).unwrap_or_default();
    TaskCounts {
        total: task_count(&summary.tasks),
        queued: view.queued + view.retrying,
        starting: view.starting,
        running: view.running,
        stopping: view.stopping,
        finished: tally.settled(),
        succeeded: tally.succeeded.into(),
        failed: tally.failed.into(),
        trapped: tally.trapped.into(),
        limit_exceeded: tally.limit_exceeded.into(),
        cancelled: tally.cancelled.into(),
        lost: tally.lost.into(),
    }
}

fn end(stored: &StoredJob) -> JobEnd {
    match &stored.first_failure {
        None => JobEnd {
            outcome: sublet_api::Outcome::Succeeded,
            task: None,
            attempts: None,
            detail: None,
        },
        Some((task, Some(attempt), kind)) if OutcomeKind::of(attempt.outcome) == *kind => JobEnd {
            outcome: outcome(attempt.outcome),
            task: Some(*task),
            attempts: Some(attempt.number),
            detail: attempt.detail.clone(),
        },
        // Cancelled while it waited: whatever came before is not its end.
        Some((task, attempt, _)) => JobEnd {
            outcome: sublet_api::Outcome::Cancelled {
                reason: "asked".to_owned(),
            },
            task: Some(*task),
            attempts: Some(attempt.as_ref().map_or(0, |attempt| attempt.number)),
            detail: None,
        },
    }
}

pub(crate) fn task_count(tasks: &TaskRange) -> u64 {
    u64::from(tasks.end().saturating_sub(*tasks.start())) + 1
}

fn limits(spec: &JobSpec) -> sublet_api::Limits {
    let limits = spec.limits;
    sublet_api::Limits {
        cpu_millis: Some(spec.cpu_millis),
        memory_bytes: Some(limits.memory_bytes),
        timeout_ms: Some(limits.wall_ms),
        cpu_time_ms: limits.cpu_ms,
        output_bytes: Some(limits.output_bytes),
        scratch_bytes: Some(limits.scratch_bytes),
        open_files: Some(limits.open_files),
    }
}

const fn restart(policy: Restart) -> sublet_api::Restart {
    match policy {
        Restart::Never => sublet_api::Restart::Never,
        Restart::OnLoss => sublet_api::Restart::OnLoss,
        Restart::OnFailure {
            retries,
            backoff_ms,
        } => sublet_api::Restart::OnFailure {
            retries,
            backoff_ms,
        },
    }
}

fn mount(input: &sublet_store::NewInput) -> InputMount {
    InputMount {
        digest: input.digest.to_string(),
        guest: input.guest_path.clone(),
    }
}

pub(crate) fn module(row: &ModuleRow) -> Result<Module, ApiError> {
    let interface: Interface =
        serde_json::from_str(&row.interface).map_err(|error| ApiError::fault(&error))?;
    let name = row.names.first();
    Ok(Module {
        digest: row.digest.to_string(),
        name: name.map(|name| name.name.clone()),
        tag: name.and_then(|name| name.tag.clone()),
        size_bytes: row.size_bytes,
        kind: match interface.kind {
            Kind::Core => ModuleKind::Core,
            Kind::Component => ModuleKind::Component,
        },
        imports: interface.imports,
        exports: interface.exports,
        memory_bytes_min: interface.memory_bytes_min,
        pushed_at: timestamp(row.added_at),
    })
}

pub(crate) fn input(input: &sublet_store::Input) -> sublet_api::Input {
    sublet_api::Input {
        digest: input.digest.to_string(),
        kind: match input.kind {
            InputKind::Tree => sublet_api::InputKind::Tree,
            InputKind::Blob => sublet_api::InputKind::Blob,
        },
        size_bytes: input.size_bytes,
    }
}

pub(crate) const fn input_kind(kind: sublet_api::InputKind) -> InputKind {
    match kind {
        sublet_api::InputKind::Tree => InputKind::Tree,
        sublet_api::InputKind::Blob => InputKind::Blob,
    }
}

pub(crate) const fn stream_wanted(stream: sublet_api::Stream) -> sublet_store::Stream {
    match stream {
        sublet_api::Stream::Stdout => sublet_store::Stream::Stdout,
        sublet_api::Stream::Stderr => sublet_store::Stream::Stderr,
    }
}

/// A piece of output, unless it is older than wanted. A gap is told whatever its age, which nobody knows.
pub(crate) fn log_entry(found: LogFound, since: Option<UnixMillis>) -> Option<LogEntry> {
    match found {
        LogFound::Chunk(chunk) => {
            if since.is_some_and(|since| chunk.at < since) {
                return None;
            }
            let stream = match chunk.stream {
                sublet_store::Stream::Stdout => sublet_api::Stream::Stdout,
                sublet_store::Stream::Stderr => sublet_api::Stream::Stderr,
            };
            let (text, base64) = match String::from_utf8(chunk.bytes) {
                Ok(text) => (Some(text), None),
                Err(error) => (None, Some(BASE64_STANDARD.encode(error.as_bytes()))),
            };
            Some(LogEntry {
                task: chunk.task,
                attempt: chunk.attempt,
                stream,
                at: timestamp(chunk.at),
                text,
                base64,
                missing_bytes: None,
            })
        }
        LogFound::Gap { file_bytes } => Some(LogEntry {
            task: 0,
            attempt: 0,
            stream: sublet_api::Stream::Stderr,
            at: Timestamp::UNIX_EPOCH,
            text: None,
            base64: None,
            missing_bytes: Some(file_bytes),
        }),
    }
}

pub(crate) fn pool(view: &PoolView) -> Pool {
    Pool {
        draining: view.draining,
        cpu_millis: view.nodes.iter().map(|node| node.capacity.cpu_millis).sum(),
        memory_bytes: view
            .nodes
            .iter()
            .map(|node| node.capacity.memory_bytes)
            .sum(),
        subclusters: view
            .subclusters
            .iter()
            .map(|one| Subcluster {
                name: one.name.clone(),
                slot_cpu_millis: one.slot.cpu_millis,
                slot_memory_bytes: one.slot.memory_bytes,
                slots: slots(one.slots),
                queued: one.queued_tasks,
                nodes: one.nodes,
            })
            .collect(),
        nodes: view
            .nodes
            .iter()
            .map(|node| Node {
                id: node.node.0,
                subcluster: node.subcluster.and_then(|home| {
                    view.subclusters
                        .iter()
                        .find(|one| one.subcluster == home)
                        .map(|one| one.name.clone())
                }),
                cpu_millis: node.capacity.cpu_millis,
                memory_bytes: node.capacity.memory_bytes,
                slots: slots(node.slots),
            })
            .collect(),
    }
}

const fn slots(counts: SlotCounts) -> Slots {
    Slots {
        total: counts.total,
        free: counts.free,
    }
}

/// The stable code of a refused module.
#[must_use]
pub const fn code_of(refusal: RefusalCode) -> Code {
    match refusal {
        RefusalCode::NotWasm => Code::NotWasm,
        RefusalCode::NativeCode => Code::NativeCode,
        RefusalCode::Invalid => Code::ModuleInvalid,
        RefusalCode::Proposal => Code::FeatureRefused,
        RefusalCode::TooLarge => Code::ModuleTooComplex,
        RefusalCode::UnknownImport | RefusalCode::NoNetwork => Code::UnknownImport,
        RefusalCode::NoEntryPoint => Code::NoEntryPoint,
        RefusalCode::Compiler => Code::ModuleInvalid,
    }
}
