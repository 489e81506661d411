//! The reasons to end a guest before it ends itself: a stop, processor time, wall time, disk. They hold whoever polls the
//! guest, and on whichever thread it is.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use sublet_scheduler::{CancelReason, Limit, Limits};
use tokio::time::Sleep;

use crate::Stop;
use crate::scratch::Scratch;

/// Why a guest was ended before it ended itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Cancelled(CancelReason),
    Limit(Limit),
}

/// What is looked at again and again while a guest runs.
pub(crate) struct Halts {
    stop: Stop,
    processor_limit: Option<Duration>,
    began: Instant,
    deadline: Option<Instant>,
    /// Made when the guest waits for the first time: many never do.
    alarm: Option<Pin<Box<Sleep>>>,
    scratch: Option<Scratch>,
}

impl Halts {
    /// The wall time begins now.
    pub(crate) fn new(limits: &Limits, stop: Stop, scratch: Option<Scratch>) -> Self {
        let began = Instant::now();
        Self {
            stop,
            processor_limit: limits.cpu_ms.map(Duration::from_millis),
            began,
            deadline: deadline(began, limits),
            alarm: None,
            scratch,
        }
    }

    /// Whether somebody asked for the end.
    pub(crate) fn asked(&self) -> Option<CancelReason> {
        self.stop.requested()
    }

    /// Ready when there is a reason; the task of `cx` is woken for each but the processor time, of which nobody tells.
    pub(crate) fn poll(&mut self, spent: Duration, cx: &mut Context<'_>) -> Poll<Halt> {
        if let Some(reason) = self.stop.poll_requested(cx) {
            return Poll::Ready(Halt::Cancelled(reason));
        }
        if self.processor_limit.is_some_and(|limit| spent > limit) {
            return Poll::Ready(Halt::Limit(Limit::Cpu));
        }
        if self.poll_deadline(cx).is_ready() {
            return Poll::Ready(Halt::Limit(Limit::Wall));
        }
        match &mut self.scratch {
            Some(scratch) => scratch.poll_exceeded(cx).map(|()| Halt::Limit(Limit::Disk)),
            None => Poll::Pending,
        }
    }

    /// What is left of the processor time, where it is limited.
    pub(crate) fn processor_left(&self, spent: Duration) -> Option<Duration> {
        Some(self.processor_limit?.saturating_sub(spent))
    }

    pub(crate) fn wall_time(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) const fn take_scratch(&mut self) -> Option<Scratch> {
        self.scratch.take()
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        // The timer alone would be late where all threads are busy with guests.
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        alarm.as_mut().poll(cx)
    }
}

/// When the wall limit ends it. A limit beyond the end of the clock is none.
pub(crate) fn deadline(began: Instant, limits: &Limits) -> Option<Instant> {
    began.checked_add(Duration::from_millis(limits.wall_ms))
}
