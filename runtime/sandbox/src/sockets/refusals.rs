//! The standard's words for what the network refuses. The reasons behind them are for people, and stay with the network.

use sublet_network::{DenialReason, LookupError, Refusal};
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;

pub(crate) const fn code(refusal: &Refusal) -> ErrorCode {
    match refusal {
        Refusal::Denied(denial) => match denial.reason {
            DenialReason::NotAllowed | DenialReason::Protected => ErrorCode::AccessDenied,
            DenialReason::NotSupported => ErrorCode::NotSupported,
        },
        Refusal::AddressInUse => ErrorCode::AddressInUse,
        Refusal::AddressNotBindable => ErrorCode::AddressNotBindable,
        Refusal::ConnectionRefused => ErrorCode::ConnectionRefused,
        Refusal::ConnectionReset => ErrorCode::ConnectionReset,
        Refusal::Unreachable => ErrorCode::RemoteUnreachable,
        Refusal::TimedOut => ErrorCode::Timeout,
        Refusal::Limit => ErrorCode::NewSocketLimit,
        Refusal::TooLarge => ErrorCode::DatagramTooLarge,
        Refusal::InvalidArgument => ErrorCode::InvalidArgument,
        Refusal::NameNotFound => ErrorCode::NameUnresolvable,
    }
}

pub(crate) const fn lookup_code(error: LookupError) -> ErrorCode {
    match error {
        LookupError::NotFound => ErrorCode::NameUnresolvable,
        LookupError::Invalid => ErrorCode::InvalidArgument,
        LookupError::Temporary => ErrorCode::TemporaryResolverFailure,
    }
}
