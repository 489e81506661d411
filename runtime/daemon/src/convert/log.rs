//! Output in the API's words.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sublet_api::LogEntry;
use sublet_scheduler::UnixMillis;
use sublet_store::LogFound;

use super::timestamp;

pub(crate) const fn stream_wanted(stream: sublet_api::Stream) -> sublet_store::Stream {
    match stream {
        sublet_api::Stream::Stdout => sublet_store::Stream::Stdout,
        sublet_api::Stream::Stderr => sublet_store::Stream::Stderr,
    }
}

/// A piece of output, unless it is older than wanted. A gap is told whatever its age, which nobody knows.
pub(crate) fn log_entry(
    found: LogFound,
    since: Option<UnixMillis>,
    mark: &str,
) -> Option<LogEntry> {
    match found {
        LogFound::Chunk(chunk) => {
            if since.is_some_and(|since| chunk.at < since) {
                return None;
            }
            let stream = match chunk.stream {
                sublet_store::Stream::Stdout => sublet_api::Stream::Stdout,
                sublet_store::Stream::Stderr => sublet_api::Stream::Stderr,
            };
            let (text, base64) = match String::from_utf8(chunk.bytes) {
                Ok(text) => (Some(text), None),
                Err(error) => (None, Some(BASE64_STANDARD.encode(error.as_bytes()))),
            };
            Some(LogEntry {
                task: chunk.task,
                attempt: chunk.attempt,
                stream,
                at: timestamp(chunk.at),
                text,
                base64,
                missing_bytes: None,
                mark: mark.to_owned(),
            })
        }
        LogFound::Gap { file_bytes } => Some(LogEntry {
            task: 0,
            attempt: 0,
            stream: sublet_api::Stream::Stderr,
            at: Timestamp::UNIX_EPOCH,
            text: None,
            base64: None,
            missing_bytes: Some(file_bytes),
            mark: mark.to_owned(),
        }),
    }
}
