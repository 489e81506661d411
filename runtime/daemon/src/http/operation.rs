//! What operators ask of the server itself: whether it is ready, its numbers, its configuration.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use sublet_api::{Check, CheckState, Code, Page, ReadyQuery, Setting};
use sublet_worker::Preemption;

use super::answer::{Bytes, Either, Lines, OpenMetrics, Text};
use super::caller::Caller;
use super::extract::Query;
use super::problem::{self, Answer, ApiError};
use super::{checks, request_id};
use crate::front::Front;
use crate::metrics::{Queue, Reading};

/// How long a scrape may take before it is told that there is nothing to tell.
const PATIENCE: Duration = Duration::from_secs(5);
/// What requests count as that are for no route of ours.
const NO_ROUTE: &str = "none";

/// The metrics and nothing else, for a door at which nobody is asked who they are.
pub(crate) fn router_of_metrics(front: Arc<Front>) -> Router {
    Router::new()
        .route("/metrics", get(metrics_for_anybody))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(axum::middleware::from_fn(request_id::name))
        .with_state(front)
}

/// Counts a request and how it was answered.
pub(super) async fn count(
    State(front): State<Arc<Front>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = path.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let refused = response.extensions().get::<Code>().copied();
    let status = response.status().as_u16();
    front.metrics.answered(route, status, refused);
    response
}

/// Whether the server can do its work; each check on a line of its own where that is asked for.
pub(super) async fn ready(
    State(front): State<Arc<Front>>,
    Query(query): Query<ReadyQuery>,
) -> Answer<Either<Bytes<Text>, Lines<Check>>> {
    let checks = checks::all(&front).await;
    let failed = checks.iter().filter(|one| one.state == CheckState::Failed);
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() {
        return match query.verbose.as_deref() {
            None | Some("false") => Ok(Either::One(Bytes::new("ok\n"))),
            Some(_) => lines(&checks).map(Either::Other),
        };
    }
    let names: Vec<&str> = failed.iter().map(|one| one.name.as_str()).collect();
    let detail = format!("the server is not ready: {}", names.join(", "));
    let problem =
        ApiError::new(Code::NotReady, detail).with_help("`sublet doctor` says what to do");
    Err(failed.into_iter().fold(problem, |problem, one| {
        problem.because(&one.name, &one.detail)
    }))
}

fn lines(checks: &[Check]) -> Answer<Lines<Check>> {
    let mut text = String::new();
    for check in checks {
        text.push_str(&serde_json::to_string(check)?);
        text.push('\n');
    }
    Ok(Lines::new(text.into()))
}

pub(super) async fn metrics(caller: Caller) -> Answer<Bytes<OpenMetrics>> {
    scrape(&caller).await
}

async fn metrics_for_anybody(State(front): State<Arc<Front>>) -> Answer<Bytes<OpenMetrics>> {
    scrape(&front).await
}

pub(super) async fn config(caller: Caller) -> Json<Page<Setting>> {
    Json(Page {
        items: caller.now().settings.clone(),
        next_cursor: None,
    })
}

async fn scrape(front: &Arc<Front>) -> Answer<Bytes<OpenMetrics>> {
    let reading = tokio::time::timeout(PATIENCE, read(front)).await;
    let reading = reading.map_err(|_elapsed| {
        ApiError::new(Code::NotReady, "the numbers did not come together in time")
    })??;
    let text = front
        .metrics
        .text(&reading)
        .map_err(|error| ApiError::fault(&error))?;
    Ok(Bytes::new(text))
}

async fn read(front: &Arc<Front>) -> Answer<Reading> {
    let (subclusters, workers, modules_quarantined) = front
        .driver
        .look(|state| {
            let pool = state.scheduler.pool();
            let queues: Vec<Queue> = pool.subclusters.iter().map(Queue::of).collect();
            (queues, state.workers, state.ledger.quarantined())
        })
        .await?;
    let (networks, holdings) = front
        .read(|reader| {
            let users = reader.users()?;
            let holdings = users.iter().map(|user| reader.holdings(user.id));
            let holdings = holdings.collect::<Result<Vec<_>, _>>()?;
            Ok((reader.networks()?, holdings))
        })
        .await?;
    let assigned = networks.iter().filter(|one| one.user.is_some()).count();
    Ok(Reading {
        subclusters,
        workers,
        modules_quarantined,
        networks_assigned: assigned,
        networks_free: networks.len() - assigned,
        module_bytes: holdings.iter().map(|one| one.module_bytes).sum(),
        input_bytes: holdings.iter().map(|one| one.input_bytes).sum(),
        log_bytes: holdings.iter().map(|one| one.log_bytes).sum(),
        disk_free_bytes: front.directory.free_bytes()?,
        engine: front.artifacts.engine(Preemption::Checks).to_string(),
    })
}
