//! Answers that go on: items of JSON, one per line or as Server-Sent Events, as the caller accepts. Whoever reads slowly is
//! waited for, a piece at a time, and nothing is gathered for them.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::mpsc;

/// Pieces that wait for a slow reader; reading stops until it catches up.
const PIECES_WAITING_MAX: usize = 4;
/// After so long without anything to say, readers of Server-Sent Events are told that the server is still there.
pub(super) const BEAT: Duration = Duration::from_secs(15);

pub(super) const LINES: &str = "application/x-ndjson";
pub(super) const EVENTS: &str = "text/event-stream";

/// How items are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Lines,
    Events,
}

/// The way to a reader.
pub(super) struct Speaker {
    framing: Framing,
    pieces: mpsc::Sender<std::io::Result<Bytes>>,
}

/// The reader has gone.
#[derive(Debug)]
pub(super) struct ReaderGone;

/// A stream of `T`, as the caller accepts.
pub(super) struct Streamed<T> {
    framing: Framing,
    body: Body,
    item: std::marker::PhantomData<T>,
}

/// A way for whoever speaks, and the answer at the end of it.
pub(super) fn stream<T>(framing: Framing) -> (Speaker, Streamed<T>) {
    let (pieces, reader) = mpsc::channel(PIECES_WAITING_MAX);
    let body = Body::from_stream(futures_util::stream::unfold(reader, async |mut reader| {
        let piece: std::io::Result<Bytes> = reader.recv().await?;
        Some((piece, reader))
    }));
    let answer = Streamed {
        framing,
        body,
        item: std::marker::PhantomData,
    };
    (Speaker { framing, pieces }, answer)
}

impl Framing {
    /// One more item behind the others. Whoever loses the connection names the last mark to go on from there.
    pub(super) fn add(self, pieces: &mut Vec<u8>, mark: &str, item: &impl Serialize) {
        // What the API speaks of is always JSON.
        let json = serde_json::to_vec(item).unwrap_or_default();
        if self == Self::Events {
            pieces.extend_from_slice(format!("id: {mark}\ndata: ").as_bytes());
        }
        pieces.extend_from_slice(&json);
        pieces.extend_from_slice(match self {
            Self::Lines => b"\n",
            Self::Events => b"\n\n",
        });
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Lines => LINES,
            Self::Events => EVENTS,
        }
    }
}

impl Speaker {
    pub(super) const fn framing(&self) -> Framing {
        self.framing
    }

    /// Says it, once there is room.
    pub(super) async fn say(&self, pieces: Vec<u8>) -> Result<(), ReaderGone> {
        if pieces.is_empty() {
            return Ok(());
        }
        let sent = self.pieces.send(Ok(pieces.into())).await;
        sent.map_err(|_| ReaderGone)
    }

    /// Breaks off, so that nobody takes what was said for everything.
    pub(super) async fn break_off(&self, why: &str) {
        let broken = std::io::Error::other(why.to_owned());
        if self.pieces.send(Err(broken)).await.is_err() {
            tracing::debug!("and nobody reads it any more");
        }
    }

    /// Whether the reader is still there, where the framing has a way to find out.
    pub(super) async fn beat(&self) -> Result<(), ReaderGone> {
        match self.framing {
            Framing::Lines => Ok(()),
            Framing::Events => self.say(b":\n\n".to_vec()).await,
        }
    }

    pub(super) async fn gone(&self) {
        self.pieces.closed().await;
    }
}

impl<S: Sync> FromRequestParts<S> for Framing {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accepted = parts.headers.get_all(ACCEPT).iter();
        let mut accepted = accepted.filter_map(|value| value.to_str().ok());
        Ok(if accepted.any(|value| value.contains(EVENTS)) {
            Self::Events
        } else {
            Self::Lines
        })
    }
}

impl<T> IntoResponse for Streamed<T> {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, self.framing.media_type()),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, self.body).into_response()
    }
}
