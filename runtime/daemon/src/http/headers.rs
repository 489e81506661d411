//! Headers that say something of a request: each is read by a type of its own, so that a handler that heeds one says so.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sublet_api::Code;
use sublet_store::Digest;

use super::problem::{Answer, ApiError};

/// A word under which a request has its effect once, however often it comes.
pub(super) struct IdempotencyKey(Option<String>);

/// The digest that a body is said to have, in hex.
pub(super) struct AnnouncedDigest(pub(super) Option<String>);

/// Where a reader of a stream was when it lost the connection.
pub(super) struct LastEventId(Option<String>);

/// The version of the rules that a change was made for.
pub(super) struct IfMatch(pub(super) u64);

impl IdempotencyKey {
    pub(super) const HEADER: &str = "idempotency-key";
    /// Bytes of a key.
    const BYTES_MAX: usize = 255;

    /// A key that stands elsewhere.
    pub(super) fn checked(text: &str) -> Answer<Self> {
        let is_fine = (1..=Self::BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if is_fine {
            return Ok(Self(Some(text.to_owned())));
        }
        Err(ApiError::new(
            Code::OutOfRange,
            format!(
                "Idempotency-Key is 1 to {} visible ASCII characters",
                Self::BYTES_MAX
            ),
        )
        .at(Self::HEADER, None, None))
    }

    /// The key together with the body that it came with.
    pub(super) fn of(self, body: &[u8]) -> Option<sublet_store::IdempotencyKey> {
        self.0.map(|key| sublet_store::IdempotencyKey {
            key,
            body: Digest::of(body),
        })
    }
}

impl LastEventId {
    pub(super) const HEADER: &str = "last-event-id";

    /// The number that the header has, else that of the query: a reader that comes back repeats its query as it was.
    pub(super) fn or<T: FromStr>(&self, query: Option<T>) -> Answer<Option<T>> {
        let Some(text) = &self.0 else {
            return Ok(query);
        };
        let wrong = || {
            ApiError::new(
                Code::RequestMalformed,
                format!("`{}` is no mark of this stream", text.escape_debug()),
            )
            .at(Self::HEADER, None, None)
        };
        text.parse().map(Some).map_err(|_| wrong())
    }
}

impl AnnouncedDigest {
    pub(super) const HEADER: &str = "content-digest";
}

impl IfMatch {
    pub(super) const HEADER: &str = "if-match";
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.headers.get(Self::HEADER) {
            Some(key) => Self::checked(key.to_str().unwrap_or_default()),
            None => Ok(Self(None)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mark = parts.headers.get(Self::HEADER);
        let mark = mark.map(|mark| mark.to_str().unwrap_or_default().to_owned());
        Ok(Self(mark))
    }
}

impl<S: Sync> FromRequestParts<S> for AnnouncedDigest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(Self::HEADER) else {
            return Ok(Self(None));
        };
        let digest = sha256_in(value).ok_or_else(|| {
            ApiError::new(
                Code::RequestMalformed,
                "Content-Digest is not of the form sha-256=:BASE64:",
            )
            .at(Self::HEADER, None, None)
        })?;
        Ok(Self(Some(digest.to_string())))
    }
}

fn sha256_in(value: &HeaderValue) -> Option<Digest> {
    let encoded = value.to_str().ok()?.strip_prefix("sha-256=:")?;
    let bytes = BASE64_STANDARD.decode(encoded.strip_suffix(':')?).ok()?;
    let bytes: [u8; Digest::BYTES] = bytes.try_into().ok()?;
    Some(Digest::from_bytes(bytes))
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(said) = parts.headers.get(Self::HEADER) else {
            return Err(ApiError::new(
                Code::VersionMissing,
                "the request does not say which version of the rules it was made for",
            )
            .with_help("read /v1/rules and send its ETag as If-Match; `sublet apply` does both"));
        };
        let text = said.to_str().unwrap_or_default();
        let version = text.trim_matches('"').parse().map_err(|_| {
            ApiError::new(
                Code::RequestMalformed,
                "If-Match is not a version of the rules: it looks like \"3\"",
            )
        })?;
        Ok(Self(version))
    }
}
