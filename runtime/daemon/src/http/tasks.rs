//! Single tasks of a job, with their attempts.

use std::collections::HashMap;

use axum::Json;
use sublet_api::{Code, Page, Task, TaskQuery};
use sublet_scheduler::JobId;
use sublet_store::{AttemptRow, Error, JobSummary, OwnedJob, StoredNetwork, TaskFilter, TaskRow};

use super::caller::Caller;
use super::extract::{Path, Query};
use super::problem::{Answer, ApiError};
use super::{selector, validate};
use crate::convert::{self, LiveAttempt, WaitingEnd};

pub(super) async fn list(
    caller: Caller,
    Path(job): Path<String>,
    Query(query): Query<TaskQuery>,
) -> Answer<Json<Page<Task>>> {
    let summary = selector::job(&caller, &job).await?;
    let (id, waiting) = (summary.id, WaitingEnd::of(&summary));
    let limit = validate::page_limit(query.limit)?;
    let after = query.cursor.as_deref().map(cursor).transpose()?;
    let filter = query.outcome.as_deref().map(filter).transpose()?;
    let filter = filter.unwrap_or(TaskFilter::All);
    let live = live_attempts(&caller, id).await?;
    let Found { rows, network } = find(&caller, id, (filter, after, limit)).await?;
    let next_cursor = (rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX))
        .then(|| rows.last().map(|(row, _)| row.task.to_string()))
        .flatten();
    let items = rows
        .iter()
        .map(|(row, attempts)| {
            let ended = (attempts.as_slice(), network.as_ref());
            convert::task(row, ended, live.get(&row.task), waiting)
        })
        .collect();
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn show(
    caller: Caller,
    Path((job, index)): Path<(String, u32)>,
) -> Answer<Json<Task>> {
    let summary = selector::job(&caller, &job).await?;
    has_task(&summary, index)?;
    let live = live_attempts(&caller, summary.id).await?;
    let wanted = (TaskFilter::All, index.checked_sub(1), 1);
    let Found { rows, network } = find(&caller, summary.id, wanted).await?;
    let found = rows
        .first()
        .ok_or_else(|| ApiError::new(Code::TaskNotFound, format!("no task {index}")))?;
    let waiting = WaitingEnd::of(&summary);
    Ok(Json(convert::task(
        &found.0,
        (&found.1, network.as_ref()),
        live.get(&index),
        waiting,
    )))
}

/// The job that a path names, which has this task.
pub(super) async fn known(caller: &Caller, job: &str, index: u32) -> Answer<JobId> {
    let summary = selector::job(caller, job).await?;
    has_task(&summary, index)?;
    Ok(summary.id)
}

fn has_task(job: &JobSummary, index: u32) -> Answer<()> {
    if job.tasks.contains(&index) {
        return Ok(());
    }
    let (first, last) = (job.tasks.start(), job.tasks.end());
    Err(ApiError::new(
        Code::TaskNotFound,
        format!(
            "job #{} has tasks {first} to {last}, and not {index}",
            job.number
        ),
    ))
}

/// Tasks with their attempts, and the network that their user has.
#[derive(Default)]
struct Found {
    rows: Vec<(TaskRow, Vec<AttemptRow>)>,
    network: Option<StoredNetwork>,
}

async fn find(
    caller: &Caller,
    job: JobId,
    wanted: (TaskFilter, Option<u32>, u32),
) -> Answer<Found> {
    let whose = caller.reached();
    let found = caller.read(move |reader| {
        let Some(job) = reader.job(whose, job)? else {
            return Ok(Found::default());
        };
        Ok(Found {
            rows: with_attempts(&job, wanted)?,
            network: reader.network_of(job.summary.user)?,
        })
    });
    Ok(found.await?)
}

fn with_attempts(
    job: &OwnedJob<'_>,
    (filter, after, limit): (TaskFilter, Option<u32>, u32),
) -> Result<Vec<(TaskRow, Vec<AttemptRow>)>, Error> {
    let rows = job.tasks(filter, after, limit)?;
    rows.into_iter()
        .map(|row| job.attempts(row.task).map(|attempts| (row, attempts)))
        .collect()
}

/// Attempts that hold a slot, by task.
async fn live_attempts(caller: &Caller, job: JobId) -> Answer<HashMap<u32, LiveAttempt>> {
    let look = move |state: crate::driver::Look<'_>| {
        state
            .scheduler
            .attempts(job)
            .map(|view| (view.attempt.task, LiveAttempt::of(&state, view)))
            .collect()
    };
    Ok(caller.driver.look(look).await?)
}

fn cursor(text: &str) -> Answer<u32> {
    text.parse().map_err(|_| {
        ApiError::new(
            Code::RequestMalformed,
            format!("`{text}` is not a cursor of this list"),
        )
    })
}

fn filter(outcome: &str) -> Answer<TaskFilter> {
    let kinds = validate::OUTCOMES.map(|(word, kind)| (word, TaskFilter::Outcome(kind)));
    let mut known = kinds.to_vec();
    known.push(("unsuccessful", TaskFilter::Unsuccessful));
    validate::one_of("outcome", outcome, &known)
}
