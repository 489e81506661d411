//! The one way in: a submission is read, checked against its own bounds, its module and inputs are looked up, and then
//! the driver has it. This route never places anything.

use axum::Json as JsonAnswer;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use sublet_api::{After, Code, Job, SubmitJob, When};
use sublet_store::{Digest, IdempotencyKey, InputKind, JobSpec, ModuleRow, StoredDependency};

use super::caller::Caller;
use super::extract::Json;
use super::problem::{Answer, ApiError};
use super::{inputs, jobs, networks, selector, validate};
use crate::convert;
use crate::driver::{Command, JOB, SOCKETS, Submission};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The disk of each attempt of a module that speaks of its job, as with `sublet run`.
const JOB_DISK_BYTES_DEFAULT: u64 = 64 << 20;
/// Bytes of an idempotency key.
const KEY_BYTES_MAX: usize = 255;

pub(super) async fn submit(
    caller: Caller,
    headers: HeaderMap,
    Json {
        value: asked,
        bytes,
    }: Json<SubmitJob>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], JsonAnswer<Job>)> {
    let module = selector::module(&caller, &asked.module).await?;
    let after = dependencies(&caller, &asked.after).await?;
    let mut spec = validate::spec(&asked, program(&asked, &module), after, &caller.config)?;
    if asked.limits.scratch_bytes.is_none() {
        spec.limits.scratch_bytes = disk_of(&module);
    }
    memory_suffices(&module, &spec)?;
    inputs_are_there(&caller, &spec).await?;
    if caller.is_disk_short()? {
        return Err(crate::driver::NotKept::DiskFull.into());
    }
    may_publish(&module, &spec)?;
    networks::may_reach(&caller, &spec.network.allow).await?;
    let tasks = u64::from(spec.tasks.end() - spec.tasks.start()) + 1;
    let submission = Submission {
        user: caller.user(),
        name: asked.name,
        module: module.digest,
        spec,
        imports: convert::imports(&module),
        via: caller.who().via,
        idempotency: idempotency_key(&headers, &bytes)?,
    };
    let submitted = caller
        .driver
        .ask(|answer| Command::Submit(Box::new(submission), answer))
        .await??;
    let job = jobs::view(&caller, submitted.job).await?;
    let status = if submitted.was_known {
        StatusCode::OK
    } else {
        caller.metrics.submitted(tasks);
        StatusCode::CREATED
    };
    Ok((
        status,
        [(LOCATION, format!("/v1/jobs/{}", job.id))],
        JsonAnswer(job),
    ))
}

/// Jobs that a submission may wait for: more are more than anybody can follow.
const AFTER_MAX: usize = 64;

/// The jobs that have to be over first, of the same user, whatever they are called.
async fn dependencies(caller: &Caller, after: &[After]) -> Answer<Vec<StoredDependency>> {
    if after.len() > AFTER_MAX {
        return Err(ApiError::new(
            Code::OutOfRange,
            format!(
                "the job waits for {} jobs, the limit is {AFTER_MAX}",
                after.len()
            ),
        )
        .at("/after", None, None));
    }
    let mut dependencies = Vec::new();
    for one in after {
        let job = selector::job(caller, &one.job).await.map_err(|_| {
            let shown = one.job.escape_debug();
            ApiError::new(
                Code::DependencyUnknown,
                format!("no job of yours is `{shown}`, so nothing can wait for it"),
            )
            .at("/after", None, None)
        })?;
        dependencies.push(StoredDependency {
            job: job.id,
            when: match one.when {
                When::Success => sublet_store::When::OnSuccess,
                When::Failure => sublet_store::When::OnFailure,
                When::Always => sublet_store::When::Always,
            },
        });
    }
    Ok(dependencies)
}

/// What the guest sees as its own name.
fn program(asked: &SubmitJob, module: &ModuleRow) -> String {
    let named = module.names.first().map(|name| name.name.clone());
    named
        .or_else(|| asked.name.clone())
        .unwrap_or_else(|| "main".to_owned())
        + ".wasm"
}

/// A module that cannot even begin with so little memory is not worth a slot.
fn memory_suffices(module: &ModuleRow, spec: &JobSpec) -> Answer<()> {
    let (needs, has) = (
        convert::module(module)?.memory_bytes_min,
        spec.limits.memory_bytes,
    );
    if needs <= has {
        return Ok(());
    }
    Err(ApiError::new(
        Code::ModuleNeedsMore,
        format!("the module declares at least {needs} bytes of memory, the job has {has}"),
    )
    .at("/limits/memory_bytes", Some(needs), Some(has))
    .with_help("give it more with --memory"))
}

/// What a job has of disk whose user said nothing of it: a module that keeps artifacts or checkpoints was built to do so.
fn disk_of(module: &ModuleRow) -> u64 {
    let imports = convert::imports(module);
    if imports.iter().any(|import| import.starts_with(JOB)) {
        return JOB_DISK_BYTES_DEFAULT;
    }
    0
}

/// A port leads to a guest that can listen.
fn may_publish(module: &ModuleRow, spec: &JobSpec) -> Answer<()> {
    let publish = &spec.network.publish;
    let has_sockets = convert::imports(module)
        .iter()
        .any(|import| import.starts_with(SOCKETS));
    if !publish.is_empty() && !has_sockets {
        return Err(ApiError::new(
            Code::OutOfRange,
            "the job publishes a port, but its module has no sockets to listen with",
        )
        .at("/network/publish", None, None)
        .with_help("build it for WASI 0.2 (wasm32-wasip2): WASI 0.1 has no sockets"));
    }
    Ok(())
}

async fn inputs_are_there(caller: &Caller, spec: &JobSpec) -> Answer<()> {
    let blobs = spec
        .stdin
        .iter()
        .map(|digest| (*digest, InputKind::Blob, "/stdin"));
    let trees = spec
        .inputs
        .iter()
        .map(|input| (input.digest, InputKind::Tree, "/inputs"));
    for (digest, kind, place) in blobs.chain(trees) {
        if inputs::find(caller, digest, kind).await?.is_none() {
            return Err(ApiError::new(
                Code::InputNotFound,
                format!("no input of yours has digest {digest}"),
            )
            .at(place, None, None)
            .with_help("upload it first, or use `sublet submit --in PATH`, which does"));
        }
    }
    Ok(())
}

fn idempotency_key(headers: &HeaderMap, body: &[u8]) -> Answer<Option<IdempotencyKey>> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX)
        .ok_or_else(|| {
            ApiError::new(
                Code::OutOfRange,
                format!("Idempotency-Key is 1 to {KEY_BYTES_MAX} visible ASCII characters"),
            )
            .at(IDEMPOTENCY_KEY, None, None)
        })?;
    Ok(Some(IdempotencyKey {
        key: key.to_owned(),
        body: Digest::of(body),
    }))
}
