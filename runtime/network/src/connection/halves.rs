//! The two directions of a connection, as one side has them.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::{End, Ended};
use crate::meter::count;
use crate::rate::Alarm;

/// What comes in.
#[derive(Debug)]
pub struct Source {
    end: Arc<End>,
    alarm: Alarm,
}

impl Source {
    pub(super) fn new(end: Arc<End>) -> Self {
        Self {
            end,
            alarm: Alarm::default(),
        }
    }

    /// What is there, at most `max` bytes; empty where nothing is there yet, or the rate of the nic is used up. A rate
    /// gives what is asked for, or a hundredth of a second's worth, and never a few bytes at a time.
    ///
    /// # Errors
    ///
    /// The end of the data, also for a `max` of zero, or that the connection was reset.
    pub fn read(&mut self, max: usize) -> Result<Bytes, Ended> {
        let Some(account) = &self.end.account else {
            return self.end.incoming.read(max);
        };
        let wanted = max.min(self.end.incoming.waiting_bytes());
        let permitted = wanted.min(account.bytes.permit(wanted));
        let bytes = self.end.incoming.read(permitted)?;
        account.bytes.charge(bytes.len());
        count(&account.meter.bytes_received, bytes.len());
        Ok(bytes)
    }

    /// Ready when [`Source::read`] has something to say.
    pub fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let waiting = ready!(self.end.incoming.poll_readable(cx));
        match (&self.end.account, waiting) {
            (Some(account), Ok(wanted)) => {
                let ready = account.bytes.poll(cx, &mut self.alarm, wanted);
                if ready.is_pending() {
                    self.end.incoming.watch_reader(cx);
                }
                ready
            }
            (None, _) | (_, Err(_)) => Poll::Ready(()),
        }
    }

    /// No more is wanted: what comes is discarded, the peer is not told.
    pub fn close(&mut self) {
        self.end.incoming.discard();
    }

    /// Whether the connection was reset; the waker is used when that changes.
    pub(crate) fn watch_reset(&self, cx: &mut Context<'_>) -> bool {
        self.end.incoming.watch_reader(cx);
        self.end.is_reset()
    }

    /// Resets both directions.
    pub(crate) fn reset(&self) {
        self.end.reset();
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.close();
    }
}

/// What goes out.
#[derive(Debug)]
pub struct Sink {
    end: Arc<End>,
    alarm: Alarm,
}

impl Sink {
    pub(super) fn new(end: Arc<End>) -> Self {
        Self {
            end,
            alarm: Alarm::default(),
        }
    }

    /// Bytes that [`Sink::write`] takes now: of the window and of the rate, whichever is less. A rate gives what fits into
    /// the window, or a hundredth of a second's worth, and never a few bytes at a time.
    ///
    /// # Errors
    ///
    /// The connection takes no more.
    pub fn room(&mut self) -> Result<usize, Ended> {
        self.room_for(usize::MAX)
    }

    /// As [`Sink::room`], for who knows how much there is to write: little need not wait until much may be written.
    pub(crate) fn room_for(&mut self, wanted: usize) -> Result<usize, Ended> {
        let room = self.end.outgoing.room()?;
        Ok(match &self.end.account {
            Some(account) => room.min(account.bytes.permit(room.min(wanted))),
            None => room,
        })
    }

    /// Queues bytes, at most [`Sink::room`] of them. Who gives more than the window holds has the connection reset, so
    /// that memory stays bounded; for the same reason large pieces should be all of their allocation.
    ///
    /// # Errors
    ///
    /// The connection takes no more.
    pub fn write(&mut self, bytes: Bytes) -> Result<(), Ended> {
        let length = bytes.len();
        self.end.outgoing.write(bytes)?;
        if let Some(account) = &self.end.account {
            account.bytes.charge(length);
            count(&account.meter.bytes_sent, length);
        }
        Ok(())
    }

    /// Ready when [`Sink::room`] is not zero or the connection is over.
    pub fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_writable_for(cx, usize::MAX)
    }

    /// Ready when [`Sink::room_for`] is not zero for the same, or the connection is over.
    pub(crate) fn poll_writable_for(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<()> {
        let room = ready!(self.end.outgoing.poll_room(cx));
        match (&self.end.account, room) {
            (Some(account), Ok(room)) => {
                let ready = account.bytes.poll(cx, &mut self.alarm, room.min(wanted));
                if ready.is_pending() {
                    self.end.outgoing.watch_writer(cx);
                }
                ready
            }
            (None, _) | (_, Err(_)) => Poll::Ready(()),
        }
    }

    /// The end of data, after what is queued.
    pub fn close(&mut self) {
        self.end.outgoing.finish();
    }

    /// Whether the connection was reset; the waker is used when that changes, or when the reader goes.
    pub(crate) fn watch_reset(&self, cx: &mut Context<'_>) -> bool {
        self.end.outgoing.watch_writer(cx);
        self.end.is_reset()
    }

    /// Resets both directions.
    pub(crate) fn reset(&self) {
        self.end.reset();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.close();
    }
}
