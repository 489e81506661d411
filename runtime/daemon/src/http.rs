//! The HTTP API: requests become questions to the store or commands to the driver, and what comes back becomes JSON.
//!
//! ```text
//!   GET    /livez  /readyz  /metrics  /version  /problems/{code}
//!   GET    /v1/admin/config
//!   GET    /v1/whoami  /v1/pool  /v1/audit  /v1/audit/verify
//!   GET    /v1/rules  /v1/rules/history    PUT  /v1/rules    POST  /v1/plan
//!   GET    /v1/subclusters  …/{name}       DELETE           POST  …/pause  …/resume
//!   GET    /v1/nodes  …/{name}  …/explain                   POST  …/drain  …/resume  …/label
//!   GET    /v1/networks  …/{name}  …/flows  …/peers
//!   GET    /v1/users                POST
//!   GET    /v1/users/{name}         DELETE   PUT  …/quota   POST  …/suspend  …/resume
//!   GET    /v1/users/{name}/policy  PUT
//!   GET    /v1/usage  …/removed
//!   GET    /v1/certs                POST                    POST  …/{serial}/revoke  …/renew  …/rotate  …/retire
//!   POST   /v1/modules              GET  /v1/modules
//!   GET    /v1/modules/{module}     DELETE
//!   GET    /v1/inputs/{digest}      PUT
//!   POST   /v1/jobs                 GET  /v1/jobs
//!   GET    /v1/jobs/{job}           …/wait  …/explain  …/logs  …/tasks  …/tasks/{index}
//!   GET    /v1/jobs/{job}/tasks/{index}/artifacts  …/artifacts/{name}  …/output
//!   POST   /v1/jobs/{job}/cancel    …/retry
//! ```
//!
//! Status codes live here and nowhere else; every error is a problem document, those of the framework included.

pub(crate) mod accept;
mod admission;
mod artifacts;
mod audit;
mod backup;
mod caller;
mod certificates;
mod checks;
mod extract;
mod inputs;
mod job_list;
mod jobs;
mod letting_in;
mod logs;
mod modules;
mod networks;
mod nodes;
pub(crate) mod operation;
mod pool;
mod problem;
mod request_id;
mod room;
mod rules;
mod selector;
mod server;
mod subclusters;
mod submit;
mod tasks;
mod upload;
mod usage;
mod users;
mod validate;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use sublet_identity::Action;

pub(crate) use accept::Strangers;
use letting_in::asks;
pub(crate) use room::Room;

use crate::front::Front;

/// Most bytes of a JSON body: arguments and environment of a job at their limits, twice over.
const JSON_BYTES_MAX: usize = 1 << 20;

/// All routes. Those of `/v1` say which action they are for; who may do it is decided in one table, for all of them.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route("/livez", get(server::live))
        .route("/version", get(server::version))
        .route("/problems/{code}", get(server::problem_page))
        .merge(operation::routes_of_operation())
        .merge(routes_of_users())
        .merge(routes_of_the_pool())
        .merge(routes_of_jobs())
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&front),
            operation::count,
        ))
        .layer(axum::middleware::from_fn(request_id::name))
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .with_state(front)
}

type Routes = Router<Arc<Front>>;

fn routes_of_users() -> Routes {
    use Action as A;
    Router::new()
        .route("/v1/whoami", asks(A::ReadServer, get(users::whoami)))
        .route(
            "/v1/users",
            asks(A::ReadUsers, get(users::list)).merge(asks(A::AddUser, post(users::add))),
        )
        .route(
            "/v1/users/{name}",
            asks(A::ReadUsers, get(users::show)).merge(asks(A::RemoveUser, delete(users::remove))),
        )
        .route(
            "/v1/users/{name}/quota",
            asks(A::SetQuota, put(users::set_quota)),
        )
        .route(
            "/v1/users/{name}/suspend",
            asks(A::SuspendUser, post(users::suspend)),
        )
        .route(
            "/v1/users/{name}/resume",
            asks(A::SuspendUser, post(users::resume)),
        )
        .route(
            "/v1/users/{name}/policy",
            asks(A::ReadPolicy, get(networks::policy))
                .merge(asks(A::SetPolicy, put(networks::set_policy))),
        )
        .route("/v1/usage", asks(A::ReadUsage, get(usage::show)))
        .route("/v1/usage/removed", asks(A::ReadUsage, get(usage::removed)))
        .route(
            "/v1/certs",
            asks(A::ReadCertificates, get(certificates::list))
                .merge(asks(A::IssueCertificate, post(certificates::issue))),
        )
        .route(
            "/v1/certs/renew",
            asks(A::RenewCertificate, post(certificates::renew)),
        )
        .route(
            "/v1/certs/rotate",
            asks(A::RotateAuthority, post(certificates::rotate)),
        )
        .route(
            "/v1/certs/retire",
            asks(A::RotateAuthority, post(certificates::retire)),
        )
        .route(
            "/v1/certs/{serial}/revoke",
            asks(A::RevokeCertificate, post(certificates::revoke)),
        )
        .route("/v1/audit", asks(A::ReadAudit, get(audit::list)))
        .route("/v1/audit/verify", asks(A::VerifyAudit, get(audit::verify)))
}

