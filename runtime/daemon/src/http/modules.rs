//! Modules: received, recognised, compiled by a process that may be killed, and only then kept.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sublet_api::{Code, Module, ModuleQuery, Page, PushQuery};
use sublet_store::{Digest, ModuleName, ModuleRow, ModuleSelector, NewModule, Record, Uploaded};
use sublet_worker::compile::{CompileError, Compiled};

use super::extract::{Path, Query};
use super::problem::{Answer, ApiError};
use super::{upload, validate};
use crate::artifacts::ArtifactError;
use crate::driver::{Command, DeleteError};
use crate::front::Front;
use crate::{clock, convert};

/// Most bytes of a module.
const MODULE_BYTES_MAX: u64 = 64 << 20;
/// The tag of a name that came without one.
const DEFAULT_TAG: &str = "latest";

pub(super) async fn push(
    State(front): State<Arc<Front>>,
    Query(query): Query<PushQuery>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<Module>)> {
    let name = module_name(query)?;
    let announced = announced_digest(&headers)?;
    let uploaded = upload::receive(&front, body, MODULE_BYTES_MAX).await?;
    if let Some(announced) = announced {
        upload::check_digest(&uploaded, &announced)?;
    }
    let digest = uploaded.digest;
    if let Some(known) = find(&front, ModuleSelector::Digest(digest.into()))
        .await?
        .pop()
    {
        name_again(&front, known, name).await?;
        return Ok((StatusCode::OK, Json(shown(&front, digest).await?)));
    }
    check(&front, uploaded, name).await?;
    Ok((StatusCode::CREATED, Json(shown(&front, digest).await?)))
}

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Query(query): Query<ModuleQuery>,
) -> Answer<Json<Page<Module>>> {
    let limit = validate::page_limit(query.limit)?;
    let before = query.cursor.as_deref().map(cursor).transpose()?;
    let whose = front.whose();
    let rows = match query.name {
        Some(name) => find(&front, ModuleSelector::Name(ModuleName { name, tag: None })).await?,
        None => {
            front
                .read(move |reader| reader.modules(whose, before, limit))
                .await?
        }
    };
    let next_cursor = (rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX))
        .then(|| rows.last().map(|row| row.id.to_string()))
        .flatten();
    let items = rows.iter().map(convert::module).collect::<Result<_, _>>()?;
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Path(reference): Path<String>,
) -> Answer<Json<Module>> {
    Ok(Json(convert::module(&resolve(&front, &reference).await?)?))
}

pub(super) async fn delete(
    State(front): State<Arc<Front>>,
    Path(reference): Path<String>,
) -> Answer<StatusCode> {
    let digest = resolve(&front, &reference).await?.digest;
    let user = front.owner.id;
    let delete = |answer| Command::DeleteModule {
        user,
        module: digest,
        answer,
    };
    front
        .driver
        .ask(delete)
        .await?
        .map_err(|error| match error {
            DeleteError::InUse => ApiError::new(
                Code::ModuleInUse,
                format!("jobs that are not over need module {reference}"),
            )
            .with_help("wait for them, or cancel them"),
            DeleteError::NotKept(why) => why.into(),
        })?;
    front
        .on_disk(move |front| front.library.remove_module(user, digest))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The module that the text means: a digest, a unique prefix of one, `name` or `name@tag`.
pub(super) async fn resolve(front: &Arc<Front>, reference: &str) -> Answer<ModuleRow> {
    let (name, tag) = match reference.split_once('@') {
        Some((name, tag)) => (name, Some(tag.to_owned())),
        None => (reference, None),
    };
    let named = ModuleSelector::Name(ModuleName {
        name: name.to_owned(),
        tag,
    });
    let mut found = find(front, named).await?;
    if found.is_empty()
        && let Ok(prefix) = reference.trim_start_matches("sha256:").parse()
    {
        found = find(front, ModuleSelector::Digest(prefix)).await?;
    }
    match found.len() {
        0 => Err(ApiError::new(
            Code::ModuleNotFound,
            format!("no module matches `{reference}`"),
        )
        .with_help(
            "`sublet modules list` shows your modules, `sublet modules push FILE` uploads one",
        )),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let list: Vec<_> = found.iter().map(|row| row.digest.to_string()).collect();
            Err(ApiError::new(
                Code::Ambiguous,
                format!("`{reference}` matches several modules: {}", list.join(", ")),
            ))
        }
    }
}

