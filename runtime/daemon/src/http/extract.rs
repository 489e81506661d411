//! Reading requests: the framework's extractors with our errors, and the nearest name where a field is unknown.

use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path as AxumPath, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use sublet_api::Code;

use super::problem::ApiError;
use crate::nearest::{nearest, unknown_name};

/// A JSON body is small; one that takes longer holds a connection for nothing.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// A JSON body, with its bytes.
pub(super) struct Json<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

/// The query of a URL.
pub(super) struct Query<T>(pub(super) T);

/// The query of a URL in which a field may stand several times: its values, and everything else.
pub(super) struct Labelled<T> {
    pub(super) query: T,
    pub(super) labels: Vec<String>,
}

/// The field that may stand several times.
const LABEL: &str = "label=";

/// One part of a path.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // A length that is announced need not be waited for.
        if request.body().size_hint().lower() > super::JSON_BYTES_MAX as u64 {
            return Err(too_large());
        }
        let received =
            tokio::time::timeout(BODY_TIME_MAX, Bytes::from_request(request, state)).await;
        let bytes = received
            .map_err(|_| ApiError::new(Code::RequestMalformed, "the body did not arrive in time"))?
            .map_err(|rejection| body_error(&rejection))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let mut track = serde_path_to_error::Track::new();
        let whole = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
        let value = match sublet_api::object::read(whole) {
            Ok(value) => value,
            Err(error) => return Err(json_error(&pointer_of(&track.path()), &error)),
        };
        reader.end().map_err(|error| json_error("", &error))?;
        Ok(Self { value, bytes })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| named_error("query", &rejection.body_text()))
    }
}

/// Forms have no lists, so each value of the field is a form of its own.
impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Labelled<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pieces = parts.uri.query().unwrap_or_default().split('&');
        let (labels, others): (Vec<_>, Vec<_>) = pieces.partition(|piece| piece.starts_with(LABEL));
        let one = |piece: &str| form::<OneLabel>(piece).map(|one| one.label);
        Ok(Self {
            labels: labels.into_iter().map(one).collect::<Result<_, _>>()?,
            query: form(&others.join("&"))?,
        })
    }
}

#[derive(serde::Deserialize)]
struct OneLabel {
    label: String,
}

fn form<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let misread = |message: &str| named_error("query", message);
    let uri: Uri = format!("/?{text}")
        .parse()
        .map_err(|_| misread("the query is no part of a URL"))?;
    axum::extract::Query::try_from_uri(&uri)
        .map(|axum::extract::Query(value)| value)
        .map_err(|rejection| misread(&rejection.body_text()))
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        AxumPath::from_request_parts(parts, state)
            .await
            .map(|AxumPath(value)| Self(value))
            .map_err(|rejection| {
                ApiError::new(Code::RequestMalformed, rejection.body_text()).at("path", None, None)
            })
    }
}

fn body_error(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    ApiError::new(
        Code::RequestMalformed,
        format!("the body cannot be read: {}", rejection.body_text()),
    )
}

fn too_large() -> ApiError {
    let limit = super::JSON_BYTES_MAX;
    ApiError::new(
        Code::BodyTooLarge,
        format!("the body is larger than {limit} bytes"),
    )
    .at("body", Some(limit as u64), None)
}

fn json_error(pointer: &str, error: &serde_json::Error) -> ApiError {
    named_error(pointer, &error.to_string())
}

/// An unknown field has its own code; that and an unknown word come with the nearest known one.
fn named_error(pointer: &str, message: &str) -> ApiError {
    let Some((unknown, known)) = unknown_name(message) else {
        return ApiError::new(Code::RequestMalformed, message.to_owned()).at(pointer, None, None);
    };
    let error = if message.contains("unknown variant `") {
        ApiError::new(Code::RequestMalformed, message.to_owned())
    } else {
        ApiError::new(Code::UnknownField, format!("unknown field `{unknown}`"))
    };
    let error = error.at(pointer, None, None);
    match nearest(unknown, known) {
        Some(nearest) => error.with_help(format!("did you mean `{nearest}`?")),
        None => error,
    }
}

/// `limits.memory_bytes` as a JSON pointer.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{key}"),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/".to_owned(),
        })
        .collect()
}
