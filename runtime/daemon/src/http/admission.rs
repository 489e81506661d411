//! Which modules are kept: those that the compile process takes within its budget and that fit some slot. What is refused
//! leaves nothing behind but the refusal.

use sublet_api::Code;
use sublet_store::{Digest, ModuleName, NewModule, Record, Uploaded};
use sublet_worker::Preemption;
use sublet_worker::compile::{CompileError, Compiled};

use super::caller::Caller;
use super::problem::{Answer, ApiError};
use crate::artifacts::ArtifactError;
use crate::driver::Command;
use crate::{clock, convert};

/// An upload is compiled for the engine that serves most jobs; for the other when a job first needs it.
const UPLOADED: Preemption = Preemption::Checks;

/// Everything that must hold before a module is kept.
pub(super) async fn admit(
    caller: &Caller,
    mut uploaded: Uploaded,
    name: Option<ModuleName>,
) -> Answer<()> {
    refused_before(caller, uploaded.digest).await?;
    let (wasm, uploaded) = caller
        .on_disk(move |_| uploaded.bytes().map(|bytes| (bytes, uploaded)))
        .await?;
    sublet_worker::recognise(&wasm)?;
    let compiled = match caller
        .artifacts
        .compile(caller.user(), &wasm, UPLOADED)
        .await
    {
        Ok(compiled) => compiled,
        Err(ArtifactError::Compile(refused)) => {
            if let CompileError::OverBudget(_) = refused {
                let (user, module) = (caller.user(), uploaded.digest);
                caller.driver.tell(Command::CompileKilled { user, module });
            }
            return Err(remember_refusal(caller, uploaded.digest, refused).await?);
        }
        Err(other) => return Err(other.into()),
    };
    drop(wasm);
    fits_some_slot(caller, &compiled).await?;
    keep(caller, uploaded, name, compiled).await
}

async fn refused_before(caller: &Caller, digest: Digest) -> Answer<()> {
    let (user, engine) = (caller.user(), caller.artifacts.engine(UPLOADED).to_string());
    let refusal = caller
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
    caller: &Caller,
    digest: Digest,
    refused: CompileError,
) -> Answer<ApiError> {
    let code = match &refused {
        CompileError::Refused(refusal) => convert::code_of(refusal.code),
        CompileError::OverBudget(_) => Code::CompileBudget,
        CompileError::Fault(_) => return Ok(ArtifactError::Compile(refused).into()),
    };
    let record = Record::ModuleRefused {
        user: caller.user(),
        digest,
        engine: caller.artifacts.engine(UPLOADED).to_string(),
        code: code.to_string(),
        message: refused.to_string(),
        at: clock::now(),
    };
    caller
        .driver
        .ask(|answer| Command::Keep(vec![record], answer))
        .await??;
    Ok(ArtifactError::Compile(refused).into())
}

async fn fits_some_slot(caller: &Caller, compiled: &Compiled) -> Answer<()> {
    let pool = caller.driver.look(|state| state.scheduler.pool()).await?;
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
    caller: &Caller,
    uploaded: Uploaded,
    name: Option<ModuleName>,
    compiled: Compiled,
) -> Answer<()> {
    let (user, digest, size_bytes) = (caller.user(), uploaded.digest, uploaded.size_bytes);
    caller
        .on_disk(move |front| front.library.keep_module(user, uploaded))
        .await?;
    caller
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
    let kept = caller
        .driver
        .ask(|answer| Command::Keep(vec![Record::ModuleAdded(module)], answer))
        .await?;
    if let Err(why) = kept {
        caller
            .on_disk(move |front| front.library.remove_module(user, digest))
            .await?;
        return Err(why.into());
    }
    Ok(())
}
