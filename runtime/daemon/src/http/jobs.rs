//! Single jobs, and what is asked of them after they were submitted.

use std::time::{Duration, Instant};

use axum::Json;
use serde::Deserialize;
use sublet_api::{Code, Explanation, Job, RetryRequest, Selected};
use sublet_scheduler::JobId;
use sublet_store::JobSummary;
use utoipa::IntoParams;

use super::answer::Accepted;
use super::caller::Caller;
use super::extract::{self, Path, Query};
use super::problem::{Answer, ApiError};
use super::{pool, selector};
use crate::convert::{self, LiveJob, StoredJob};
use crate::driver::{Chosen, Command, Look};

/// The longest that one request waits for a job; clients ask again.
const WAIT_S_MAX: u64 = 300;
const WAIT_S_DEFAULT: u64 = 60;

pub(super) async fn show(caller: Caller, Path(job): Path<String>) -> Answer<Json<Job>> {
    let summary = selector::job(&caller, &job).await?;
    view(&caller, summary.id).await.map(Json)
}

/// Parameters of a wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitQuery {
    /// Seconds until it answers in any case: 0 to 300, 60 unless it is said.
    timeout_s: Option<u64>,
}

/// Answers when the job is over, or with how it stands when the time is.
pub(super) async fn wait(
    caller: Caller,
    Path(job): Path<String>,
    Query(query): Query<WaitQuery>,
) -> Answer<Json<Job>> {
    let seconds = query.timeout_s.unwrap_or(WAIT_S_DEFAULT);
    if seconds > WAIT_S_MAX {
        return Err(ApiError::new(
            Code::OutOfRange,
            format!("timeout_s is {seconds}, the limit is {WAIT_S_MAX}"),
        )
        .at("timeout_s", Some(WAIT_S_MAX), Some(seconds)));
    }
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut finished = caller.finished.clone();
    finished.mark_unchanged();
    let mut summary = selector::job(&caller, &job).await?;
    while summary.finished_at.is_none() {
        let left = until.saturating_duration_since(Instant::now());
        if !matches!(
            tokio::time::timeout(left, finished.changed()).await,
            Ok(Ok(()))
        ) {
            return view(&caller, summary.id).await.map(Json);
        }
        finished.mark_unchanged();
        summary = summary_of(&caller, summary.id).await?;
    }
    finished_view(&caller, summary.id).await.map(Json)
}

pub(super) async fn explain(caller: Caller, Path(job): Path<String>) -> Answer<Json<Explanation>> {
    let id = selector::job(&caller, &job).await?.id;
    let pool = pool::read(&caller).await?;
    let (stored, live) = both(&caller, id).await?;
    let job = convert::job(
        &caller.people.name_of(stored.user()),
        &stored,
        live.as_ref(),
    );
    let prospect = live.map(|live| live.prospect).unwrap_or_default();
    Ok(Json(convert::explain::explanation(
        &job,
        &pool,
        prospect,
        stored.considered(),
    )))
}

/// Parameters of a cancel.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelQuery {
    /// Only this task.
    task: Option<u32>,
}

pub(super) async fn cancel(
    caller: Caller,
    Path(job): Path<String>,
    Query(CancelQuery { task }): Query<CancelQuery>,
) -> Answer<Accepted<Job>> {
    let summary = selector::job(&caller, &job).await?;
    let job = summary.id;
    if let Some(task) = task.filter(|task| !summary.tasks.contains(task)) {
        return Err(ApiError::new(
            Code::TaskNotFound,
            format!("job #{} has no task {task}", summary.number),
        ));
    }
    caller
        .driver
        .ask(|answer| Command::Cancel { job, task, answer })
        .await??;
    let shown = convert::job_id(summary.public_id);
    caller.note_if_anothers(summary.user, "jobs.cancel", shown);
    Ok(Accepted(view(&caller, job).await?))
}

pub(super) async fn retry(
    caller: Caller,
    Path(job): Path<String>,
    extract::Json {
        value: RetryRequest { tasks },
        ..
    }: extract::Json<RetryRequest>,
) -> Answer<Accepted<Job>> {
    let summary = selector::job(&caller, &job).await?;
    let job = summary.id;
    let tasks = match tasks {
        Selected::Unsuccessful => Chosen::Unsuccessful,
        Selected::All => Chosen::All,
        Selected::One(task) => Chosen::One(task),
    };
    caller
        .driver
        .ask(|answer| Command::Retry { job, tasks, answer })
        .await??;
    let shown = convert::job_id(summary.public_id);
    caller.note_if_anothers(summary.user, "jobs.retry", shown);
    Ok(Accepted(view(&caller, job).await?))
}

/// One job with everything there is to say.
pub(super) async fn view(caller: &Caller, id: JobId) -> Answer<Job> {
    let (stored, live) = both(caller, id).await?;
    Ok(convert::job(
        &caller.people.name_of(stored.user()),
        &stored,
        live.as_ref(),
    ))
}

/// A job that is over: the driver has nothing to add.
async fn finished_view(caller: &Caller, id: JobId) -> Answer<Job> {
    let stored = stored(caller, id).await?;
    Ok(convert::job(
        &caller.people.name_of(stored.user()),
        &stored,
        None,
    ))
}

/// What the store knows of a job, and the driver.
async fn both(caller: &Caller, id: JobId) -> Answer<(StoredJob, Option<LiveJob>)> {
    let live = caller
        .driver
        .look(move |state| LiveJob::of(&state, id))
        .await?;
    Ok((stored(caller, id).await?, live))
}

async fn stored(caller: &Caller, id: JobId) -> Answer<StoredJob> {
    let whose = caller.reached();
    let stored = caller
        .read(move |reader| StoredJob::read(reader, whose, id))
        .await?;
    stored.ok_or_else(gone)
}

pub(super) async fn views(caller: &Caller, summaries: Vec<JobSummary>) -> Answer<Vec<Job>> {
    let ids: Vec<_> = summaries.iter().map(|job| job.id).collect();
    let look = move |state: Look<'_>| {
        ids.iter()
            .map(|&id| LiveJob::of(&state, id))
            .collect::<Vec<_>>()
    };
    let lives = caller.driver.look(look).await?;
    let whose = caller.reached();
    let read = move |reader: &sublet_store::Reader| {
        summaries
            .iter()
            .map(|job| StoredJob::read(reader, whose, job.id))
            .collect::<Result<Vec<_>, _>>()
    };
    let stored = caller.read(read).await?;
    let rows = stored.into_iter().zip(lives);
    Ok(rows
        .filter_map(|(job, live)| {
            let job = job?;
            let name = caller.people.name_of(job.user());
            Some(convert::job(&name, &job, live.as_ref()))
        })
        .collect())
}

pub(super) async fn summary_of(caller: &Caller, id: JobId) -> Answer<JobSummary> {
    let whose = caller.reached();
    let found = caller
        .read(move |reader| Ok(reader.job(whose, id)?.map(|job| job.summary)))
        .await?;
    found.ok_or_else(gone)
}

fn gone() -> ApiError {
    ApiError::new(Code::JobNotFound, "the job is gone")
}
