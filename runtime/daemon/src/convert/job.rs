//! Jobs in the API's words: what the store knows, and what only the driver does.

use sublet_api::{
    After, ArtifactSum, InputMount, Job, JobEnd, Progress, State, TaskCounts, Waiting, When,
};
use sublet_scheduler::{AttemptId, JobId, JobView, Restart, TaskRange, UnixMillis, Usage, UserId};
use sublet_store::{
    AttemptRow, Error, JobSpec, JobSummary, OutcomeKind, Reader, Tally, TaskFilter, Whose,
};

use super::explain::{self, Prospect};
use super::network::job_network;
use super::{
    job_id, outcome,
    task::{WaitingEnd, progress_of, settled_as},
    timestamp, usage,
};
use crate::driver::{ActiveJob, Look};

/// What only the driver knows of a job that is not over.
pub(crate) struct LiveJob {
    pub(crate) view: JobView,
    pub(crate) waiting: Option<Waiting>,
    pub(crate) prospect: Prospect,
    pub(crate) subcluster: Option<String>,
    pub(crate) tally: Tally,
    pub(crate) used: Usage,
    progress: Option<Progress>,
}

impl LiveJob {
    pub(crate) fn of(state: &Look<'_>, id: JobId) -> Option<Self> {
        let (view, active) = (state.scheduler.job(id)?, state.jobs.get(id)?);
        let why = state.scheduler.waiting(state.now, id);
        let names = state.scheduler.subcluster_names();
        let name_of = |id| {
            let job = state.jobs.get(id);
            job.map_or_else(
                || "a job".to_owned(),
                |job| job.definition.public_id.clone(),
            )
        };
        let waiting = why
            .as_ref()
            .map(|why| explain::waiting(why, &names, name_of));
        let held_back = || {
            let (until, obstacle) = state.held_back.first_of(id)?;
            Some(explain::held_back(state.now, until, obstacle))
        };
        let prospect = why.as_ref().map(Prospect::of);
        let (waiting, prospect) = waiting.zip(prospect).or_else(held_back).unzip();
        Some(Self {
            waiting,
            prospect: prospect.unwrap_or_default(),
            subcluster: view.subcluster.and_then(|home| names.get(&home).cloned()),
            tally: active.tally,
            used: active.used,
            progress: progress(state, id, active),
            view,
        })
    }
}

/// How far the job is: its tasks that are over, and what those say that run. Words are those of a task alone.
fn progress(state: &Look<'_>, id: JobId, active: &ActiveJob) -> Option<Progress> {
    let begin = |job| AttemptId {
        job,
        task: 0,
        number: 0,
    };
    let said = state.progress.range(begin(id)..begin(JobId(id.0 + 1)));
    let said: Vec<_> = said.map(|(_, said)| said).collect();
    let message = match (active.definition.task_count, said.as_slice()) {
        (_, []) => return None,
        (1, [alone]) => alone.message.as_str(),
        (_, _) => "",
    };
    let shares: Vec<u64> = said
        .iter()
        .filter_map(|said| said.millionths.map(u64::from))
        .collect();
    if shares.is_empty() {
        return Some(progress_of(None, message));
    }
    let settled = active.tally.settled().saturating_mul(1_000_000);
    let sum = shares.iter().sum::<u64>().saturating_add(settled);
    let whole = u32::try_from(sum / active.definition.task_count.max(1)).unwrap_or(u32::MAX);
    Some(progress_of(Some(whole.min(1_000_000)), message))
}

/// Whether a task of a job that is not over has begun. Nothing for jobs that the driver does not know.
pub(crate) fn is_under_way(state: &Look<'_>, id: JobId) -> Option<bool> {
    let (view, active) = (state.scheduler.job(id)?, state.jobs.get(id)?);
    let begun = view.starting + view.running + view.stopping;
    Some(begun + active.tally.settled() > 0)
}

/// What the store knows of a job.
pub(crate) struct StoredJob {
    summary: JobSummary,
    spec: JobSpec,
    /// Of a finished job: what its attempts used, and its first task that did not succeed.
    used: Usage,
    after: Vec<After>,
    via: Option<String>,
    routed_at: Option<UnixMillis>,
    considered: Vec<String>,
    left: sublet_store::ArtifactSum,
    /// How many jobs it submitted.
    children: u64,
    first_failure: Option<(u32, Option<AttemptRow>, OutcomeKind)>,
}

