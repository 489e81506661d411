//! Which modules are kept: those that the compile process takes within its budget and that fit some slot. What is refused
//! leaves nothing behind but the refusal.

use std::sync::Arc;

use sublet_api::Code;
use sublet_store::{Digest, ModuleName, NewModule, Record, Uploaded};
use sublet_worker::Preemption;
use sublet_worker::compile::{CompileError, Compiled};

use super::problem::{Answer, ApiError};
use crate::artifacts::ArtifactError;
use crate::driver::Command;
use crate::front::Front;
use crate::{clock, convert};

/// An upload is compiled for the engine that serves most jobs; for the other when a job first needs it.
const UPLOADED: Preemption = Preemption::Checks;

/// Everything that must hold before a module is kept.
pub(super) async fn admit(
    front: &Arc<Front>,
    mut uploaded: Uploaded,
    name: Option<ModuleName>,
) -> Answer<()> {
    refused_before(front, uploaded.digest).await?;
    let (wasm, uploaded) = front
        .on_disk(move |_| uploaded.bytes().map(|bytes| (bytes, uploaded)))
        .await?;
    sublet_worker::recognise(&wasm)?;
    let compiled = match front.artifacts.compile(&wasm, UPLOADED).await {
        Ok(compiled) => compiled,
        Err(ArtifactError::Compile(refused)) => {
            return Err(remember_refusal(front, uploaded.digest, refused).await?);
        }
        Err(other) => return Err(other.into()),
    };
    drop(wasm);
    fits_some_slot(front, &compiled).await?;
    keep(front, uploaded, name, compiled).await
}

async fn refused_before(front: &Arc<Front>, digest: Digest) -> Answer<()> {
    let (user, engine) = (front.owner.id, front.artifacts.engine(UPLOADED).to_string());
    let refusal = front
        .read(move |reader| reader.refusal(user, digest, &engine))
        .await?;
    match refusal {
        Some(refusal) => {
            let code = Code::parse(&refusal.code).unwrap_or(Code::ModuleInvalid);
            Err(ApiError::new(code, refusal.message).with_help(format!(
                "these very bytes were refused before; `sublet help {code}` says more"
            )))
        }
        None => Ok(()),
    }
}

/// A refusal is kept, so that a module that is expensive to refuse is expensive once.
async fn remember_refusal(
    front: &Arc<Front>,
    digest: Digest,
    refused: CompileError,
) -> Answer<ApiError> {
    let code = match &refused {
        CompileError::Refused(refusal) => convert::code_of(refusal.code),
        CompileError::OverBudget(_) => Code::CompileBudget,
        CompileError::Fault(_) => return Ok(ArtifactError::Compile(refused).into()),
    };
    let record = Record::ModuleRefused {
        user: front.owner.id,
        digest,
        engine: front.artifacts.engine(UPLOADED).to_string(),
        code: code.to_string(),
        message: refused.to_string(),
        at: clock::now(),
    };
    front
        .driver
        .ask(|answer| Command::Keep(vec![record], answer))
        .await??;
    Ok(ArtifactError::Compile(refused).into())
}

async fn fits_some_slot(front: &Arc<Front>, compiled: &Compiled) -> Answer<()> {
    let pool = front.driver.look(|state| state.scheduler.pool()).await?;
    let most = pool
        .subclusters
        .iter()
        .map(|one| one.spec.slot.memory_bytes)
        .max()
        .unwrap_or_default();
    let wanted = compiled.interface.memory_bytes_min;
    if wanted <= most {
        return Ok(());
    }
    Err(ApiError::new(
        Code::ModuleNeedsMore,
        format!(
            "the module declares at least {wanted} bytes of memory, the largest slot has {most}"
        ),
    )
    .at("body", Some(most), Some(wanted)))
}

async fn keep(
    front: &Arc<Front>,
    uploaded: Uploaded,
    name: Option<ModuleName>,
    compiled: Compiled,
) -> Answer<()> {
    let (user, digest, size_bytes) = (front.owner.id, uploaded.digest, uploaded.size_bytes);
    front
        .on_disk(move |front| front.library.keep_module(user, uploaded))
        .await?;
    front
        .artifacts
        .keep(user, digest, UPLOADED, compiled.artifact)
        .await?;
    let interface = serde_json::to_string(&compiled.interface)?;
    let module = NewModule {
        user,
        digest,
        name,
        size_bytes,
        interface,
        at: clock::now(),
    };
    let kept = front
        .driver
        .ask(|answer| Command::Keep(vec![Record::ModuleAdded(module)], answer))
        .await?;
    if let Err(why) = kept {
        front
            .on_disk(move |front| front.library.remove_module(user, digest))
            .await?;
        return Err(why.into());
    }
    Ok(())
}
