//! The one way in: a submission is read, checked against its own bounds, its module and inputs are looked up, and then
//! the driver has it. This route never places anything.

use axum::Json as JsonAnswer;
use sublet_api::{After, Code, Fit, Job, SubmitJob, When};
use sublet_store::{IdempotencyKey as StoredKey, InputKind, JobSpec, ModuleRow, StoredDependency};

use super::answer::Kept;
use super::caller::Caller;
use super::extract::{Json, Path};
use super::headers::IdempotencyKey;
use super::problem::{Answer, ApiError};
use super::{inputs, jobs, networks, pool, selector, validate};
use crate::convert;
use crate::driver::{Command, JOB, SOCKETS, Submission};

/// The disk of each attempt of a module that speaks of its job, as with `sublet run`.
const JOB_DISK_BYTES_DEFAULT: u64 = 64 << 20;

pub(super) async fn submit(
    caller: Caller,
    key: IdempotencyKey,
    Json {
        value: asked,
        bytes,
    }: Json<SubmitJob>,
) -> Answer<Kept<Job>> {
    taken(caller, asked, key.of(&bytes)).await
}

/// The same under a key of the caller's that stands in the path.
pub(super) async fn submit_by_key(
    caller: Caller,
    Path(key): Path<String>,
    Json {
        value: asked,
        bytes,
    }: Json<SubmitJob>,
) -> Answer<Kept<Job>> {
    let key = IdempotencyKey::checked(&key)?;
    taken(caller, asked, key.of(&bytes)).await
}

/// Everything that a submission goes through, but that nothing comes of it.
pub(super) async fn consider(
    caller: Caller,
    Json { value: asked, .. }: Json<SubmitJob>,
) -> Answer<JsonAnswer<Fit>> {
    let submission = submission(&caller, asked, None).await?;
    let subcluster = caller
        .driver
        .ask(|answer| Command::Consider(Box::new(submission), answer))
        .await??;
    let pool = pool::read(&caller).await?;
    let fit = caller
        .driver
        .look(move |state| {
            state
                .scheduler
                .subcluster_name(subcluster)
                .map(str::to_owned)
        })
        .await?
        .and_then(|name| pool.subclusters.into_iter().find(|one| one.name == name))
        .map(|one| Fit {
            subcluster: one.name,
            slots: one.slots,
        });
    let gone = || ApiError::new(Code::SubclusterNotFound, "where it would go is gone by now");
    fit.map(JsonAnswer).ok_or_else(gone)
}

async fn taken(caller: Caller, asked: SubmitJob, key: Option<StoredKey>) -> Answer<Kept<Job>> {
    let submission = submission(&caller, asked, key).await?;
    let range = &submission.spec.tasks;
    let tasks = u64::from(range.end() - range.start()) + 1;
    let submitted = caller
        .driver
        .ask(|answer| Command::Submit(Box::new(submission), answer))
        .await??;
    let job = jobs::view(&caller, submitted.job).await?;
    let location = format!("/v1/jobs/{}", job.id);
    if submitted.was_known {
        return Ok(Kept::known(job).at(location));
    }
    caller.metrics.submitted(tasks);
    Ok(Kept::new(job).at(location))
}

/// What is asked for, checked against its own bounds, with all that it names found.
pub(super) async fn submission(
    caller: &Caller,
    asked: SubmitJob,
    idempotency: Option<StoredKey>,
) -> Answer<Submission> {
    let module = selector::module(caller, &asked.module).await?;
    let after = dependencies(caller, &asked.after).await?;
    let mut spec = validate::spec(
        &asked,
        program(&asked, &module),
        after,
        &caller.now().config,
    )?;
    if asked.limits.scratch_bytes.is_none() {
        spec.limits.scratch_bytes = disk_of(&module);
    }
    memory_suffices(&module, &spec)?;
    inputs_are_there(caller, &spec).await?;
    if caller.is_disk_short()? {
        return Err(crate::driver::NotKept::DiskFull.into());
    }
    may_publish(&module, &spec)?;
    networks::may_reach(caller, &spec.network.allow).await?;
    Ok(Submission {
        user: caller.user(),
        name: asked.name,
        module: module.digest,
        spec,
        imports: convert::imports(&module),
        via: caller.who().via,
        idempotency,
        parent: None,
    })
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
