//! One end of a pair of sockets between two workers, as a stream that can tell its end from a reset: the kernel cannot, a
//! socket that is closed looks like one that was shut down. So bytes travel in pieces with their length before them, and a
//! piece of no bytes is the end. A stream that ends without one was cut.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

const HEADER_BYTES: usize = 4;
/// Bytes of one piece.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// A stream between two workers.
#[derive(Debug)]
pub(crate) struct Pair {
    socket: UnixStream,
    incoming: Incoming,
    outgoing: Outgoing,
}

#[derive(Debug, Default)]
struct Incoming {
    header: [u8; HEADER_BYTES],
    header_read: usize,
    /// Bytes of the piece that were not read yet.
    left: usize,
    has_ended: bool,
}

#[derive(Debug, Default)]
struct Outgoing {
    header: [u8; HEADER_BYTES],
    /// Bytes of the header that were not written yet.
    header_left: usize,
    /// Bytes that the piece still takes.
    left: usize,
    has_ended: bool,
}

impl Pair {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
        }
    }

    /// Reads the next header, where the last piece is through.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let incoming = &mut self.incoming;
        while incoming.left == 0 && !incoming.has_ended {
            let rest = incoming.header.get_mut(incoming.header_read..);
            let mut rest = ReadBuf::new(rest.unwrap_or_default());
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut rest))?;
            let read = rest.filled().len();
            if read == 0 {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            incoming.header_read += read;
            if incoming.header_read == HEADER_BYTES {
                let length = u32::from_le_bytes(incoming.header);
                incoming.left = usize::try_from(length).map_err(io::Error::other)?;
                incoming.has_ended = length == 0;
                incoming.header_read = 0;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Pair {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_piece(cx))?;
        if self.incoming.has_ended || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let most = buffer.remaining().min(self.incoming.left);
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut piece))?;
        let read = piece.filled().len();
        if read == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        buffer.advance(read);
        self.incoming.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl Outgoing {
    /// Begins a piece, where the last one is through.
    fn begin(&mut self, bytes: usize) {
        if self.left > 0 || self.header_left > 0 {
            return;
        }
        let length = bytes.min(PIECE_BYTES_MAX);
        self.header = u32::try_from(length).unwrap_or_default().to_le_bytes();
        self.header_left = HEADER_BYTES;
        self.left = length;
    }

    fn header(&self) -> &[u8] {
        let written = HEADER_BYTES - self.header_left;
        self.header.get(written..).unwrap_or_default()
    }

    /// So many bytes went out, the header's first. Answers how many of them were of the piece.
    fn wrote(&mut self, bytes: usize) -> usize {
        let of_header = bytes.min(self.header_left);
        self.header_left -= of_header;
        let of_piece = bytes - of_header;
        self.left -= of_piece;
        of_piece
    }
}

impl AsyncWrite for Pair {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let this = &mut *self;
        this.outgoing.begin(bytes.len());
        loop {
            let piece = bytes.get(..this.outgoing.left.min(bytes.len()));
            let slices = [
                IoSlice::new(this.outgoing.header()),
                IoSlice::new(piece.unwrap_or_default()),
            ];
            let wrote = ready!(Pin::new(&mut this.socket).poll_write_vectored(cx, &slices))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            // A header alone is no progress that the caller could be told of.
            match this.outgoing.wrote(wrote) {
                0 => {}
                of_piece => return Poll::Ready(Ok(of_piece)),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Says that this is the end, unless a piece was promised and not given: then the other side is to see a reset.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.outgoing.left == 0 && !this.outgoing.has_ended {
            this.outgoing.begin(0);
            while this.outgoing.header_left > 0 {
                let mark = this.outgoing.header();
                let wrote = ready!(Pin::new(&mut this.socket).poll_write(cx, mark))?;
                if wrote == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                this.outgoing.wrote(wrote);
            }
            this.outgoing.has_ended = true;
        }
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn pair() -> (Pair, Pair) {
        let (one, other) = UnixStream::pair().unwrap();
        (Pair::new(one), Pair::new(other))
    }

    #[tokio::test]
    async fn many_bytes_arrive_as_they_were_sent_and_then_the_end() {
        let (mut one, mut other) = pair();
        let sent: Vec<u8> = (0..1_000_000_u32).map(|byte| (byte % 251) as u8).collect();
        let expected = sent.clone();
        let sending = tokio::spawn(async move {
            for piece in sent.chunks(70_001) {
                one.write_all(piece).await.unwrap();
            }
            one.shutdown().await.unwrap();
            one
        });
        let mut received = Vec::new();
        other.read_to_end(&mut received).await.unwrap();
        assert!(received == expected);
        // The other direction is still open.
        let mut one = sending.await.unwrap();
        other.write_all(b"heard").await.unwrap();
        let mut heard = [0; 5];
        one.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"heard");
    }

    #[tokio::test]
    async fn an_end_that_was_not_said_is_a_reset() {
        let (mut one, mut other) = pair();
        one.write_all(b"half").await.unwrap();
        drop(one);
        let mut received = Vec::new();
        let error = other.read_to_end(&mut received).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(received, b"half");
    }

    #[tokio::test]
    async fn single_bytes_pass() {
        let (mut one, mut other) = pair();
        for byte in 0..200 {
            one.write_u8(byte).await.unwrap();
            assert_eq!(other.read_u8().await.unwrap(), byte);
        }
    }
}
