//! What handlers answer, beyond a plain value: each kind is a type, so that a signature says which status comes with it.

use std::marker::PhantomData;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// 201 with what is new, or 200 with what was there already.
pub(super) struct Kept<T> {
    item: T,
    is_new: bool,
    location: Option<String>,
}

/// 202 with how it stands: what was asked for is under way.
pub(super) struct Accepted<T>(pub(super) T);

/// 204: it is done, and there is nothing to say.
pub(super) struct Done;

/// 200 with the version that a change has to name.
pub(super) struct Tagged<T> {
    pub(super) tag: String,
    pub(super) item: T,
}

/// A stream with one `T` as JSON per line.
pub(super) struct Lines<T> {
    body: Body,
    item: PhantomData<T>,
}

/// Bytes of a media type, with their number where it is known.
pub(super) struct Bytes<M> {
    body: Body,
    length: Option<u64>,
    media: PhantomData<M>,
}

/// What bytes are.
pub(super) trait Media {
    const TYPE: &str;
}

pub(super) struct Binary;
pub(super) struct Document;
pub(super) struct OpenMetrics;
pub(super) struct Text;

impl Media for Binary {
    const TYPE: &str = "application/octet-stream";
}

impl Media for Document {
    const TYPE: &str = "application/json";
}

impl Media for OpenMetrics {
    const TYPE: &str = crate::metrics::MEDIA_TYPE;
}

impl Media for Text {
    const TYPE: &str = "text/plain; charset=utf-8";
}

/// A file that is kept: all of it, a part, or that it is still the one that the caller has.
pub(super) struct Stored(pub(super) Response);

/// One or the other, as it was asked for.
pub(super) enum Either<A, B> {
    One(A),
    Other(B),
}

impl<T> Kept<T> {
    pub(super) const fn new(item: T) -> Self {
        Self {
            item,
            is_new: true,
            location: None,
        }
    }

    pub(super) const fn known(item: T) -> Self {
        Self {
            item,
            is_new: false,
            location: None,
        }
    }

    /// The same, with where it is found.
    pub(super) fn at(self, location: String) -> Self {
        Self {
            location: Some(location),
            ..self
        }
    }
}

impl<T> Lines<T> {
    pub(super) const fn new(body: Body) -> Self {
        Self {
            body,
            item: PhantomData,
        }
    }
}

impl<T: Serialize> IntoResponse for Kept<T> {
    fn into_response(self) -> Response {
        let status = if self.is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        match self.location {
            Some(location) => (status, [(LOCATION, location)], Json(self.item)).into_response(),
            None => (status, Json(self.item)).into_response(),
        }
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(ETAG, self.tag)], Json(self.item)).into_response()
    }
}

impl<T> IntoResponse for Lines<T> {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, super::stream::LINES)], self.body).into_response()
    }
}

impl<M> Bytes<M> {
    pub(super) fn new(body: impl Into<Body>) -> Self {
        Self {
            body: body.into(),
            length: None,
            media: PhantomData,
        }
    }

    pub(super) fn of_length(self, length: u64) -> Self {
        Self {
            length: Some(length),
            ..self
        }
    }
}

impl<M: Media> IntoResponse for Bytes<M> {
    fn into_response(self) -> Response {
        let mut response = ([(CONTENT_TYPE, M::TYPE)], self.body).into_response();
        if let Some(length) = self.length {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response
    }
}

impl IntoResponse for Stored {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<A: IntoResponse, B: IntoResponse> IntoResponse for Either<A, B> {
    fn into_response(self) -> Response {
        match self {
            Self::One(one) => one.into_response(),
            Self::Other(other) => other.into_response(),
        }
    }
}
