//! A connection whose other end lies beyond this process: bytes are copied between its pipes and a carrier.
//!
//! One task per connection. It ends when both directions have ended, or when the connection is reset; then it drops the
//! carrier, and that is how the peer learns of it: only where the data ended in good order was the carrier shut down
//! before. What a socket had queued goes out after the socket, but not after the nic: when that goes, so does the task.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::Refusal;
use crate::connection::{self, Connection, Ended, Party, Side, Sink, Source};
use crate::nic::NicState;
use crate::outside::Carrier;
use crate::places::Place;
use crate::ports::Port;

/// What is read from a carrier at a time: a buffer of each connection, beside its two windows.
const BUFFER_BYTES: usize = 16 * 1024;

/// Rounds of copying before others get their turn.
const ROUNDS_MAX: usize = 32;

/// Connects a nic with a carrier and begins to copy. `ends` are the addresses of the nic's side and of the other. The place
/// of the connection is given back when the carrier is.
pub(crate) fn carry(
    nic: &Arc<NicState>,
    port: Option<Port>,
    ends: (SocketAddr, SocketAddr),
    (carrier, place): (Box<dyn Carrier>, Place),
) -> Result<Connection, Refusal> {
    let (address, peer) = ends;
    let inner = Party {
        side: Side::Instance(nic),
        address,
        port,
    };
    let outer = Party {
        side: Side::World(nic),
        address: peer,
        port: None,
    };
    let (inner, outer) = connection::connect(inner, outer, &nic.network.pipes)?;
    let (source, sink) = outer.into_halves();
    let task = Handle::current().spawn(Splice {
        carrier,
        source: Some(source),
        sink: Some(sink),
        outward: Bytes::new(),
        unflushed: false,
        buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        _place: place,
    });
    // Not awaited: it ends with the connection.
    drop::<JoinHandle<()>>(task);
    Ok(inner)
}

/// Copies in both directions.
struct Splice {
    carrier: Box<dyn Carrier>,
    /// What the instance sends; nothing once all of it is out.
    source: Option<Source>,
    /// What the instance receives; nothing once all of it is in.
    sink: Option<Sink>,
    /// Read from the source, but not written yet.
    outward: Bytes,
    unflushed: bool,
    buffer: Box<[u8]>,
    _place: Place,
}

/// The carrier or the connection broke.
struct Broken;

impl Future for Splice {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_reset(cx) {
            return Poll::Ready(());
        }
        let out = self.poll_outward(cx);
        let into = self.poll_inward(cx);
        match (out, into) {
            (Poll::Ready(Err(Broken)), _) | (_, Poll::Ready(Err(Broken))) => {
                self.reset();
                Poll::Ready(())
            }
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(()),
            (Poll::Pending, _) | (_, Poll::Pending) => Poll::Pending,
        }
    }
}

impl Splice {
    /// Whether the instance's side is reset. Also asks to be woken for it, since a carrier may be slow for ever.
    fn is_reset(&self, cx: &mut Context<'_>) -> bool {
        let source = self.source.as_ref().map(|source| source.watch_reset(cx));
        let sink = self.sink.as_ref().map(|sink| sink.watch_reset(cx));
        source.or(sink).unwrap_or(false)
    }

    fn reset(&self) {
        if let Some(source) = &self.source {
            source.reset();
        } else if let Some(sink) = &self.sink {
            sink.reset();
        }
    }

    fn poll_outward(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        for _ in 0..ROUNDS_MAX {
            let Some(source) = &mut self.source else {
                return Poll::Ready(Ok(()));
            };
            if self.outward.is_empty() {
                match source.read(usize::MAX) {
                    Ok(bytes) if bytes.is_empty() => {
                        if self.unflushed {
                            ready!(Pin::new(&mut self.carrier).poll_flush(cx))
                                .map_err(|_broken| Broken)?;
                            self.unflushed = false;
                        }
                        ready!(source.poll_readable(cx));
                        continue;
                    }
                    Ok(bytes) => self.outward = bytes,
                    Err(Ended::Closed) => {
                        // A carrier that is gone already has nothing to end.
                        let _gone = ready!(Pin::new(&mut self.carrier).poll_shutdown(cx)).is_err();
                        self.source = None;
                        return Poll::Ready(Ok(()));
                    }
                    Err(Ended::Reset) => return Poll::Ready(Err(Broken)),
                }
            }
            let written = ready!(Pin::new(&mut self.carrier).poll_write(cx, &self.outward));
            match written {
                Ok(written) if written > 0 => self.outward.advance(written),
                Ok(_) | Err(_) => return Poll::Ready(Err(Broken)),
            }
            self.unflushed = true;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_inward(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        for _ in 0..ROUNDS_MAX {
            let Some(sink) = &mut self.sink else {
                return Poll::Ready(Ok(()));
            };
            let room = match sink.room() {
                Ok(0) => {
                    ready!(sink.poll_writable(cx));
                    continue;
                }
                Ok(room) => room.min(self.buffer.len()),
                Err(Ended::Closed) => {
                    self.sink = None;
                    return Poll::Ready(Ok(()));
                }
                Err(Ended::Reset) => return Poll::Ready(Err(Broken)),
            };
            let (now, _later) = self.buffer.split_at_mut(room);
            let mut filled = ReadBuf::new(now);
            ready!(Pin::new(&mut self.carrier).poll_read(cx, &mut filled))
                .map_err(|_broken| Broken)?;
            let bytes = Bytes::copy_from_slice(filled.filled());
            if bytes.is_empty() {
                self.sink = None;
            } else if sink.write(bytes).is_err() {
                return Poll::Ready(Err(Broken));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
