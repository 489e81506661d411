//! Inputs: blobs for standard input, trees for directories. Uploaded once, named by what was sent.

use axum::Json;
use axum::body::Body;
use sublet_api::{Code, InputQuery};
use sublet_store::{Digest, Input, InputKind, Record, TreeLimits};

use super::answer::Kept;
use super::caller::Caller;
use super::extract::{Path, Query};
use super::problem::{Answer, ApiError};
use super::room::Kind;
use super::upload;
use crate::driver::Command;
use crate::{clock, convert};

/// Most bytes of one input.
const INPUT_BYTES_MAX: u64 = 1 << 30;

pub(super) async fn show(
    caller: Caller,
    Path(digest): Path<String>,
    Query(InputQuery { kind }): Query<InputQuery>,
) -> Answer<Json<sublet_api::Input>> {
    let digest = parse("path", &digest)?;
    let input = find(&caller, digest, convert::input_kind(kind))
        .await?
        .ok_or_else(|| {
            ApiError::new(
                Code::InputNotFound,
                format!("no input of yours has digest {digest}"),
            )
        })?;
    Ok(Json(convert::input(&input)))
}

pub(super) async fn put(
    caller: Caller,
    Path(announced): Path<String>,
    Query(InputQuery { kind }): Query<InputQuery>,
    body: Body,
) -> Answer<Kept<sublet_api::Input>> {
    let digest = parse("path", &announced)?;
    if let Some(known) = find(&caller, digest, convert::input_kind(kind)).await? {
        return Ok(Kept::known(convert::input(&known)));
    }
    let input = receive(&caller, digest, convert::input_kind(kind), body).await?;
    Ok(Kept::new(convert::input(&input)))
}

/// Keeps an input that is called by its digest, unless it is kept already.
pub(super) async fn keep(
    caller: &Caller,
    digest: Digest,
    kind: InputKind,
    body: Body,
) -> Answer<Input> {
    match find(caller, digest, kind).await? {
        Some(known) => Ok(known),
        None => receive(caller, digest, kind, body).await,
    }
}

async fn receive(caller: &Caller, digest: Digest, kind: InputKind, body: Body) -> Answer<Input> {
    let (uploaded, _place) = upload::receive(caller, body, Kind::Input, INPUT_BYTES_MAX).await?;
    upload::check_digest(&uploaded, &digest.to_string())?;
    let user = caller.user();
    let kept = caller
        .on_disk(move |front| match kind {
            InputKind::Blob => front.library.keep_blob(user, uploaded),
            InputKind::Tree => front
                .library
                .keep_tree(user, uploaded, TreeLimits::default()),
        })
        .await?;
    let input = Input {
        user,
        digest: kept.digest,
        kind,
        size_bytes: kept.size_bytes,
        files: kept.files,
        at: clock::now(),
    };
    let record = vec![Record::InputAdded(input)];
    caller
        .driver
        .ask(|answer| Command::Keep(record, answer))
        .await??;
    Ok(input)
}

pub(super) async fn find(
    caller: &Caller,
    digest: Digest,
    kind: InputKind,
) -> Answer<Option<Input>> {
    let user = caller.user();
    Ok(caller
        .read(move |reader| reader.input(user, digest, kind))
        .await?)
}

/// The digest that stands at this place of a request.
pub(super) fn parse(place: &str, text: &str) -> Answer<Digest> {
    text.parse().map_err(|error| {
        ApiError::new(Code::RequestMalformed, format!("`{text}`: {error}")).at(place, None, None)
    })
}
