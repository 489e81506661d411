//! The body of an answer as it comes in.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{self, Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;

use crate::http::errors::hyper_error;

/// The body of an answer. Time is counted only while somebody waits for it: a guest that reads slowly is not a server that
/// sends slowly.
pub(super) struct Incoming {
    body: body::Incoming,
    between_bytes: Duration,
    patience: Pin<Box<Sleep>>,
    is_waited_for: bool,
}

impl Incoming {
    pub(super) fn new(body: body::Incoming, between_bytes: Duration) -> Self {
        Self {
            body,
            between_bytes,
            patience: Box::pin(sleep(between_bytes)),
            is_waited_for: false,
        }
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_waited_for {
            self.is_waited_for = true;
            let until = Instant::now() + self.between_bytes;
            self.patience.as_mut().reset(until);
        }
        self.patience.as_mut().poll(cx)
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(piece) => {
                self.is_waited_for = false;
                Poll::Ready(piece.map(|piece| piece.map_err(|error| hyper_error(&error))))
            }
            Poll::Pending => self
                .poll_patience(cx)
                .map(|()| Some(Err(Error::ConnectionReadTimeout))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
