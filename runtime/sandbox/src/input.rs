//! What a guest reads on stdin: nothing, bytes that are there already, or a stream that is read when the guest asks.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

/// Bytes that are fetched from a stream at once, at most.
const CHUNK_BYTES: usize = 64 << 10;

/// What a guest reads on stdin.
pub enum Input {
    /// The end, at once.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// What comes, no earlier than the guest asks for it.
    Reader(Box<dyn AsyncRead + Send + Unpin>),
}

impl Input {
    pub(crate) fn give_to(self, wasi: &mut WasiCtxBuilder) {
        match self {
            // A context without stdin reads as closed.
            Self::Empty => {}
            Self::Bytes(bytes) => {
                wasi.stdin(MemoryInputPipe::new(bytes));
            }
            Self::Reader(reader) => {
                wasi.stdin(Stdin::new(reader));
            }
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Reader(_) => f.write_str("Reader"),
        }
    }
}

/// One stream behind all handles that a guest makes of its stdin.
#[derive(Clone)]
struct Stdin(Arc<Mutex<Source>>);

struct Source {
    reader: Box<dyn AsyncRead + Send + Unpin>,
    buffer: Vec<u8>,
    state: State,
}

enum State {
    /// These bytes of the buffer wait for the guest; nothing is asked of the reader before they are gone.
    Holding(Bytes),
    Ended,
    Failed(Option<io::Error>),
}

impl Stdin {
    fn new(reader: Box<dyn AsyncRead + Send + Unpin>) -> Self {
        Self(Arc::new(Mutex::new(Source {
            reader,
            buffer: Vec::new(),
            state: State::Holding(Bytes::new()),
        })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Source) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Source {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.state {
            State::Holding(held) if held.is_empty() => {}
            State::Holding(_) | State::Ended | State::Failed(_) => return Poll::Ready(()),
        }
        self.buffer.resize(CHUNK_BYTES, 0);
        let mut buffer = ReadBuf::new(&mut self.buffer);
        let read = ready!(Pin::new(&mut self.reader).poll_read(cx, &mut buffer));
        self.state = match read {
            Ok(()) if buffer.filled().is_empty() => State::Ended,
            Ok(()) => State::Holding(Bytes::copy_from_slice(buffer.filled())),
            Err(error) => State::Failed(Some(error)),
        };
        Poll::Ready(())
    }

    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match &mut self.state {
            State::Holding(held) => Ok(held.split_to(size.min(held.len()))),
            State::Ended => Err(StreamError::Closed),
            // Told once; after that the stream is closed.
            State::Failed(error) => Err(match error.take() {
                Some(error) => StreamError::LastOperationFailed(error.into()),
                None => StreamError::Closed,
            }),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Stdin {
    async fn ready(&mut self) {
        std::future::poll_fn(|cx| self.with(|source| source.poll_ready(cx))).await;
    }
}

impl InputStream for Stdin {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.with(|source| source.read(size))
    }
}

impl IsTerminal for Stdin {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Stdin {
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        // Only WASI 0.3 asks for this form, and it is not linked.
        Box::new(tokio::io::empty())
    }
}
