//! How long a request may take in each of its phases.

use std::time::Duration;

use wasmtime_wasi_http::RequestOptions;

/// No time at all could never be kept.
const TIMEOUT_MIN: Duration = Duration::from_millis(1);
/// A server that says nothing for this long says nothing, and is also what a guest gets that names no time.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// How long a request may take in each of its phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// Until the connection is there and both sides agree how to speak.
    pub(super) connect: Duration,
    /// From the last that was sent until the head of the answer is there.
    pub(super) first_byte: Duration,
    /// Between any two pieces of the answer.
    pub(super) between_bytes: Duration,
}

impl From<Option<RequestOptions>> for Timeouts {
    fn from(options: Option<RequestOptions>) -> Self {
        let options = options.unwrap_or_default();
        let kept =
            |asked: Option<Duration>| asked.unwrap_or(TIMEOUT_MAX).clamp(TIMEOUT_MIN, TIMEOUT_MAX);
        Self {
            connect: kept(options.connect_timeout),
            first_byte: kept(options.first_byte_timeout),
            between_bytes: kept(options.between_bytes_timeout),
        }
    }
}
