//! A body of any size on its way to a file: counted, hashed, and not allowed to dawdle.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use futures_util::StreamExt;
use sublet_api::Code;
use sublet_store::Uploaded;

use super::caller::Caller;
use super::problem::{Answer, ApiError};
use super::room::{self, Kind, Place};

/// The longest pause between two pieces of a body.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Receives a body into a temporary file, and keeps a place for it.
pub(super) async fn receive(
    caller: &Caller,
    body: Body,
    kind: Kind,
    limit_bytes: u64,
) -> Answer<(Uploaded, Place)> {
    if caller.is_disk_short()? {
        return Err(crate::driver::NotKept::DiskFull.into());
    }
    // A length that is announced need not be waited for.
    if body.size_hint().lower() > limit_bytes {
        return Err(sublet_store::Error::UploadTooLong { limit_bytes }.into());
    }
    let mut place = room::take(caller, kind, body.size_hint().lower()).await?;
    let mut received = 0;
    let mut upload = caller
        .on_disk(move |front| front.library.upload(limit_bytes))
        .await?;
    let mut pieces = body.into_data_stream();
    loop {
        let Ok(piece) = tokio::time::timeout(PAUSE_MAX, pieces.next()).await else {
            return Err(ApiError::new(
                Code::RequestMalformed,
                format!("the body paused for more than {} s", PAUSE_MAX.as_secs()),
            ));
        };
        let Some(piece) = piece else { break };
        let piece = piece.map_err(|error| {
            ApiError::new(
                Code::RequestMalformed,
                format!("the body broke off: {error}"),
            )
        })?;
        received += piece.len() as u64;
        place.grow(received)?;
        upload = caller
            .on_disk(move |_| upload.write(&piece).map(|()| upload))
            .await?;
    }
    let uploaded = caller.on_disk(move |_| upload.finish()).await?;
    place.confirm(caller).await?;
    Ok((uploaded, place))
}

/// Refuses a body that is not what was announced.
pub(super) fn check_digest(uploaded: &Uploaded, announced: &str) -> Answer<()> {
    let arrived = uploaded.digest.to_string();
    if arrived == announced.to_ascii_lowercase() {
        return Ok(());
    }
    Err(ApiError::new(
        Code::DigestMismatch,
        format!("the body has sha256 {arrived}, announced was {announced}"),
    ))
}
