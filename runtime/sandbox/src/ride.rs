//! One attempt that may go on beyond its share: polled by its own task as long as it has some of it, and in the lane
//! behind all others when it has not.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use crate::lane::{Attempt, Found, Lane, Seat};
use crate::turn::{Turn, Wish};
use crate::{Ending, Share, Stop};

/// The future of such an attempt. Dropping it ends the attempt, wherever it is.
pub(crate) struct Ride<'a> {
    lane: &'a Lane,
    turn: Arc<Turn>,
    reasons: Reasons,
    /// Here, unless it is in the lane.
    attempt: Option<Attempt>,
    /// Made when it first goes there: many attempts never do.
    seat: Option<Arc<Seat>>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Why an attempt has to come back from the lane.
pub(crate) struct Reasons {
    pub(crate) share: Share,
    pub(crate) stop: Stop,
    pub(crate) deadline: Option<Instant>,
}

impl Reasons {
    fn hold(&self) -> bool {
        self.share.wait().is_none()
            || self.stop.requested().is_some()
            || self.deadline.is_some_and(|at| at <= Instant::now())
    }
}

impl<'a> Ride<'a> {
    pub(crate) const fn new(
        lane: &'a Lane,
        turn: Arc<Turn>,
        reasons: Reasons,
        attempt: Attempt,
    ) -> Self {
        Self {
            lane,
            turn,
            reasons,
            attempt: Some(attempt),
            seat: None,
            alarm: None,
        }
    }

    fn find(&mut self, cx: &Context<'_>) -> Found {
        match (self.attempt.take(), &self.seat) {
            (Some(attempt), _) => Found::Attempt(attempt),
            (None, Some(seat)) => seat.take(cx.waker()),
            (None, None) => unreachable!("an attempt that never left is here"),
        }
    }

    fn send(&mut self, attempt: Attempt, cx: &mut Context<'_>) {
        let seat = self
            .seat
            .get_or_insert_with(|| Seat::new(Arc::clone(&self.turn), self.reasons.share.clone()));
        seat.send(attempt, cx.waker(), self.lane);
        // Its own task brings it back when it has some of its share again.
        let wait = self.reasons.share.wait().unwrap_or(Duration::ZERO);
        let mut alarm = Box::pin(tokio::time::sleep(wait));
        if alarm.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        self.alarm = Some(alarm);
    }
}

impl Future for Ride<'_> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let mut attempt = match self.find(cx) {
            Found::Attempt(attempt) => attempt,
            Found::Ended(ending) => return Poll::Ready(ending),
            Found::Away => {
                if let Some(seat) = self.seat.as_ref().filter(|_| self.reasons.hold()) {
                    seat.hurry();
                }
                return Poll::Pending;
            }
        };
        if let Poll::Ready(ending) = attempt.as_mut().poll(cx) {
            return Poll::Ready(ending);
        }
        match self.turn.wished() {
            Wish::GoOnBehind => self.send(attempt, cx),
            Wish::Wake | Wish::GoOn => self.attempt = Some(attempt),
        }
        Poll::Pending
    }
}

impl Drop for Ride<'_> {
    fn drop(&mut self) {
        if let Some(seat) = &self.seat {
            seat.abandon();
        }
    }
}

impl fmt::Debug for Ride<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ride")
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}