async fn find(front: &Arc<Front>, selector: ModuleSelector) -> Answer<Vec<ModuleRow>> {
    let whose = front.whose();
    Ok(front
        .read(move |reader| reader.find_modules(whose, &selector))
        .await?)
}

async fn shown(front: &Arc<Front>, digest: Digest) -> Answer<Module> {
    let row = find(front, ModuleSelector::Digest(digest.into()))
        .await?
        .pop();
    let row =
        row.ok_or_else(|| ApiError::new(Code::ModuleNotFound, "the module was deleted meanwhile"))?;
    convert::module(&row)
}

/// A module that is there already gets the further name.
async fn name_again(front: &Arc<Front>, known: ModuleRow, name: Option<ModuleName>) -> Answer<()> {
    if name
        .as_ref()
        .is_none_or(|name| known.names.first() == Some(name))
    {
        return Ok(());
    }
    let module = NewModule {
        user: known.user,
        digest: known.digest,
        name,
        size_bytes: known.size_bytes,
        interface: known.interface,
        at: clock::now(),
    };
    Ok(front
        .driver
        .ask(|answer| Command::Keep(vec![Record::ModuleAdded(module)], answer))
        .await??)
}

/// Everything that must hold before a module is kept. What is refused leaves nothing behind but the refusal.
async fn check(front: &Arc<Front>, mut uploaded: Uploaded, name: Option<ModuleName>) -> Answer<()> {
    refused_before(front, uploaded.digest).await?;
    let (wasm, uploaded) = front
        .on_disk(move |_| uploaded.bytes().map(|bytes| (bytes, uploaded)))
        .await?;
    sublet_worker::recognise(&wasm)?;
    let compiled = match front.artifacts.compile(&wasm).await {
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
    let (user, engine) = (front.owner.id, front.artifacts.engine().to_owned());
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
        engine: front.artifacts.engine().to_owned(),
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
        .map(|one| one.slot.memory_bytes)
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
        .keep(user, digest, compiled.artifact)
        .await?;
    let interface =
        serde_json::to_string(&compiled.interface).map_err(|error| ApiError::fault(&error))?;
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

fn module_name(query: PushQuery) -> Answer<Option<ModuleName>> {
    match (query.name, query.tag) {
        (Some(name), tag) => {
            let tag = tag.unwrap_or_else(|| DEFAULT_TAG.to_owned());
            validate::module_word("name", &name)?;
            validate::module_word("tag", &tag)?;
            Ok(Some(ModuleName {
                name,
                tag: Some(tag),
            }))
        }
        (None, Some(_)) => {
            Err(ApiError::new(Code::RequestMalformed, "a tag needs a name").at("tag", None, None))
        }
        (None, None) => Ok(None),
    }
}

/// The digest in `Content-Digest: sha-256=:…:`, in hex.
fn announced_digest(headers: &HeaderMap) -> Answer<Option<String>> {
    const HEADER: &str = "content-digest";
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let wrong = || {
        ApiError::new(
            Code::RequestMalformed,
            "Content-Digest is not of the form sha-256=:BASE64:",
        )
        .at(HEADER, None, None)
    };
    let text = value.to_str().map_err(|_| wrong())?;
    let encoded = text
        .strip_prefix("sha-256=:")
        .and_then(|rest| rest.strip_suffix(':'))
        .ok_or_else(wrong)?;
    let bytes: [u8; Digest::BYTES] = BASE64_STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(wrong)?;
    Ok(Some(Digest::from_bytes(bytes).to_string()))
}

fn cursor(text: &str) -> Answer<u64> {
    text.parse().map_err(|_| {
        ApiError::new(
            Code::RequestMalformed,
            format!("`{text}` is not a cursor of this list"),
        )
    })
}
