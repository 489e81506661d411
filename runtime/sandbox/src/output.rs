//! What a guest writes: passed on as it comes, held back when the taker is not ready, and cut at the output limit.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Bytes that a guest may hand over at once. It bounds what one call makes us allocate.
const CHUNK_BYTES: usize = 64 << 10;

/// Takes what a guest writes on one of its streams.
pub trait Sink: Send + 'static {
    /// Takes the bytes. Called only when [`Sink::poll_ready`] said so; must not block. A broken pipe closes the stream
    /// for the guest, any other error is the guest's input/output error.
    fn write(&mut self, bytes: Bytes) -> io::Result<()>;

    /// Whether bytes can be taken. While it is pending the guest waits, and its limits and stop requests go on counting.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// What stdout and stderr of one instance may still keep, together.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: AtomicU64,
    cut: AtomicU64,
}

impl Allowance {
    pub(crate) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicU64::new(bytes),
            cut: AtomicU64::new(0),
        })
    }

    pub(crate) fn cut_bytes(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// How many of `wanted` bytes are kept; the rest is counted as cut. One guest writes from one thread at a time, so
    /// nothing is lost between the look and the change.
    fn take(&self, wanted: u64) -> u64 {
        let left = self.left.load(Ordering::Relaxed);
        let kept = left.min(wanted);
        self.left.store(left - kept, Ordering::Relaxed);
        self.cut.fetch_add(wanted - kept, Ordering::Relaxed);
        kept
    }

    fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

/// One stream of a guest, shared by all handles that it makes of it.
#[derive(Clone)]
pub(crate) struct Output(Arc<Inner>);

struct Inner {
    sink: Mutex<Box<dyn Sink>>,
    written: AtomicU64,
    allowance: Arc<Allowance>,
}

impl Output {
    pub(crate) fn new(sink: Box<dyn Sink>, allowance: &Arc<Allowance>) -> Self {
        let allowance = Arc::clone(allowance);
        Self(Arc::new(Inner {
            sink: Mutex::new(sink),
            written: AtomicU64::new(0),
            allowance,
        }))
    }

    /// Bytes the guest wrote, the cut ones included.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Bytes that the guest wrote on both of its streams, which together may have so many.
    pub(crate) fn both_written_bytes(&self, limit: u64) -> u64 {
        let kept = limit.saturating_sub(self.0.allowance.left());
        kept.saturating_add(self.0.allowance.cut_bytes())
    }

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.allowance.is_spent() {
            // What comes now is cut anyway; the guest need not wait for it.
            return Poll::Ready(());
        }
        self.with_sink(|sink| sink.poll_ready(cx))
    }

    fn take(&self, mut bytes: Bytes) -> StreamResult<()> {
        let wanted = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.written.fetch_add(wanted, Ordering::Relaxed);
        let kept = self.0.allowance.take(wanted);
        bytes.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        if bytes.is_empty() {
            return Ok(());
        }
        self.with_sink(|sink| sink.write(bytes))
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => StreamError::Closed,
                _ => StreamError::LastOperationFailed(error.into()),
            })
    }

    fn with_sink<T>(&self, act: impl FnOnce(&mut dyn Sink) -> T) -> T {
        act(self
            .0
            .sink
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        poll_fn(|cx| self.poll_ready(cx)).await;
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Output {
    fn check_write(&mut self) -> StreamResult<usize> {
        // Whoever is told to wait asks again through `ready`, which leaves a waker.
        match self.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => Ok(CHUNK_BYTES),
            Poll::Pending => Ok(0),
        }
    }

    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    /// The way of every write of WASI 0.1 and of Rust's standard library: one wait, one write, nothing to flush.
    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        poll_fn(|cx| self.poll_ready(cx)).await;
        self.take(bytes)
    }

    async fn write_ready(&mut self) -> StreamResult<usize> {
        poll_fn(|cx| self.poll_ready(cx)).await;
        Ok(CHUNK_BYTES)
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and it is not linked.
        Box::new(tokio::io::sink())
    }
}
