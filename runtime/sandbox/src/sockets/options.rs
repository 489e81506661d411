//! Options of sockets. Between instances they mean nothing: they are kept within what systems allow, and told again.

use std::ops::RangeInclusive;

use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;

/// Connections that wait to be accepted, unless the guest says otherwise. What it says is a wish; the network bounds it.
pub(crate) const BACKLOG: usize = 128;

const SECONDS: RangeInclusive<u64> = nanoseconds(1)..=nanoseconds(32_767);
const PROBES: RangeInclusive<u32> = 1..=127;
/// The true buffer is the window of the network, which no guest can widen.
const BUFFER_BYTES: RangeInclusive<u64> = 2_048..=(4 << 20);

/// What both kinds of sockets have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) hop_limit: u8,
    pub(crate) receive_buffer_bytes: u64,
    pub(crate) send_buffer_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hop_limit: 64,
            receive_buffer_bytes: 256 << 10,
            send_buffer_bytes: 256 << 10,
        }
    }
}

/// When a connection that says nothing would be asked whether it lives. Virtual ones always know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    pub(crate) enabled: bool,
    pub(crate) idle_ns: u64,
    pub(crate) interval_ns: u64,
    pub(crate) probes: u32,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            enabled: false,
            idle_ns: nanoseconds(7_200),
            interval_ns: nanoseconds(75),
            probes: 9,
        }
    }
}

pub(crate) fn hop_limit(value: u8) -> Result<u8, ErrorCode> {
    within(value, &(1..=u8::MAX))
}

pub(crate) fn buffer_bytes(value: u64) -> Result<u64, ErrorCode> {
    within(value, &BUFFER_BYTES)
}

pub(crate) fn keep_alive_ns(value: u64) -> Result<u64, ErrorCode> {
    within(value, &SECONDS)
}

pub(crate) fn keep_alive_probes(value: u32) -> Result<u32, ErrorCode> {
    within(value, &PROBES)
}

pub(crate) fn backlog(value: u64) -> Result<usize, ErrorCode> {
    within(
        usize::try_from(value).unwrap_or(usize::MAX),
        &(1..=usize::MAX),
    )
}

/// Nothing is an error in every option; the rest is brought into its range.
fn within<T: Ord + Copy + Default>(value: T, range: &RangeInclusive<T>) -> Result<T, ErrorCode> {
    if value == T::default() {
        return Err(ErrorCode::InvalidArgument);
    }
    Ok(value.clamp(*range.start(), *range.end()))
}

const fn nanoseconds(seconds: u64) -> u64 {
    seconds * 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_brought_into_their_range_and_nothing_is_refused() {
        assert!(matches!(hop_limit(0), Err(ErrorCode::InvalidArgument)));
        assert_eq!(hop_limit(1).unwrap(), 1);
        assert_eq!(buffer_bytes(1).unwrap(), 2_048);
        assert_eq!(buffer_bytes(65_536).unwrap(), 65_536);
        assert_eq!(buffer_bytes(u64::MAX).unwrap(), 4 << 20);
        assert_eq!(keep_alive_ns(1).unwrap(), nanoseconds(1));
        assert_eq!(keep_alive_probes(u32::MAX).unwrap(), 127);
        assert!(matches!(backlog(0), Err(ErrorCode::InvalidArgument)));
    }
}
