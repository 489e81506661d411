//! What a worker has to say, collected until somebody takes it away.
//!
//! Guests push, one consumer drains everything at once. While attempts are under way it waits a moment for what they say
//! next, so that under load a frame carries many messages and wakes the other side once; with the last end, or with a
//! question, it goes at once, so neither a lone attempt nor somebody who waits for an answer is kept waiting. Output waits when too much of it is on its way; endings never wait.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use sublet_sandbox::Sink;
use sublet_scheduler::AttemptId;

use crate::protocol::{FromWorker, Stream};

/// Output on its way to the consumer beyond which guests wait before they write more: bounds the worker's memory
/// against guests that write faster than the front can store.
const OUTPUT_BYTES_WAITING_MAX: usize = 4 << 20;
/// What a message takes beside its output: a guest that writes single bytes to its two streams in turns would otherwise
/// have hundreds of times as much kept as it wrote.
const MESSAGE_BYTES: usize = 256;
/// Longest piece of output in one message; small writes of a guest are joined up to it.
const OUTPUT_BYTES_JOINED_MAX: usize = 64 << 10;
/// How long messages wait for company while attempts are under way: about as long as one commit of the front takes.
const COMPANY: Duration = Duration::from_micros(100);

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
    /// Attempts whose end was not said yet.
    under_way: usize,
    /// Whether somebody waits for the answer to one of the messages.
    is_urgent: bool,
    consumer: Consumer,
}

impl Waiting {
    /// Whether messages may wait for company: more is to come, and nobody waits for an answer.
    const fn has_time(&self) -> bool {
        self.under_way > 0 && !self.is_urgent
    }
}

/// What the consumer waits for. To wake somebody costs more than to add a message, so nobody is woken in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Consumer {
    /// Nothing: it is sending.
    #[default]
    Busy,
    /// A message.
    First,
    /// The last end, a question, or until it has waited long enough.
    Last,
}

impl Outbox {
    /// An attempt is to be started. Its end will be pushed, whatever becomes of it.
    pub(crate) fn expect_end(&self) {
        self.lock().under_way += 1;
    }

    /// Adds a message.
    pub(crate) fn push(&self, message: FromWorker) {
        let mut waiting = self.lock();
        if matches!(message, FromWorker::Ended(_)) {
            waiting.under_way = waiting.under_way.saturating_sub(1);
        }
        waiting.is_urgent |= matches!(message, FromWorker::Asked { .. } | FromWorker::Taken { .. });
        waiting.messages.push(message);
        self.wake_consumer(waiting);
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
            waiting.output_bytes += MESSAGE_BYTES;
            waiting.messages.push(FromWorker::Output {
                attempt,
                stream,
                bytes: more.to_vec(),
            });
        }
        self.wake_consumer(waiting);
    }

    fn wake_consumer(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let wanted = match waiting.consumer {
            Consumer::Busy => false,
            Consumer::First => true,
            Consumer::Last => !waiting.has_time(),
        };
        if wanted {
            // Once is enough, however many messages come before it has the lock.
            waiting.consumer = Consumer::Busy;
            drop(waiting);
            self.0.arrived.notify_one();
        }
    }

    /// Waits for messages and takes all of them.
    pub(crate) fn drain(&self) -> Vec<FromWorker> {
        let mut waiting = self.lock();
        waiting.consumer = Consumer::First;
        waiting = self
            .0
            .arrived
            .wait_while(waiting, |waiting| waiting.messages.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        waiting.consumer = Consumer::Last;
        (waiting, _) = self
            .0
            .arrived
            .wait_timeout_while(waiting, COMPANY, |waiting| waiting.has_time())
            .unwrap_or_else(PoisonError::into_inner);
        waiting.consumer = Consumer::Busy;
        waiting.is_urgent = false;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn started(task: u32) -> FromWorker {
        FromWorker::Started(AttemptId {
            job: sublet_scheduler::JobId(1),
            task,
            number: 1,
        })
    }

    fn ended(task: u32) -> FromWorker {
        FromWorker::Ended(Box::new(crate::protocol::Ended {
            attempt: AttemptId {
                job: sublet_scheduler::JobId(1),
                task,
                number: 1,
            },
            started_at_ms: Some(0),
            ended_at_ms: 1,
            outcome: sublet_scheduler::Outcome::Succeeded,
            usage: sublet_scheduler::Usage::default(),
            detail: None,
            denied: Vec::new(),
            progress: None,
            summary: None,
            media_types: Vec::new(),
            is_final: false,
        }))
    }

    #[test]
    fn single_bytes_on_two_streams_in_turns_wait_as_soon_as_large_pieces() {
        let outbox = Outbox::default();
        let attempt = AttemptId {
            job: sublet_scheduler::JobId(1),
            task: 0,
            number: 1,
        };
        let mut sinks = [Stream::Stdout, Stream::Stderr].map(|stream| OutboxSink {
            outbox: outbox.clone(),
            attempt,
            stream,
        });
        let mut context = Context::from_waker(Waker::noop());
        let mut written = 0;
        while sinks[0].poll_ready(&mut context).is_ready() {
            for sink in &mut sinks {
                sink.write(Bytes::from_static(b"x")).unwrap();
                written += 1;
            }
        }
        assert!(
            written <= OUTPUT_BYTES_WAITING_MAX / MESSAGE_BYTES,
            "{written}"
        );
        assert_eq!(outbox.drain().len(), written);
        assert!(sinks[0].poll_ready(&mut context).is_ready());
    }

    #[test]
    fn the_start_and_the_end_of_a_lone_attempt_go_together() {
        let outbox = Outbox::default();
        outbox.expect_end();
        let consumer = outbox.clone();
        let taken = std::thread::spawn(move || consumer.drain());
        let mut waiting = outbox.lock();
        waiting.messages.push(started(0));
        waiting.under_way -= 1;
        waiting.messages.push(ended(0));
        outbox.wake_consumer(waiting);
        assert_eq!(taken.join().unwrap(), [started(0), ended(0)]);
    }

    #[test]
    fn an_end_does_not_wait_for_those_who_run_on() {
        let outbox = Outbox::default();
        outbox.expect_end();
        outbox.expect_end();
        outbox.push(ended(0));
        assert_eq!(outbox.drain(), [ended(0)]);
    }
}
