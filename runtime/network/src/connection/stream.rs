//! A connection as tokio's readers and writers want it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Ended, Sink, Source};

/// Both directions of a connection as one stream of bytes.
#[derive(Debug)]
pub struct Stream {
    source: Source,
    sink: Sink,
}

impl Stream {
    pub(super) fn new(source: Source, sink: Sink) -> Self {
        Self { source, sink }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.source.read(buffer.remaining()) {
                Ok(bytes) if bytes.is_empty() && buffer.remaining() > 0 => {
                    ready!(self.source.poll_readable(cx));
                }
                Ok(bytes) => {
                    buffer.put_slice(&bytes);
                    return Poll::Ready(Ok(()));
                }
                Err(Ended::Closed) => return Poll::Ready(Ok(())),
                Err(Ended::Reset) => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.sink.room_for(bytes.len()) {
                Ok(0) => ready!(self.sink.poll_writable_for(cx, bytes.len())),
                Ok(room) => {
                    let (now, _later) = bytes.split_at(room.min(bytes.len()));
                    let written = self.sink.write(Bytes::copy_from_slice(now));
                    return Poll::Ready(written.map(|()| now.len()).map_err(broken));
                }
                Err(ended) => return Poll::Ready(Err(broken(ended))),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is queued needs nobody's push, and waiting for the reader would lock up two who wait for each other.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sink.close();
        Poll::Ready(Ok(()))
    }
}

/// What a writer is told at the end.
fn broken(ended: Ended) -> io::Error {
    match ended {
        Ended::Closed => io::ErrorKind::BrokenPipe.into(),
        Ended::Reset => io::ErrorKind::ConnectionReset.into(),
    }
}
