//! A bounded pipe of bytes: one direction of a connection.
//!
//! ```text
//!            write                     read
//!  writer ─────────► [ chunk | chunk ] ─────► reader
//!  open ─ finish ─► finished        open ─ discard ─► discarding ─ leave ─► gone
//!                        reset: from either end, at any time; what waits is dropped
//! ```
//!
//! The window bounds what waits, with each chunk charged for its bookkeeping, so that many small writes cost no more
//! memory than few large ones. It wakes nobody while it is locked.

mod chunks;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::connection::Ended;
use crate::lock::lock;
use chunks::{CHUNK_CHARGE_BYTES, Chunks};

/// The most that one write takes, however large the window is.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// Where bytes wait between who writes and who reads.
#[derive(Debug)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    window_bytes: usize,
    /// Counts the living pipes of a network, for tests and metrics.
    living: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct State {
    chunks: Chunks,
    finished: bool,
    reader: Reader,
    reset: bool,
    /// The writer found no room: it has none until a quarter of the window is free, or each chunk that is read would be
    /// a wake-up of the writer for one chunk.
    stalled: bool,
    reader_waker: Option<Waker>,
    writer_waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Open,
    /// Wants no more, but its socket is there: writes succeed and vanish.
    Discarding,
    /// The whole socket is gone: writes fail.
    Gone,
}

impl Pipe {
    /// An empty pipe.
    pub(crate) fn new(window_bytes: usize, living: &Arc<AtomicUsize>) -> Arc<Self> {
        living.fetch_add(1, Relaxed);
        Arc::new(Self {
            state: Mutex::new(State {
                chunks: Chunks::default(),
                finished: false,
                reader: Reader::Open,
                reset: false,
                stalled: false,
                reader_waker: None,
                writer_waker: None,
            }),
            window_bytes,
            living: Arc::clone(living),
        })
    }

    /// Bytes that a write takes now.
    pub(crate) fn room(&self) -> Result<usize, Ended> {
        self.room_of(&mut lock(&self.state))
    }

    /// Ready when there is room, or never will be; the answer is [`Pipe::room`].
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<usize, Ended>> {
        let mut state = lock(&self.state);
        match self.room_of(&mut state) {
            Ok(0) => {
                state.writer_waker = Some(cx.waker().clone());
                Poll::Pending
            }
            room => Poll::Ready(room),
        }
    }

    /// Has the writer woken when the connection is over, whatever else it waits for.
    pub(crate) fn watch_writer(&self, cx: &mut Context<'_>) {
        lock(&self.state).writer_waker = Some(cx.waker().clone());
    }

    /// Queues bytes. More than there is room for would break the bound of memory, and resets the pipe.
    pub(crate) fn write(&self, bytes: Bytes) -> Result<(), Ended> {
        let mut state = lock(&self.state);
        let room = self.room_of(&mut state)?;
        if bytes.len() > room {
            drop(state);
            self.reset();
            return Err(Ended::Reset);
        }
        if state.reader == Reader::Discarding || bytes.is_empty() {
            return Ok(());
        }
        state.chunks.push(bytes);
        let waker = state.reader_waker.take();
        drop(state);
        wake(waker);
        Ok(())
    }

    /// The end of data, after what waits.
    pub(crate) fn finish(&self) {
        let mut state = lock(&self.state);
        state.finished = true;
        let waker = state.reader_waker.take();
        drop(state);
        wake(waker);
    }

    /// At most `max` bytes, or nothing where nothing waits yet.
    pub(crate) fn read(&self, max: usize) -> Result<Bytes, Ended> {
        let mut state = lock(&self.state);
        if let Some(ended) = state.ended_for_reader() {
            return Err(ended);
        }
        let bytes = state.chunks.pop(max);
        let waker = self.unstall(&mut state);
        drop(state);
        wake(waker);
        Ok(bytes)
    }

    /// Ready when [`Pipe::read`] has something to say; the answer is how many bytes wait, or why none will.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<Result<usize, Ended>> {
        let mut state = lock(&self.state);
        if let Some(ended) = state.ended_for_reader() {
            return Poll::Ready(Err(ended));
        }
        if state.chunks.is_empty() {
            state.reader_waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(state.chunks.bytes()))
    }

    /// Has the reader woken when the connection is over, whatever else it waits for.
    pub(crate) fn watch_reader(&self, cx: &mut Context<'_>) {
        lock(&self.state).reader_waker = Some(cx.waker().clone());
    }

    /// The reader wants no more; the writer is not told.
    pub(crate) fn discard(&self) {
        self.end_reader(Reader::Discarding);
    }

    /// The reader's whole socket is gone.
    pub(crate) fn leave(&self) {
        self.end_reader(Reader::Gone);
    }

    /// Ends the pipe for both, unless its data has an ordinary end: who finished and then left did nothing abrupt.
    pub(crate) fn reset_unless_finished(&self) {
        if !lock(&self.state).finished {
            self.reset();
        }
    }

    /// Ends the pipe for both, now. What waits is dropped.
    pub(crate) fn reset(&self) {
        let mut state = lock(&self.state);
        state.reset = true;
        let chunks = std::mem::take(&mut state.chunks);
        let wakers = [state.reader_waker.take(), state.writer_waker.take()];
        drop(state);
        drop(chunks);
        wakers.into_iter().for_each(wake);
    }

    /// Whether it was reset.
    pub(crate) fn is_reset(&self) -> bool {
        lock(&self.state).reset
    }

    /// Bytes that wait to be read.
    pub(crate) fn waiting_bytes(&self) -> usize {
        lock(&self.state).chunks.bytes()
    }

    /// Memory that waits here, as it is charged.
    pub(crate) fn charged_bytes(&self) -> usize {
        lock(&self.state).chunks.charged_bytes()
    }

    fn end_reader(&self, reader: Reader) {
        let mut state = lock(&self.state);
        // Gone stays gone.
        if state.reader != Reader::Gone {
            state.reader = reader;
        }
        let chunks = std::mem::take(&mut state.chunks);
        state.stalled = false;
        let wakers = [state.reader_waker.take(), state.writer_waker.take()];
        drop(state);
        drop(chunks);
        wakers.into_iter().for_each(wake);
    }

    fn room_of(&self, state: &mut State) -> Result<usize, Ended> {
        if state.reset {
            return Err(Ended::Reset);
        }
        if state.finished || state.reader == Reader::Gone {
            return Err(Ended::Closed);
        }
        let charged = state.chunks.charged_bytes() + CHUNK_CHARGE_BYTES;
        let room = self.window_bytes.saturating_sub(charged);
        state.stalled |= room == 0;
        Ok(if state.stalled {
            0
        } else {
            room.min(WRITE_BYTES_MAX)
        })
    }

    /// Ends a stall when a quarter of the window is free, and says who waits for that.
    fn unstall(&self, state: &mut State) -> Option<Waker> {
        let free = self
            .window_bytes
            .saturating_sub(state.chunks.charged_bytes());
        if !state.stalled || free < self.window_bytes / 4 {
            return None;
        }
        state.stalled = false;
        state.writer_waker.take()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Relaxed);
    }
}

impl State {
    /// Why a read gives no bytes, now and later.
    fn ended_for_reader(&self) -> Option<Ended> {
        if self.reset {
            return Some(Ended::Reset);
        }
        let done = self.reader != Reader::Open || (self.finished && self.chunks.is_empty());
        done.then_some(Ended::Closed)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