fn routes_of_the_pool() -> Routes {
    use Action as A;
    Router::new()
        .route("/v1/pool", asks(A::ReadPool, get(pool::show)))
        .route(
            "/v1/rules",
            asks(A::ReadRules, get(rules::show)).merge(asks(A::ApplyRules, put(rules::apply))),
        )
        .route(
            "/v1/rules/history",
            asks(A::ReadRulesHistory, get(rules::history)),
        )
        .route("/v1/plan", asks(A::PlanRules, post(rules::plan)))
        .route(
            "/v1/subclusters",
            asks(A::ReadSubclusters, get(subclusters::list)),
        )
        .route(
            "/v1/subclusters/{name}",
            asks(A::ReadSubclusters, get(subclusters::show))
                .merge(asks(A::DeleteSubcluster, delete(subclusters::delete))),
        )
        .route(
            "/v1/subclusters/{name}/pause",
            asks(A::PauseSubcluster, post(subclusters::pause)),
        )
        .route(
            "/v1/subclusters/{name}/resume",
            asks(A::PauseSubcluster, post(subclusters::resume)),
        )
        .route("/v1/nodes", asks(A::ReadNodes, get(nodes::list)))
        .route("/v1/nodes/{name}", asks(A::ReadNodes, get(nodes::show)))
        .route(
            "/v1/nodes/{name}/explain",
            asks(A::ReadNodes, get(nodes::explain)),
        )
        .route(
            "/v1/nodes/{name}/drain",
            asks(A::DrainNode, post(nodes::drain)),
        )
        .route(
            "/v1/nodes/{name}/resume",
            asks(A::DrainNode, post(nodes::resume)),
        )
        .route(
            "/v1/nodes/{name}/label",
            asks(A::LabelNode, post(nodes::label)),
        )
        .route("/v1/networks", asks(A::ReadNetworks, get(networks::list)))
        .route(
            "/v1/networks/{name}",
            asks(A::ReadNetworks, get(networks::show)),
        )
        .route(
            "/v1/networks/{name}/flows",
            asks(A::ReadNetworks, get(networks::flows)),
        )
        .route(
            "/v1/networks/{name}/peers",
            asks(A::ReadNetworks, get(networks::peers)),
        )
}

fn routes_of_jobs() -> Routes {
    use Action as A;
    Router::new()
        .route(
            "/v1/modules",
            asks(A::PushModule, post(modules::push))
                .merge(asks(A::ReadModules, get(modules::list))),
        )
        .route(
            "/v1/modules/{module}",
            asks(A::ReadModules, get(modules::show))
                .merge(asks(A::DeleteModule, delete(modules::delete))),
        )
        .route(
            "/v1/inputs/{digest}",
            asks(A::ReadInput, get(inputs::show)).merge(asks(A::PutInput, put(inputs::put))),
        )
        .route(
            "/v1/jobs",
            asks(A::SubmitJob, post(submit::submit)).merge(asks(A::ReadJobs, get(job_list::list))),
        )
        .route("/v1/jobs/{job}", asks(A::ReadJobs, get(jobs::show)))
        .route("/v1/jobs/{job}/wait", asks(A::ReadJobs, get(jobs::wait)))
        .route(
            "/v1/jobs/{job}/explain",
            asks(A::ReadJobs, get(jobs::explain)),
        )
        .route(
            "/v1/jobs/{job}/cancel",
            asks(A::CancelJob, post(jobs::cancel)),
        )
        .route("/v1/jobs/{job}/retry", asks(A::RetryJob, post(jobs::retry)))
        .route("/v1/jobs/{job}/logs", asks(A::ReadOutput, get(logs::logs)))
        .route("/v1/jobs/{job}/tasks", asks(A::ReadJobs, get(tasks::list)))
        .route(
            "/v1/jobs/{job}/tasks/{index}",
            asks(A::ReadJobs, get(tasks::show)),
        )
        .route(
            "/v1/jobs/{job}/tasks/{index}/artifacts",
            asks(A::ReadOutput, get(artifacts::list)),
        )
        .route(
            "/v1/jobs/{job}/tasks/{index}/artifacts/{*name}",
            asks(A::ReadOutput, get(artifacts::show)),
        )
        .route(
            "/v1/jobs/{job}/tasks/{index}/output",
            asks(A::ReadOutput, get(artifacts::output)),
        )
}
