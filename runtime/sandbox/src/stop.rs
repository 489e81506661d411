//! A way to end one instance from outside, from any thread, at once.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use sublet_scheduler::CancelReason;
use wasmtime::EngineWeak;

/// Ends the one instance that it was given to. Clones are the same handle.
#[derive(Clone)]
pub struct Stop(Arc<Request>);

struct Request {
    reason: AtomicU8,
    waiting: Mutex<Option<Waker>>,
    engine: EngineWeak,
}

const NOT_ASKED: u8 = 0;

/// A reason is kept as its place in this list, counted from 1.
const REASONS: [CancelReason; 6] = [
    CancelReason::Asked,
    CancelReason::Shutdown,
    CancelReason::Drained,
    CancelReason::Preempted,
    CancelReason::Dependency,
    CancelReason::Quarantine,
];

const fn word(reason: CancelReason) -> u8 {
    match reason {
        CancelReason::Asked => 1,
        CancelReason::Shutdown => 2,
        CancelReason::Drained => 3,
        CancelReason::Preempted => 4,
        CancelReason::Dependency => 5,
        CancelReason::Quarantine => 6,
    }
}

impl Stop {
    pub(crate) fn new(engine: EngineWeak) -> Self {
        Self(Arc::new(Request {
            reason: AtomicU8::new(NOT_ASKED),
            waiting: Mutex::new(None),
            engine,
        }))
    }

    /// Asks for the end. A guest that computes gives way at its next loop or call, one that waits is woken. The first
    /// reason counts; asking before the instance runs keeps it from running.
    pub fn request(&self, reason: CancelReason) {
        let first = self
            .0
            .reason
            .compare_exchange(NOT_ASKED, word(reason), Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
        if !first {
            return;
        }
        if let Some(engine) = self.0.engine.upgrade() {
            engine.increment_epoch();
        }
        let waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// The reason, once there is one.
    pub(crate) fn requested(&self) -> Option<CancelReason> {
        let asked = self.0.reason.load(Ordering::SeqCst);
        REASONS.into_iter().find(|reason| word(*reason) == asked)
    }

    /// As [`Stop::requested`], and the task of `cx` is woken when that changes.
    pub(crate) fn poll_requested(&self, cx: &Context<'_>) -> Option<CancelReason> {
        let mut waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        drop(waiting);
        // Read after the waker is in place: a request between the two finds either the waker or this look.
        self.requested()
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.requested()).finish()
    }
}
