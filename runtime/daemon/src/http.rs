//! The HTTP API: requests become questions to the store or commands to the driver, and what comes back becomes JSON.
//!
//! ```text
//!   GET    /livez  /readyz  /version  /problems/{code}
//!   GET    /v1/whoami  /v1/pool
//!   POST   /v1/modules              GET  /v1/modules
//!   GET    /v1/modules/{module}     DELETE
//!   GET    /v1/inputs/{digest}      PUT
//!   POST   /v1/jobs                 GET  /v1/jobs
//!   GET    /v1/jobs/{job}           …/wait  …/explain  …/logs  …/tasks  …/tasks/{index}
//!   POST   /v1/jobs/{job}/cancel    …/retry
//! ```
//!
//! Status codes live here and nowhere else; every error is a problem document, those of the framework included.

pub(crate) mod accept;
mod admission;
mod extract;
mod inputs;
mod jobs;
mod logs;
mod modules;
mod pool;
mod problem;
mod request_id;
mod selector;
mod server;
mod submit;
mod tasks;
mod upload;
mod validate;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::front::Front;

/// Most bytes of a JSON body: arguments and environment of a job at their limits, twice over.
const JSON_BYTES_MAX: usize = 1 << 20;

/// All routes.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route("/livez", get(server::live))
        .route("/readyz", get(server::ready))
        .route("/version", get(server::version))
        .route("/problems/{code}", get(server::problem_page))
        .route("/v1/whoami", get(server::whoami))
        .route("/v1/pool", get(pool::show))
        .route("/v1/modules", post(modules::push).get(modules::list))
        .route(
            "/v1/modules/{module}",
            get(modules::show).delete(modules::delete),
        )
        .route("/v1/inputs/{digest}", get(inputs::show).put(inputs::put))
        .route("/v1/jobs", post(submit::submit).get(jobs::list))
        .route("/v1/jobs/{job}", get(jobs::show))
        .route("/v1/jobs/{job}/wait", get(jobs::wait))
        .route("/v1/jobs/{job}/explain", get(jobs::explain))
        .route("/v1/jobs/{job}/cancel", post(jobs::cancel))
        .route("/v1/jobs/{job}/retry", post(jobs::retry))
        .route("/v1/jobs/{job}/logs", get(logs::logs))
        .route("/v1/jobs/{job}/tasks", get(tasks::list))
        .route("/v1/jobs/{job}/tasks/{index}", get(tasks::show))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(axum::middleware::from_fn(request_id::name))
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .with_state(front)
}
