//! The HTTP API: requests become questions to the store or commands to the driver, and what comes back becomes JSON.
//!
//! ```text
//!   GET    /livez  /readyz  /version  /problems/{code}
//!   GET    /v1/whoami  /v1/pool  /v1/audit
//!   GET    /v1/rules  /v1/rules/history    PUT  /v1/rules    POST  /v1/plan
//!   GET    /v1/subclusters  …/{name}       DELETE           POST  …/pause  …/resume
//!   GET    /v1/nodes  …/{name}  …/explain                   POST  …/drain  …/resume  …/label
//!   GET    /v1/networks  …/{name}  …/flows  …/peers
//!   GET    /v1/users/{name}/policy  PUT
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
mod audit;
mod extract;
mod inputs;
mod jobs;
mod logs;
mod modules;
mod networks;
mod nodes;
mod pool;
mod problem;
mod request_id;
mod rules;
mod selector;
mod server;
mod subclusters;
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
        .route("/v1/audit", get(audit::list))
        .route("/v1/rules", get(rules::show).put(rules::apply))
        .route("/v1/rules/history", get(rules::history))
        .route("/v1/plan", post(rules::plan))
        .route("/v1/subclusters", get(subclusters::list))
        .route(
            "/v1/subclusters/{name}",
            get(subclusters::show).delete(subclusters::delete),
        )
        .route("/v1/subclusters/{name}/pause", post(subclusters::pause))
        .route("/v1/subclusters/{name}/resume", post(subclusters::resume))
        .route("/v1/nodes", get(nodes::list))
        .route("/v1/nodes/{name}", get(nodes::show))
        .route("/v1/nodes/{name}/explain", get(nodes::explain))
        .route("/v1/nodes/{name}/drain", post(nodes::drain))
        .route("/v1/nodes/{name}/resume", post(nodes::resume))
        .route("/v1/nodes/{name}/label", post(nodes::label))
        .route("/v1/networks", get(networks::list))
        .route("/v1/networks/{name}", get(networks::show))
        .route("/v1/networks/{name}/flows", get(networks::flows))
        .route("/v1/networks/{name}/peers", get(networks::peers))
        .route(
            "/v1/users/{name}/policy",
            get(networks::policy).put(networks::set_policy),
        )
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
