//! The HTTP API: requests become questions to the store or commands to the driver, and what comes back becomes JSON.
//!
//! Each route stands in a table once: its path, the action it is for, who answers, and a few words. Who may do what is
//! decided in one table for all of them; the description for programs (`openapi.rs`) is read off the same rows and the
//! signatures of the handlers. Status codes live here and nowhere else; every error is a problem document, those of the
//! framework included.

pub(crate) mod accept;
mod admission;
mod answer;
mod artifacts;
mod audit;
mod backup;
mod caller;
mod certificates;
mod checks;
mod described;
mod events;
mod extract;
mod headers;
mod inputs;
mod job_list;
mod jobs;
mod letting_in;
mod logs;
mod modules;
mod networks;
mod nodes;
mod openapi;
pub(crate) mod operation;
mod pool;
mod problem;
pub(crate) mod relatives;
pub(crate) mod reload;
mod request_id;
mod room;
mod routes;
mod rules;
mod selector;
mod server;
mod stream;
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
use sublet_identity::Action as A;

pub(crate) use accept::Strangers;
pub use openapi::document;
pub(crate) use room::Room;
use routes::Routes;

use crate::front::Front;

/// Most bytes of a JSON body: arguments and environment of a job at their limits, twice over.
const JSON_BYTES_MAX: usize = 1 << 20;

