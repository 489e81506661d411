//! What a worker has to say, collected until somebody takes it away.
//!
//! Guests push, one consumer drains everything at once: under load a frame then carries hundreds of messages, alone it
//! carries one without delay. Output waits when too much of it is on its way; endings never wait.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use sublet_sandbox::Sink;
use sublet_scheduler::AttemptId;

use crate::protocol::{FromWorker, Stream};

/// Output on its way to the consumer beyond which guests wait before they write more: bounds the worker's memory
/// against guests that write faster than the front can store.
const OUTPUT_BYTES_WAITING_MAX: usize = 4 << 20;
/// Longest piece of output in one message; small writes of a guest are joined up to it.
const OUTPUT_BYTES_JOINED_MAX: usize = 64 << 10;

/// Shared between all guests of a worker and its one consumer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: Vec<FromWorker>,
    output_bytes: usize,
    writers: Vec<Waker>,
}

impl Outbox {
    /// Adds a message.
    pub(crate) fn push(&self, message: FromWorker) {
        self.lock().messages.push(message);
        self.0.arrived.notify_one();
    }

    /// Adds a piece of output, joined to the one before where that is of the same guest and stream.
    fn push_output(&self, attempt: AttemptId, stream: Stream, more: &[u8]) {
        let mut waiting = self.lock();
        waiting.output_bytes += more.len();
        if let Some(FromWorker::Output {
            attempt: last,
            stream: same,
            bytes,
        }) = waiting.messages.last_mut()
            && *last == attempt
            && *same == stream
            && bytes.len() + more.len() <= OUTPUT_BYTES_JOINED_MAX
        {
            bytes.extend_from_slice(more);
        } else {
            waiting.messages.push(FromWorker::Output {
                attempt,
                stream,
                bytes: more.to_vec(),
            });
        }
        drop(waiting);
        self.0.arrived.notify_one();
    }

    /// Waits for messages and takes all of them.
    pub(crate) fn drain(&self) -> Vec<FromWorker> {
        let mut waiting = self.lock();
        while waiting.messages.is_empty() {
            waiting = self
                .0
                .arrived
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        waiting.output_bytes = 0;
        let writers = std::mem::take(&mut waiting.writers);
        let messages = std::mem::take(&mut waiting.messages);
        drop(waiting);
        for writer in writers {
            writer.wake();
        }
        messages
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One output of one guest.
#[derive(Debug)]
pub(crate) struct OutboxSink {
    pub(crate) outbox: Outbox,
    pub(crate) attempt: AttemptId,
    pub(crate) stream: Stream,
}

impl Sink for OutboxSink {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.outbox.push_output(self.attempt, self.stream, &bytes);
        Ok(())
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.outbox.lock();
        if waiting.output_bytes < OUTPUT_BYTES_WAITING_MAX {
            return Poll::Ready(());
        }
        waiting.writers.push(context.waker().clone());
        Poll::Pending
    }
}