impl StoredJob {
    /// Whose it is.
    pub(crate) const fn user(&self) -> UserId {
        self.summary.user
    }

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
        let first_failure = first_failure.map(|row| (row.task, row.latest, settled_as(row.state)));
        let spec = job.spec()?;
        let children = if spec.generations > 0 {
            job.children()?
        } else {
            0
        };
        let considered = job.considered()?;
        let routed_at = considered.as_ref().map(|considered| considered.at);
        let considered = considered
            .map(|considered| considered.verdicts)
            .unwrap_or_default();
        Ok(Some(Self {
            after: after(reader, whose, &spec)?,
            via: job.via()?,
            left: job.artifact_sum()?,
            children,
            routed_at,
            considered: considered.lines().map(str::to_owned).collect(),
            spec,
            used,
            first_failure,
            summary: job.summary,
        }))
    }

    /// What each sub-cluster had to say when the job was routed.
    pub(crate) fn considered(&self) -> &[String] {
        &self.considered
    }
}

/// The jobs that this one waits for, as people name them. One that is gone is not told of any more.
fn after(reader: &Reader, whose: Whose, spec: &JobSpec) -> Result<Vec<After>, Error> {
    let mut after = Vec::new();
    for one in &spec.after {
        if let Some(job) = reader.job(whose, one.job)? {
            after.push(After {
                job: job_id(job.summary.public_id),
                when: match one.when {
                    sublet_store::When::OnSuccess => When::Success,
                    sublet_store::When::OnFailure => When::Failure,
                    sublet_store::When::Always => When::Always,
                },
            });
        }
    }
    Ok(after)
}

/// A job with everything there is to say.
pub(crate) fn job(user: &str, stored: &StoredJob, live: Option<&LiveJob>) -> Job {
    let StoredJob { summary, spec, .. } = stored;
    let live = live.filter(|_| summary.finished_at.is_none());
    let counts = counts(summary, live);
    let recorded = summary.route.as_ref();
    let subcluster = match live {
        Some(live) => live.subcluster.clone(),
        None => recorded.map(|route| route.subcluster.clone()),
    };
    let routed_by = recorded.and_then(|route| serde_json::from_str(&route.routed_by).ok());
    Job {
        id: job_id(summary.public_id),
        number: summary.number,
        user: user.to_owned(),
        via: stored.via.clone(),
        name: summary.name.clone(),
        module: summary.module.to_string(),
        state: state(summary, &counts),
        end: summary.finished_at.is_some().then(|| end(stored)),
        tasks: counts,
        waiting: live.and_then(|live| live.waiting.clone()),
        array: (spec.tasks != (0..=0)).then(|| (*spec.tasks.start(), *spec.tasks.end())),
        args: spec.args.clone(),
        labels: spec.labels.clone(),
        limits: limits(spec),
        grace_ms: spec.grace_ms,
        priority: spec.priority,
        restart: restart(spec.restart),
        inputs: spec.inputs.iter().map(mount).collect(),
        cancel_asked: summary.cancel_asked,
        subcluster,
        routed_by,
        class: Some(spec.class.clone()).filter(|class| !class.is_empty()),
        gang: spec.gang.then(|| spec.tasks.end() - spec.tasks.start() + 1),
        generations: spec.generations,
        parent: summary
            .parent
            .and_then(|parent| parent.public_id)
            .map(job_id),
        children: (stored.children > 0).then_some(stored.children),
        after: stored.after.clone(),
        network: job_network(&spec.network),
        submitted_at: timestamp(summary.submitted_at),
        routed_at: stored.routed_at.map(timestamp),
        finished_at: summary.finished_at.map(timestamp),
        usage: usage(live.map_or(&stored.used, |live| &live.used)),
        progress: live.and_then(|live| live.progress.clone()),
        artifacts: (stored.left.count > 0).then_some(ArtifactSum {
            count: stored.left.count,
            bytes: stored.left.bytes,
        }),
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
    let view = live.map(|live| live.view.clone()).unwrap_or_default();
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
            outcome: WaitingEnd::of(&stored.summary).outcome(),
            task: Some(*task),
            attempts: Some(attempt.as_ref().map_or(0, |attempt| attempt.number)),
            detail: None,
        },
    }
}

fn task_count(tasks: &TaskRange) -> u64 {
    u64::from(tasks.end().saturating_sub(*tasks.start())) + 1
}

pub(crate) fn limits(spec: &JobSpec) -> sublet_api::Limits {
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

pub(crate) const fn restart(policy: Restart) -> sublet_api::Restart {
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