/// All routes, in one service.
pub(crate) fn router(front: Arc<Front>) -> Router {
    all_routes()
        .router
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

/// The tables, which are read by their rows: the formatter would break each into six lines.
fn all_routes() -> Routes {
    of_the_server()
        .and(of_jobs())
        .and(of_modules())
        .and(of_the_pool())
        .and(of_networks())
        .and(of_users())
}

#[rustfmt::skip]
fn of_the_server() -> Routes {
    Routes::of("server")
        .open("/livez", server::live, "Whether it is there")
        .open("/readyz", operation::ready, "Whether it can do its work")
        .open("/version", server::version, "Its version and that of its engine")
        .open("/problems/{code}", server::problem_page, "What an error code means")
        .open("/v1/openapi.json", openapi::show, "This description")
        .get("/metrics", A::ReadMetrics, operation::metrics, "Numbers, as OpenMetrics")
        .get("/v1/admin/config", A::ReadConfig, operation::config, "The configuration in force")
        .post("/v1/admin/reload", A::ReloadConfig, reload::reload, "Read the configuration again")
        .post("/v1/admin/backup", A::Backup, backup::create, "Make a backup, and send it")
        .get("/v1/audit", A::ReadAudit, audit::list, "Who changed what, newest first")
        .get("/v1/audit/verify", A::VerifyAudit, audit::verify, "Whether the account is whole")
}

#[rustfmt::skip]
fn of_jobs() -> Routes {
    Routes::of("jobs")
        .post("/v1/jobs", A::SubmitJob, submit::submit, "Submit a job")
        .post("/v1/jobs/validate", A::SubmitJob, submit::consider, "Whether it would be taken in, and where it would go")
        .put("/v1/jobs/by-key/{key}", A::SubmitJob, submit::submit_by_key, "Submit a job under a key, once")
        .get("/v1/jobs", A::ReadJobs, job_list::list, "Jobs, newest first")
        .get("/v1/jobs/{job}", A::ReadJobs, jobs::show, "A job and how it is doing")
        .get("/v1/jobs/{job}/wait", A::ReadJobs, jobs::wait, "The job, once it is over")
        .get("/v1/jobs/{job}/explain", A::ReadJobs, jobs::explain, "Why it is where it is")
        .post("/v1/jobs/{job}/cancel", A::CancelJob, jobs::cancel, "Ask for its end")
        .post("/v1/jobs/{job}/retry", A::RetryJob, jobs::retry, "Run finished tasks again")
        .get("/v1/jobs/{job}/events", A::ReadJobs, events::of_job, "What happens to it")
        .get("/v1/events", A::ReadJobs, events::list, "What happens to jobs")
        .get("/v1/jobs/{job}/logs", A::ReadOutput, logs::logs, "What its tasks wrote")
        .get("/v1/jobs/{job}/tasks", A::ReadJobs, tasks::list, "Its tasks")
        .get("/v1/jobs/{job}/tasks/{index}", A::ReadJobs, tasks::show, "A task and its attempts")
        .get("/v1/jobs/{job}/tasks/{index}/artifacts", A::ReadOutput, artifacts::list, "What it left")
        .get("/v1/jobs/{job}/tasks/{index}/artifacts/{*name}", A::ReadOutput, artifacts::show, "A file that it left")
        .get("/v1/jobs/{job}/tasks/{index}/output", A::ReadOutput, artifacts::output, "Its result")
        .get("/v1/usage", A::ReadUsage, usage::show, "What was used, in sums")
        .get("/v1/usage/removed", A::ReadUsage, usage::removed, "How many old jobs were removed")
}

#[rustfmt::skip]
fn of_modules() -> Routes {
    Routes::of("modules")
        .post("/v1/modules", A::PushModule, modules::push, "Push a module")
        .get("/v1/modules", A::ReadModules, modules::list, "Modules, newest first")
        .get("/v1/modules/{module}", A::ReadModules, modules::show, "A module")
        .delete("/v1/modules/{module}", A::DeleteModule, modules::delete, "Delete a module")
        .post("/v1/modules/{module}/release", A::ReleaseModule, modules::release, "Let one in quarantine go")
        .get("/v1/inputs/{digest}", A::ReadInput, inputs::show, "Whether an input is there")
        .put("/v1/inputs/{digest}", A::PutInput, inputs::put, "Upload a file or a tree")
}

#[rustfmt::skip]
fn of_the_pool() -> Routes {
    Routes::of("pool")
        .get("/v1/pool", A::ReadPool, pool::show, "The pool and who has it")
        .get("/v1/rules", A::ReadRules, rules::show, "The rules that hold")
        .put("/v1/rules", A::ApplyRules, rules::apply, "Have other rules hold")
        .get("/v1/rules/history", A::ReadRulesHistory, rules::history, "Rules that held")
        .post("/v1/plan", A::PlanRules, rules::plan, "What other rules would do")
        .get("/v1/subclusters", A::ReadSubclusters, subclusters::list, "Sub-clusters")
        .get("/v1/subclusters/{name}", A::ReadSubclusters, subclusters::show, "One of them")
        .delete("/v1/subclusters/{name}", A::DeleteSubcluster, subclusters::delete, "Delete one")
        .post("/v1/subclusters/{name}/pause", A::PauseSubcluster, subclusters::pause, "Start nothing in it")
        .post("/v1/subclusters/{name}/resume", A::PauseSubcluster, subclusters::resume, "Start jobs in it again")
        .get("/v1/nodes", A::ReadNodes, nodes::list, "Nodes")
        .get("/v1/nodes/{name}", A::ReadNodes, nodes::show, "One of them")
        .get("/v1/nodes/{name}/explain", A::ReadNodes, nodes::explain, "Why it is where it is")
        .post("/v1/nodes/{name}/drain", A::DrainNode, nodes::drain, "Take it out")
        .post("/v1/nodes/{name}/resume", A::DrainNode, nodes::resume, "Take it in again")
        .post("/v1/nodes/{name}/label", A::LabelNode, nodes::label, "Give it labels")
}

#[rustfmt::skip]
fn of_networks() -> Routes {
    Routes::of("networks")
        .get("/v1/networks", A::ReadNetworks, networks::list, "Networks")
        .get("/v1/networks/{name}", A::ReadNetworks, networks::show, "One of them")
        .get("/v1/networks/{name}/flows", A::ReadNetworks, networks::flows, "Who sends how much")
        .get("/v1/networks/{name}/peers", A::ReadNetworks, networks::peers, "Names and addresses on it")
}

#[rustfmt::skip]
fn of_users() -> Routes {
    Routes::of("users")
        .get("/v1/whoami", A::ReadServer, users::whoami, "Who asks, and what they have")
        .get("/v1/users", A::ReadUsers, users::list, "Users")
        .post("/v1/users", A::AddUser, users::add, "Add a user")
        .get("/v1/users/{name}", A::ReadUsers, users::show, "One of them")
        .delete("/v1/users/{name}", A::RemoveUser, users::remove, "Remove one")
        .put("/v1/users/{name}/quota", A::SetQuota, users::set_quota, "What one may have")
        .post("/v1/users/{name}/suspend", A::SuspendUser, users::suspend, "Let one in no more")
        .post("/v1/users/{name}/resume", A::SuspendUser, users::resume, "Let one in again")
        .get("/v1/users/{name}/policy", A::ReadPolicy, networks::policy, "Where jobs may dial")
        .put("/v1/users/{name}/policy", A::SetPolicy, networks::set_policy, "Say where jobs may dial")
        .get("/v1/certs", A::ReadCertificates, certificates::list, "Certificates")
        .post("/v1/certs", A::IssueCertificate, certificates::issue, "Issue a further one")
        .post("/v1/certs/renew", A::RenewCertificate, certificates::renew, "Renew one's own")
        .post("/v1/certs/rotate", A::RotateAuthority, certificates::rotate, "Begin a new authority")
        .post("/v1/certs/retire", A::RotateAuthority, certificates::retire, "End the oldest authority")
        .post("/v1/certs/{serial}/revoke", A::RevokeCertificate, certificates::revoke, "Revoke one")
}
