//! The body of a request on its way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

/// How much of a body is on its way. Clones count the same body.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Pieces that were taken.
    pub(super) fn pieces(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The body of a request, of the length that was announced, if one was.
pub(super) struct Outgoing {
    body: WasiBody,
    length: Option<u64>,
    progress: Progress,
}

impl Outgoing {
    /// A body that says itself where it ends.
    pub(super) fn of_any_length(body: WasiBody, progress: Progress) -> Self {
        Self {
            body,
            length: None,
            progress,
        }
    }

    /// A body that is cut off where it should have ended.
    pub(super) fn of_length(body: WasiBody, length: u64, progress: Progress) -> Self {
        Self {
            length: Some(length),
            ..Self::of_any_length(body, progress)
        }
    }

    /// A body that announces its length only when there is none of it.
    pub(super) fn known_if_empty(body: WasiBody, progress: Progress) -> Self {
        match body.is_end_stream() {
            true => Self::of_length(body, 0, progress),
            false => Self::of_any_length(body, progress),
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.progress.0.fetch_add(1, Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // What has a length is announced, even if that is none.
        self.length.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length),
            None => self.body.size_hint(),
        }
    }
}
