//! The watch over one instance: it polls the guest and ends it when a limit is passed or somebody asks.
//!
//! ```text
//!   poll ─► guest runs ──returns──────────────────────────────► its result
//!             │ waits (a host call), or gave way (the ticker)
//!             ▼
//!           stop asked? processor time? wall time? disk? ─yes─► Halt, and the guest is dropped where it stands
//!             │ no
//!             ▼
//!           pending, to be woken by any of them
//! ```
//!
//! Guests give way at every tick, so one place decides for those that compute and those that wait.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use sublet_scheduler::{CancelReason, Limit, Limits};
use tokio::time::Sleep;

use crate::Stop;
use crate::processor::Processor;
use crate::scratch::Scratch;
use crate::ticker::{Runnable, Ticker};

/// Why a guest was ended before it ended itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Cancelled(CancelReason),
    Limit(Limit),
}

/// Set when the guest gave way although it could go on; a guest that waits leaves it unset.
pub(crate) type GaveWay = Arc<AtomicBool>;

pub(crate) struct Watch<'a> {
    ticker: &'a Ticker,
    stop: Stop,
    gave_way: GaveWay,
    processor: Processor,
    processor_limit: Option<Duration>,
    began: Instant,
    deadline: Option<Instant>,
    /// Made when the guest waits for the first time: many never do.
    alarm: Option<Pin<Box<Sleep>>>,
    scratch: Option<Scratch>,
    runnable: Option<Runnable<'a>>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        ticker: &'a Ticker,
        stop: Stop,
        limits: &Limits,
        scratch: Option<Scratch>,
    ) -> Self {
        let began = Instant::now();
        Self {
            ticker,
            stop,
            gave_way: GaveWay::default(),
            processor: Processor::default(),
            processor_limit: limits.cpu_ms.map(Duration::from_millis),
            began,
            // A limit beyond the end of the clock is none.
            deadline: began.checked_add(Duration::from_millis(limits.wall_ms)),
            alarm: None,
            scratch,
            runnable: None,
        }
    }

    pub(crate) fn gave_way(&self) -> GaveWay {
        Arc::clone(&self.gave_way)
    }

    /// Polls `guest` to its end or to the first reason to end it.
    pub(crate) async fn over<F: Future>(&mut self, guest: F) -> Result<F::Output, Halt> {
        if let Some(reason) = self.stop.requested() {
            return Err(Halt::Cancelled(reason));
        }
        let mut guest = pin!(guest);
        poll_fn(|cx| match self.slice(guest.as_mut(), cx) {
            Poll::Ready(result) => Poll::Ready(Ok(result)),
            Poll::Pending => self.poll_halt(cx).map(Err),
        })
        .await
    }

    pub(crate) fn processor_time(&self) -> Duration {
        self.processor.spent()
    }

    pub(crate) fn wall_time(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn take_scratch(&mut self) -> Option<Scratch> {
        self.scratch.take()
    }

    fn slice<F: Future>(&mut self, guest: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.runnable.is_none() {
            self.runnable = Some(self.ticker.runnable());
        }
        let polled = self.processor.charge(|| guest.poll(cx));
        let goes_on = self.gave_way.swap(false, Ordering::Relaxed) && polled.is_pending();
        if !goes_on {
            self.runnable = None;
        }
        polled
    }

    fn poll_halt(&mut self, cx: &mut Context<'_>) -> Poll<Halt> {
        if let Some(reason) = self.stop.poll_requested(cx) {
            return Poll::Ready(Halt::Cancelled(reason));
        }
        if self
            .processor_limit
            .is_some_and(|limit| self.processor.spent() > limit)
        {
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
