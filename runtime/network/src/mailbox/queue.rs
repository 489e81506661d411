//! A bounded queue of datagrams. What does not fit is lost, as datagrams are.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use super::Datagram;
use crate::lock::lock;

/// What may wait: a flood costs its receiver this much memory and no more.
const QUEUE_BYTES_MAX: usize = 256 * 1024;

/// What a datagram costs beside its payload.
const DATAGRAM_CHARGE_BYTES: usize = 128;

/// Datagrams that wait.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Datagram>,
    charged_bytes: usize,
    closed: bool,
    waker: Option<Waker>,
}

impl Queue {
    /// Queues one, unless it does not fit; says whether it did.
    pub(super) fn push(&self, datagram: Datagram) -> bool {
        let mut state = lock(&self.0);
        let charge = datagram.payload.len() + DATAGRAM_CHARGE_BYTES;
        if state.closed || state.charged_bytes + charge > QUEUE_BYTES_MAX {
            return false;
        }
        state.charged_bytes += charge;
        state.waiting.push_back(datagram);
        let waker = state.waker.take();
        drop(state);
        wake(waker);
        true
    }

    /// The next one.
    pub(super) fn pop(&self) -> Option<Datagram> {
        let mut state = lock(&self.0);
        let datagram = state.waiting.pop_front()?;
        state.charged_bytes -= datagram.payload.len() + DATAGRAM_CHARGE_BYTES;
        Some(datagram)
    }

    /// Ready when one waits or none will any more.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.0);
        if state.closed || !state.waiting.is_empty() {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Wakes who waits, because there is something else to say.
    pub(super) fn wake(&self) {
        let waker = lock(&self.0).waker.take();
        wake(waker);
    }

    /// Drops what waits; none will any more.
    pub(super) fn close(&self) {
        let mut state = lock(&self.0);
        state.closed = true;
        state.charged_bytes = 0;
        let waiting = std::mem::take(&mut state.waiting);
        let waker = state.waker.take();
        drop(state);
        drop(waiting);
        wake(waker);
    }

    /// Whether none will wait any more.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.0).closed
    }

    /// Memory that waits, as it is charged.
    pub(super) fn held_bytes(&self) -> usize {
        lock(&self.0).charged_bytes
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
