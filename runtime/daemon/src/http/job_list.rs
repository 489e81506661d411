//! Lists of jobs and what they can be narrowed to. The store goes along its indexes; which of the jobs that are not over
//! have begun only the driver knows, so for that question jobs are looked at piece by piece.

use axum::Json;
use sublet_api::{Job, JobQuery, Page, State};
use sublet_scheduler::JobId;
use sublet_store::{JobFilter, JobPage, JobSummary, Whose};

use super::caller::Caller;
use super::extract::Labelled;
use super::problem::Answer;
use super::{jobs, selector, users, validate};
use crate::convert;
use crate::driver::Look;

/// Where a job may stand.
const STATES: [(&str, State); 3] = [
    ("queued", State::Queued),
    ("running", State::Running),
    ("finished", State::Finished),
];

/// Jobs that are looked at for one page, in pieces of [`Whose::PAGE_MAX`]. A page that is short by then says where to go on.
const PIECES_MAX: usize = 10;

pub(super) async fn list(
    caller: Caller,
    Labelled { query, labels }: Labelled<JobQuery>,
) -> Answer<Json<Page<Job>>> {
    let limit = validate::page_limit(query.limit)?;
    let before = query.cursor.as_deref().map(validate::cursor).transpose()?;
    let page = JobPage {
        before: before.map(JobId),
        limit,
    };
    let whose = users::whose(&caller, query.user.as_deref())?;
    let state = query.state.as_deref();
    let state = state.map(|word| validate::one_of("state", word, &STATES));
    let state = state.transpose()?;
    let Some(filter) = filter(&caller, whose, query, (&labels, state)).await? else {
        return Ok(Json(Page {
            items: Vec::new(),
            next_cursor: None,
        }));
    };
    let (summaries, next) = match state {
        Some(wanted @ (State::Queued | State::Running)) => {
            sifted(&caller, whose, &filter, (page, wanted)).await?
        }
        _ => straight(&caller, whose, filter, page).await?,
    };
    let mut items = jobs::views(&caller, summaries).await?;
    // Some may have gone on since.
    items.retain(|job| state.is_none_or(|state| job.state == state));
    Ok(Json(Page {
        items,
        next_cursor: next.map(|last| last.0.to_string()),
    }))
}

/// Nothing when no job can be so.
async fn filter(
    caller: &Caller,
    whose: Whose,
    query: JobQuery,
    (labels, state): (&[String], Option<State>),
) -> Answer<Option<JobFilter>> {
    let outcome = query.outcome.as_deref();
    let outcome = outcome.map(|word| validate::one_of("outcome", word, &validate::OUTCOMES));
    let of_state = state.map(|state| state != State::Finished);
    let active = match (query.active, of_state) {
        (Some(asked), Some(of_state)) if asked != of_state => return Ok(None),
        (asked, of_state) => asked.or(of_state),
    };
    let module = match query.module.as_deref() {
        None => None,
        Some(text) => Some(match text.trim_start_matches("sha256:").parse() {
            // Jobs of a module that was deleted are still there.
            Ok(digest) => digest,
            Err(_) => selector::module_of(caller, whose, text).await?.digest,
        }),
    };
    let parent = match query.parent.as_deref() {
        None => None,
        Some(text) => Some(selector::job(caller, text).await?.id),
    };
    Ok(Some(JobFilter {
        active,
        parent,
        outcome: outcome.transpose()?,
        labels: labels
            .iter()
            .map(|text| validate::label(text))
            .collect::<Result<_, _>>()?,
        name: query.name,
        module,
        since: query.since.map(convert::unix_millis),
        until: query.until.map(convert::unix_millis),
    }))
}

/// As the store has them, and the last one where there may be more.
async fn straight(
    caller: &Caller,
    whose: Whose,
    filter: JobFilter,
    page: JobPage,
) -> Answer<(Vec<JobSummary>, Option<JobId>)> {
    let found = caller
        .read(move |reader| reader.jobs(whose, &filter, page))
        .await?;
    let is_full = found.len() >= usize::try_from(page.limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| is_full).map(|job| job.id);
    Ok((found, next))
}

/// Those of the store's that are in a state, and the last one that was looked at where there may be more.
async fn sifted(
    caller: &Caller,
    whose: Whose,
    filter: &JobFilter,
    (page, wanted): (JobPage, State),
) -> Answer<(Vec<JobSummary>, Option<JobId>)> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (mut chosen, mut before) = (Vec::new(), page.before);
    for _ in 0..PIECES_MAX {
        let piece = JobPage {
            before,
            limit: Whose::PAGE_MAX,
        };
        let (found, next) = straight(caller, whose, filter.clone(), piece).await?;
        let begun = begun(caller, &found).await?;
        for (job, begun) in found.into_iter().zip(begun) {
            if begun == Some(wanted == State::Running) {
                let id = job.id;
                chosen.push(job);
                if chosen.len() == limit {
                    return Ok((chosen, Some(id)));
                }
            }
        }
        if next.is_none() {
            return Ok((chosen, None));
        }
        before = next;
    }
    Ok((chosen, before))
}

/// Whether a task of each has begun; nothing of those that are over meanwhile.
async fn begun(caller: &Caller, jobs: &[JobSummary]) -> Answer<Vec<Option<bool>>> {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let look = move |state: Look<'_>| {
        let begun = ids.iter().map(|&id| convert::is_under_way(&state, id));
        begun.collect()
    };
    Ok(caller.driver.look(look).await?)
}
