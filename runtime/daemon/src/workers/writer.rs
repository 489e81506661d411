//! What a worker is told goes out on a thread of its own.
//!
//! Whoever speaks does not wait. So what waits is counted, and those whom a worker itself makes speak look at the count: a
//! worker that asks and does not read must not fill the front with its answers, nor with the descriptors beside them.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sublet_worker::fault;
use sublet_worker::frame::FrameWriter;
use sublet_worker::protocol::ToWorker;

/// Parcels that may wait for a worker before it is not listened to any more, and nobody is led to it.
pub(super) const WAITING_MAX: usize = 1024;

/// Says things to one worker. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    outgoing: mpsc::Sender<Parcel>,
    waiting: Arc<Waiting>,
}

/// What goes out.
#[derive(Debug)]
pub(super) enum Parcel {
    /// Messages, and the descriptors that belong to them.
    Words(Vec<ToWorker>, Vec<OwnedFd>),
    /// Nothing any more, whoever still has a speaker.
    End,
}

/// What goes out to one worker, for who sends it. Dropped, nothing goes out any more.
#[derive(Debug)]
pub(super) struct Parcels {
    parcels: Receiver<Parcel>,
    waiting: Arc<Waiting>,
}

/// How many parcels wait. Nothing once none will be sent any more.
#[derive(Debug)]
struct Waiting {
    count: Mutex<Option<usize>>,
    changed: Condvar,
}

impl Speaker {
    /// A speaker, and where its words go out.
    pub(super) fn new() -> (Self, Parcels) {
        let (outgoing, parcels) = mpsc::channel();
        let waiting = Arc::new(Waiting {
            count: Mutex::new(Some(0)),
            changed: Condvar::new(),
        });
        let speaker = Self {
            outgoing,
            waiting: Arc::clone(&waiting),
        };
        (speaker, Parcels { parcels, waiting })
    }

    /// Hands messages over without waiting: a worker that does not read must not hold up anybody.
    pub(crate) fn say(&self, batch: Vec<ToWorker>, descriptors: Vec<OwnedFd>) {
        self.send(Parcel::Words(batch, descriptors));
    }

    /// Whether the worker reads what it is told, more or less.
    pub(crate) fn is_heard(&self) -> bool {
        self.waiting.lock().is_none_or(|count| count < WAITING_MAX)
    }

    /// How many parcels wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_default()
    }

    /// Waits until the worker reads again, or is gone, but no longer than this. Says whether it came to that.
    pub(super) fn is_heard_within(&self, patience: Duration) -> bool {
        let full = |count: &mut Option<usize>| count.is_some_and(|count| count >= WAITING_MAX);
        let changed = &self.waiting.changed;
        let waited = changed.wait_timeout_while(self.waiting.lock(), patience, full);
        let (_count, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }

    /// Closes the link after what was said so far.
    pub(super) fn end(&self) {
        self.send(Parcel::End);
    }

    fn send(&self, parcel: Parcel) {
        if let Some(count) = self.waiting.lock().as_mut() {
            *count += 1;
        }
        if self.outgoing.send(parcel).is_err() {
            tracing::debug!("a worker ended before it could be told something");
        }
    }
}

impl Parcels {
    fn next(&self) -> Option<(Vec<ToWorker>, Vec<OwnedFd>)> {
        match self.parcels.recv() {
            Ok(Parcel::Words(batch, descriptors)) => Some((batch, descriptors)),
            Ok(Parcel::End) | Err(_) => None,
        }
    }

    fn is_sent(&self) {
        if let Some(count) = self.waiting.lock().as_mut() {
            *count -= 1;
            if *count + 1 == WAITING_MAX {
                self.waiting.changed.notify_all();
            }
        }
    }
}

impl Drop for Parcels {
    fn drop(&mut self) {
        *self.waiting.lock() = None;
        self.waiting.changed.notify_all();
    }
}

impl Waiting {
    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Option<usize>> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends until it is told to end, or there is nobody to send to. Then the link is shut down, so that the worker ends
/// also while another thread still listens to it.
pub(super) fn send_all(link: FrameWriter, parcels: Parcels) {
    let mut link = Closing(link);
    while let Some((batch, descriptors)) = parcels.next() {
        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        let has_start = batch
            .iter()
            .any(|said| matches!(said, ToWorker::Start { .. }));
        let subjects: &[&str] = if has_start { &["start"] } else { &[] };
        fault::step_of("front", subjects, "before-send");
        if let Err(error) = link.0.send(&batch, &descriptors) {
            tracing::debug!(%error, "a worker's link is gone");
            break;
        }
        fault::step_of("front", subjects, "after-send");
        parcels.is_sent();
    }
    drop(link);
    // Whoever waits to be heard goes on.
    drop(parcels);
}

/// A link that is shut down however its thread ends: a worker that nobody speaks to any more must not stay.
struct Closing(FrameWriter);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}
