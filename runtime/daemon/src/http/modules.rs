//! Modules: received, admitted, found, let go, forgotten.

use axum::Json;
use axum::body::Body;
use sublet_api::{Code, Module, ModuleQuery, Page, PushQuery, ReleaseQuery};
use sublet_store::{Digest, ModuleName, ModuleRow, ModuleSelector, NewModule, Record, Whose};

use super::answer::{Done, Kept};
use super::caller::Caller;
use super::extract::{Path, Query};
use super::headers::AnnouncedDigest;
use super::problem::{Answer, ApiError};
use super::room::Kind;
use super::{admission, selector, upload, users, validate};
use crate::driver::{Command, DeleteError};
use crate::{clock, convert};

/// Most bytes of a module.
const MODULE_BYTES_MAX: u64 = 64 << 20;
/// The tag of a name that came without one.
const DEFAULT_TAG: &str = "latest";

pub(super) async fn push(
    caller: Caller,
    Query(query): Query<PushQuery>,
    AnnouncedDigest(announced): AnnouncedDigest,
    body: Body,
) -> Answer<Kept<Module>> {
    let name = module_name(query)?;
    let (uploaded, _place) = upload::receive(&caller, body, Kind::Module, MODULE_BYTES_MAX).await?;
    if let Some(announced) = announced {
        upload::check_digest(&uploaded, &announced)?;
    }
    let digest = uploaded.digest;
    if let Some(known) = selector::modules(&caller, ModuleSelector::Digest(digest.into()))
        .await?
        .pop()
    {
        name_again(&caller, known, name).await?;
        return Ok(Kept::known(shown(&caller, digest).await?));
    }
    admission::admit(&caller, uploaded, name).await?;
    Ok(Kept::new(shown(&caller, digest).await?))
}

pub(super) async fn list(
    caller: Caller,
    Query(query): Query<ModuleQuery>,
) -> Answer<Json<Page<Module>>> {
    let limit = validate::page_limit(query.limit)?;
    let before = query.cursor.as_deref().map(cursor).transpose()?;
    let whose = users::whose(&caller, query.user.as_deref())?;
    let rows = match query.name {
        Some(name) => {
            selector::modules(
                &caller,
                ModuleSelector::Name(ModuleName { name, tag: None }),
            )
            .await?
        }
        None => {
            caller
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

pub(super) async fn show(caller: Caller, Path(reference): Path<String>) -> Answer<Json<Module>> {
    Ok(Json(convert::module(
        &selector::module(&caller, &reference).await?,
    )?))
}

pub(super) async fn delete(caller: Caller, Path(reference): Path<String>) -> Answer<Done> {
    let ModuleRow { user, digest, .. } = selector::module(&caller, &reference).await?;
    let delete = |answer| Command::DeleteModule {
        user,
        module: digest,
        answer,
    };
    caller
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
    caller.note_if_anothers(user, "modules.delete", digest.to_string());
    caller
        .on_disk(move |front| front.library.remove_module(user, digest))
        .await?;
    Ok(Done)
}

/// Answers with the module as it is then.
pub(super) async fn release(
    caller: Caller,
    Path(reference): Path<String>,
    Query(query): Query<ReleaseQuery>,
) -> Answer<Json<Module>> {
    let whose = users::whose(&caller, query.user.as_deref())?;
    let ModuleRow { user, digest, .. } = selector::module_of(&caller, whose, &reference).await?;
    let release = |answer| Command::ReleaseModule {
        user,
        name: caller.people.name_of(user),
        module: digest,
        who: caller.who(),
        answer,
    };
    caller.driver.ask(release).await??;
    let theirs = Whose::User(user);
    let row = selector::module_of(&caller, theirs, &digest.to_string()).await?;
    Ok(Json(convert::module(&row)?))
}

async fn shown(caller: &Caller, digest: Digest) -> Answer<Module> {
    let row = selector::modules(caller, ModuleSelector::Digest(digest.into()))
        .await?
        .pop();
    let row =
        row.ok_or_else(|| ApiError::new(Code::ModuleNotFound, "the module was deleted meanwhile"))?;
    Ok(convert::module(&row)?)
}

/// A module that is there already gets the further name.
async fn name_again(caller: &Caller, known: ModuleRow, name: Option<ModuleName>) -> Answer<()> {
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
    Ok(caller
        .driver
        .ask(|answer| Command::Keep(vec![Record::ModuleAdded(module)], answer))
        .await??)
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

fn cursor(text: &str) -> Answer<u64> {
    text.parse().map_err(|_| {
        ApiError::new(
            Code::RequestMalformed,
            format!("`{text}` is not a cursor of this list"),
        )
    })
}
