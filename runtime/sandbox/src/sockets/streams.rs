//! Both directions of a connection, as streams that a guest reads and writes. The socket keeps a view of each, because it
//! can shut a direction down; it keeps none of them alive, so that a stream which is dropped ends its direction.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use sublet_network::{Ended, Sink, Source};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// Bytes of one call. It bounds what a guest can make us allocate at once.
const CHUNK_BYTES: usize = 64 << 10;

/// What a guest reads from.
pub(crate) struct Reader(Arc<Mutex<Inflow>>);

struct Inflow {
    source: Source,
    is_over: bool,
}

/// What a guest writes to.
pub(crate) struct Writer(Arc<Mutex<Outflow>>);

struct Outflow {
    sink: Sink,
    /// What the guest was told that it may write.
    permit: usize,
    is_over: bool,
    /// Nothing was asked since the last flush.
    is_flushed: bool,
}

/// How a socket shuts its directions down.
pub(crate) struct Directions {
    inflow: Weak<Mutex<Inflow>>,
    outflow: Weak<Mutex<Outflow>>,
}

pub(crate) fn streams(source: Source, sink: Sink) -> (Reader, Writer, Directions) {
    let inflow = Arc::new(Mutex::new(Inflow {
        source,
        is_over: false,
    }));
    let outflow = Arc::new(Mutex::new(Outflow {
        sink,
        permit: 0,
        is_over: false,
        is_flushed: false,
    }));
    let directions = Directions {
        inflow: Arc::downgrade(&inflow),
        outflow: Arc::downgrade(&outflow),
    };
    (Reader(inflow), Writer(outflow), directions)
}

impl Directions {
    /// What comes from now on is discarded.
    pub(crate) fn shut_receiving(&self) {
        if let Some(inflow) = self.inflow.upgrade() {
            let mut inflow = lock(&inflow);
            inflow.is_over = true;
            inflow.source.close();
        }
    }

    /// The peer sees the end after what was written before.
    pub(crate) fn shut_sending(&self) {
        if let Some(outflow) = self.outflow.upgrade() {
            let mut outflow = lock(&outflow);
            outflow.is_over = true;
            outflow.sink.close();
        }
    }
}

impl Inflow {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.is_over {
            return Err(StreamError::Closed);
        }
        let read = self.source.read(size.min(CHUNK_BYTES));
        read.map_err(|ended| {
            self.is_over = true;
            failure(ended)
        })
    }

    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over {
            return Poll::Ready(());
        }
        self.source.poll_readable(cx)
    }
}

impl Outflow {
    fn check(&mut self) -> StreamResult<usize> {
        if self.is_over {
            return Err(StreamError::Closed);
        }
        self.is_flushed = false;
        let room = self.sink.room();
        let room = room.map_err(|ended| self.end(ended))?;
        self.permit = room.min(CHUNK_BYTES);
        Ok(self.permit)
    }

    /// A permit serves once: the bookkeeping of what was written takes room, too.
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.is_over {
            return Err(StreamError::Closed);
        }
        if bytes.len() > std::mem::take(&mut self.permit) {
            return Err(StreamError::trap("more is written than was permitted"));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let written = self.sink.write(bytes);
        written.map_err(|ended| self.end(ended))
    }

    fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over {
            return Poll::Ready(());
        }
        self.sink.poll_writable(cx)
    }

    fn end(&mut self, ended: Ended) -> StreamError {
        self.is_over = true;
        failure(ended)
    }
}

impl Writer {
    async fn room(&self) -> StreamResult<usize> {
        loop {
            poll_fn(|cx| lock(&self.0).poll_writable(cx)).await;
            match lock(&self.0).check()? {
                0 => {}
                room => return Ok(room),
            }
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {
        poll_fn(|cx| lock(&self.0).poll_readable(cx)).await;
    }
}

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        lock(&self.0).read(size)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        poll_fn(|cx| lock(&self.0).poll_writable(cx)).await;
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Writer {
    fn check_write(&mut self) -> StreamResult<usize> {
        lock(&self.0).check()
    }

    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        lock(&self.0).write(bytes)
    }

    /// What is written is on its way already. Nobody waits here until the peer has read it: two guests that flush to each
    /// other would wait for ever.
    fn flush(&mut self) -> StreamResult<()> {
        let mut outflow = lock(&self.0);
        if outflow.is_over {
            return Err(StreamError::Closed);
        }
        outflow.is_flushed = true;
        Ok(())
    }

    async fn blocking_write_and_flush(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        while !bytes.is_empty() {
            let room = self.room().await?;
            lock(&self.0).write(bytes.split_to(room.min(bytes.len())))?;
        }
        Ok(())
    }

    /// Also the second half of `blocking-flush`, which must not wait for the reader either.
    async fn write_ready(&mut self) -> StreamResult<usize> {
        if std::mem::take(&mut lock(&self.0).is_flushed) {
            return lock(&self.0).check();
        }
        self.room().await
    }
}

/// A reset is told once, in the words that `network-error-code` understands; after that the stream is closed.
fn failure(ended: Ended) -> StreamError {
    match ended {
        Ended::Closed => StreamError::Closed,
        Ended::Reset => {
            StreamError::LastOperationFailed(io::Error::from(io::ErrorKind::ConnectionReset).into())
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
