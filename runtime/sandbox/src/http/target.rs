//! Where a request goes: scheme, host and port of its authority. What is dialled, what is checked against a certificate and
//! what the server is told are all made of these.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper::http::uri::{Authority, Scheme};
use wasmtime_wasi_http::Error;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    /// The host as the server is told.
    pub(super) header: HeaderValue,
}

/// Whether the bytes are for the server alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    None,
    Tls,
}

impl Target {
    pub(super) fn of(uri: &Uri) -> Result<Self, Error> {
        let protection = if uri.scheme() == Some(&Scheme::HTTPS) {
            Protection::Tls
        } else {
            Protection::None
        };
        let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
        let told = port(authority)?.filter(|port| *port != protection.port());
        let host = authority.host();
        let header = match told {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            host: without_brackets(host).to_owned(),
            port: told.unwrap_or_else(|| protection.port()),
            protection,
            header: HeaderValue::try_from(header).map_err(|_| Error::HttpRequestUriInvalid)?,
        })
    }
}

impl Protection {
    const fn port(self) -> u16 {
        match self {
            Self::None => 80,
            Self::Tls => 443,
        }
    }
}

/// The port that is spelled out, if one is. Anything else after the host, or a user before it, makes no target: parsers that
/// disagree about it would send the request to different places.
fn port(authority: &Authority) -> Result<Option<u16>, Error> {
    let rest = authority.as_str().strip_prefix(authority.host());
    let digits = match rest {
        Some("") => return Ok(None),
        Some(rest) => rest.strip_prefix(':'),
        None => None,
    };
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or(Error::HttpRequestUriInvalid)
}

fn without_brackets(host: &str) -> &str {
    let inner = host.strip_prefix('[');
    inner
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(host)
}
