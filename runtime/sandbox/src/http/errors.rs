//! The standard's words for what goes wrong. Reasons that are for people stay with the network.

use std::error::Error as _;
use std::io;

use sublet_network::Refusal;
use tokio_rustls::rustls;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, TlsAlertReceivedPayload};

pub(super) const fn refusal_error(refusal: &Refusal) -> Error {
    match refusal {
        Refusal::Denied(_) => Error::HttpRequestDenied,
        Refusal::NameNotFound => Error::DestinationNotFound,
        Refusal::ConnectionRefused => Error::ConnectionRefused,
        Refusal::ConnectionReset => Error::ConnectionTerminated,
        Refusal::TimedOut => Error::ConnectionTimeout,
        Refusal::Limit | Refusal::AddressInUse => Error::ConnectionLimitReached,
        Refusal::InvalidArgument => Error::HttpRequestUriInvalid,
        Refusal::Unreachable | Refusal::AddressNotBindable | Refusal::TooLarge => {
            Error::DestinationUnavailable
        }
    }
}

/// What ended a connection. Each side of TLS may find out about the other at any time, so this is not for the handshake
/// alone.
pub(super) fn connection_error(error: &io::Error) -> Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    if let Some(cause) = cause {
        return tls_error(cause);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::HttpResponseIncomplete,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Error::ConnectionTerminated,
        _ => Error::HttpProtocolError,
    }
}

fn tls_error(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: alert.as_str().map(str::to_owned),
        },
        _ => Error::TlsProtocolError,
    }
}

pub(super) fn hyper_error(error: &hyper::Error) -> Error {
    if let Some(source) = error.source().and_then(|source| source.downcast_ref()) {
        return connection_error(source);
    }
    if error.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(None)
    } else if error.is_incomplete_message() {
        Error::HttpResponseIncomplete
    } else if error.is_canceled() || error.is_closed() {
        Error::ConnectionTerminated
    } else {
        Error::HttpProtocolError
    }
}

/// What ended a body. wasmtime's own knows only the errors of bodies that are sent, and has no word for those that come in.
pub(super) fn body_code(error: &wasmtime::Error) -> Option<ErrorCode> {
    if let Some(code) = error.downcast_ref::<ErrorCode>() {
        return Some(code.clone());
    }
    Some(match error.downcast_ref::<Error>()? {
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpResponseHeaderSectionSize(size) => {
            ErrorCode::HttpResponseHeaderSectionSize(*size)
        }
        Error::TlsProtocolError => ErrorCode::TlsProtocolError,
        Error::TlsAlertReceived {
            alert_id,
            alert_message,
        } => ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
            alert_id: *alert_id,
            alert_message: alert_message.clone(),
        }),
        _ => ErrorCode::HttpProtocolError,
    })
}
