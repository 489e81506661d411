//! What a guest says on either ground, with the time at which it said it.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use sublet_sandbox::Sink;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes that a guest may write at once.
const WRITE_BYTES_MAX: usize = 4 << 10;

/// Where the words arrive. It ends when the guest is gone.
pub(crate) type Heard = UnboundedReceiver<(Instant, Bytes)>;

/// Standard output and standard error of a guest, of the sandbox and of bare wasmtime.
#[derive(Clone)]
pub(crate) struct Words(UnboundedSender<(Instant, Bytes)>);

impl Words {
    pub(crate) fn new() -> (Self, Heard) {
        let (sender, heard) = unbounded_channel();
        (Self(sender), heard)
    }

    /// Whoever does not listen any more has heard enough.
    fn pass(&self, bytes: Bytes) {
        drop(self.0.send((Instant::now(), bytes)));
    }
}

impl Sink for Words {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.pass(bytes);
        Ok(())
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl StdoutStream for Words {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and it is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl IsTerminal for Words {
    fn is_terminal(&self) -> bool {
        false
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Words {
    async fn ready(&mut self) {}
}

impl OutputStream for Words {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.pass(bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}
