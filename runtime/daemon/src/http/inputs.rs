//! Inputs: blobs for standard input, trees for directories. Uploaded once, named by what was sent.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sublet_api::{Code, InputQuery};
use sublet_store::{Digest, Input, InputKind, Record, TreeLimits};

use super::extract::{Path, Query};
use super::problem::{Answer, ApiError};
use super::upload;
use crate::driver::Command;
use crate::front::Front;
use crate::{clock, convert};

/// Most bytes of one input.
const INPUT_BYTES_MAX: u64 = 1 << 30;

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Path(digest): Path<String>,
    Query(InputQuery { kind }): Query<InputQuery>,
) -> Answer<Json<sublet_api::Input>> {
    let digest = parse("path", &digest)?;
    let input = find(&front, digest, convert::input_kind(kind))
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
    State(front): State<Arc<Front>>,
    Path(announced): Path<String>,
    Query(InputQuery { kind }): Query<InputQuery>,
    body: Body,
) -> Answer<(StatusCode, Json<sublet_api::Input>)> {
    let digest = parse("path", &announced)?;
    if let Some(known) = find(&front, digest, convert::input_kind(kind)).await? {
        return Ok((StatusCode::OK, Json(convert::input(&known))));
    }
    let uploaded = upload::receive(&front, body, INPUT_BYTES_MAX).await?;
    upload::check_digest(&uploaded, &announced)?;
    let user = front.owner.id;
    let kept = front
        .on_disk(move |front| match convert::input_kind(kind) {
            InputKind::Blob => front.library.keep_blob(user, uploaded),
            InputKind::Tree => front
                .library
                .keep_tree(user, uploaded, TreeLimits::default()),
        })
        .await?;
    let input = Input {
        user,
        digest: kept.digest,
        kind: convert::input_kind(kind),
        size_bytes: kept.size_bytes,
        files: kept.files,
        at: clock::now(),
    };
    let record = vec![Record::InputAdded(input)];
    front
        .driver
        .ask(|answer| Command::Keep(record, answer))
        .await??;
    Ok((StatusCode::CREATED, Json(convert::input(&input))))
}

pub(super) async fn find(
    front: &Arc<Front>,
    digest: Digest,
    kind: InputKind,
) -> Answer<Option<Input>> {
    let user = front.owner.id;
    Ok(front
        .read(move |reader| reader.input(user, digest, kind))
        .await?)
}

/// The digest that stands at this place of a request.
pub(super) fn parse(place: &str, text: &str) -> Answer<Digest> {
    text.parse().map_err(|error| {
        ApiError::new(Code::RequestMalformed, format!("`{text}`: {error}")).at(place, None, None)
    })
}
