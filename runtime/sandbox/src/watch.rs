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
use std::time::Duration;

use tokio::time::Sleep;

use crate::halts::{Halt, Halts};
use crate::lane;
use crate::processor::Processor;
use crate::ticker::{Runnable, Ticker};
use crate::turn::{Turn, Wish};
use crate::{Burst, Share};

pub(crate) struct Watch<'a> {
    ticker: &'a Ticker,
    turn: Arc<Turn>,
    share: Option<Share>,
    /// Made when the share is used up and nothing beyond it is allowed.
    pause: Option<Pin<Box<Sleep>>>,
    processor: Processor,
    pub(crate) halts: Halts,
    runnable: Option<Runnable<'a>>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        ticker: &'a Ticker,
        turn: Arc<Turn>,
        share: Option<Share>,
        halts: Halts,
    ) -> Self {
        Self {
            ticker,
            turn,
            share,
            pause: None,
            processor: Processor::default(),
            halts,
            runnable: None,
        }
    }

    /// Polls `guest` to its end or to the first reason to end it.
    pub(crate) async fn over<F: Future>(&mut self, guest: F) -> Result<F::Output, Halt> {
        if let Some(reason) = self.halts.asked() {
            return Err(Halt::Cancelled(reason));
        }
        let mut guest = pin!(guest);
        poll_fn(|cx| {
            if self.may_go_on(cx)
                && let Poll::Ready(result) = self.slice(guest.as_mut(), cx)
            {
                return Poll::Ready(Ok(result));
            }
            self.halts.poll(self.processor.spent(), cx).map(Err)
        })
        .await
    }

    pub(crate) fn processor_time(&self) -> Duration {
        self.processor.spent()
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
}
