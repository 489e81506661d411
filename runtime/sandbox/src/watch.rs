//! The watch over one instance: it polls the guest and ends it when a limit is passed or somebody asks.
//!
//! ```text
//!   poll ─► something left of its share? ─no─► to the lane behind all others, or to sleep until there is
//!             │ yes
//!             ▼
//!           guest runs ──returns──────────────────────────────► its result
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
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use sublet_scheduler::{CancelReason, Limit, Limits};
use tokio::time::Sleep;

use crate::lane;
use crate::processor::Processor;
use crate::scratch::Scratch;
use crate::ticker::{Runnable, Ticker};
use crate::turn::{Turn, Wish};
use crate::{Burst, Share, Stop};

/// Why a guest was ended before it ended itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Cancelled(CancelReason),
    Limit(Limit),
}

pub(crate) struct Watch<'a> {
    ticker: &'a Ticker,
    stop: Stop,
    turn: Arc<Turn>,
    share: Option<Share>,
    /// Made when the share is used up for the first time and nothing beyond it is allowed.
    pause: Option<Pin<Box<Sleep>>>,
    processor: Processor,
    processor_limit: Option<Duration>,
    began: Instant,
    deadline: Option<Instant>,
    /// Made when the guest waits for the first time: many never do.
    alarm: Option<Pin<Box<Sleep>>>,
    scratch: Option<Scratch>,
    runnable: Option<Runnable<'a>>,
}

/// What a watch goes by.
pub(crate) struct Terms<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) share: Option<Share>,
    pub(crate) stop: Stop,
    pub(crate) turn: Arc<Turn>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(ticker: &'a Ticker, terms: Terms<'_>, scratch: Option<Scratch>) -> Self {
        let began = Instant::now();
        Self {
            ticker,
            stop: terms.stop,
            turn: terms.turn,
            share: terms.share,
            pause: None,
            processor: Processor::default(),
            processor_limit: terms.limits.cpu_ms.map(Duration::from_millis),
            began,
            deadline: deadline(began, terms.limits),
            alarm: None,
            scratch,
            runnable: None,
        }
    }

    /// Polls `guest` to its end or to the first reason to end it.
    pub(crate) async fn over<F: Future>(&mut self, guest: F) -> Result<F::Output, Halt> {
        if let Some(reason) = self.stop.requested() {
            return Err(Halt::Cancelled(reason));
        }
        let mut guest = pin!(guest);
        poll_fn(|cx| {
            if self.may_go_on(cx)
                && let Poll::Ready(result) = self.slice(guest.as_mut(), cx)
            {
                return Poll::Ready(Ok(result));
            }
            self.poll_halt(cx).map(Err)
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

    /// Whether the guest may be polled here and now. Where not, it is said what it waits for.
    fn may_go_on(&mut self, cx: &mut Context<'_>) -> bool {
        self.turn.wish(Wish::Wake);
        let Some(share) = self.share.clone() else {
            return true;
        };
        while let Some(wait) = share.wait() {
            if lane::is_here() {
                return true;
            }
            if share.burst() == Burst::Allowed {
                self.turn.wish(Wish::GoOnBehind);
                return false;
            }
            self.runnable = None;
            if self.poll_pause(wait, cx).is_pending() {
                return false;
            }
        }
        if lane::is_here() {
            self.turn.wish(Wish::GoOn);
            return false;
        }
        true
    }

    fn poll_pause(&mut self, wait: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let mut pause = Box::pin(tokio::time::sleep(wait));
        let polled = pause.as_mut().poll(cx);
        self.pause = Some(pause);
        polled
    }

    fn slice<F: Future>(&mut self, guest: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.runnable.is_none() {
            self.runnable = Some(self.ticker.runnable());
        }
        let (polled, took) = self.processor.charge(|| guest.poll(cx));
        let gave_way = self.turn.take_gave_way();
        if polled.is_ready() || !gave_way {
            self.runnable = None;
        }
        if let Some(share) = &self.share {
            if !lane::is_here() {
                share.take(took);
            } else if gave_way {
                // What nobody else wanted is not taken from the share.
                self.turn.wish(match share.wait() {
                    Some(_) => Wish::GoOnBehind,
                    None => Wish::GoOn,
                });
            }
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

/// When the wall limit ends it. A limit beyond the end of the clock is none.
pub(crate) fn deadline(began: Instant, limits: &Limits) -> Option<Instant> {
    began.checked_add(Duration::from_millis(limits.wall_ms))
}
