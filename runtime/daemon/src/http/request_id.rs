//! Each request has a name: the caller finds it in the answer, the operator in the log.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// Gives the request a name for as long as it is answered.
pub(super) async fn name(request: Request, next: Next) -> Response {
    let id = format!("req_{}", ulid::Ulid::generate());
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let mut response = CURRENT
        .scope(id.clone(), next.run(request).instrument(span))
        .await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// The name of the request that is being answered, if one is.
pub(super) fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}
