//! What goes over the wire of what the guest said.

use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Request, Uri};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::http::outgoing::{Outgoing, Progress};
use crate::http::target::Target;

/// Makes the request one for `target` alone: its line is path and query, its host is the target's, and where its body ends
/// is decided by who sends it.
pub(super) fn rewrite(
    request: Request<WasiBody>,
    target: &Target,
) -> Result<(Request<Outgoing>, Progress), Error> {
    let (mut parts, body) = request.into_parts();
    // It would make a tunnel, whose other end nobody checks.
    if parts.method == Method::CONNECT {
        return Err(Error::HttpRequestMethodInvalid);
    }
    parts.uri = path(&parts.uri)?;
    let length = take_length(&mut parts.headers)?;
    parts.headers.insert(HOST, target.header.clone());
    // There is no second request on a connection, and the server need not wait for one.
    let close = HeaderValue::from_static("close");
    parts.headers.insert(CONNECTION, close);
    let progress = Progress::default();
    let body = match length {
        Some(length) => Outgoing::of_length(body, length, progress.clone()),
        None if has_meaning(&parts.method) => Outgoing::known_if_empty(body, progress.clone()),
        None => Outgoing::of_any_length(body, progress.clone()),
    };
    Ok((Request::from_parts(parts, body), progress))
}

/// Path and query alone. A path that is not there is the root.
fn path(uri: &Uri) -> Result<Uri, Error> {
    let path = uri.path_and_query().map_or("", PathAndQuery::as_str);
    let path = match path.strip_prefix('/') {
        Some(_) => path.parse(),
        None => format!("/{path}").parse(),
    };
    path.map(|path: PathAndQuery| path.into())
        .map_err(|_| Error::HttpRequestUriInvalid)
}

/// The length that the guest announced. It is announced anew, and kept to, by who sends the body.
fn take_length(headers: &mut HeaderMap) -> Result<Option<u64>, Error> {
    let Some(value) = headers.remove(CONTENT_LENGTH) else {
        return Ok(None);
    };
    let digits = value.to_str().ok();
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or(Error::HttpProtocolError)
}

/// Whether a body is part of what the method means. Then servers want to be told even that there is none.
fn has_meaning(method: &Method) -> bool {
    *method == Method::POST || *method == Method::PUT || *method == Method::PATCH
}
