//! What a worker is told goes out on a thread of its own.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{self, Receiver};

use sublet_worker::frame::FrameWriter;
use sublet_worker::protocol::ToWorker;

/// Says things to one worker. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Speaker(mpsc::Sender<Parcel>);

/// What goes out.
#[derive(Debug)]
pub(super) enum Parcel {
    /// Messages, and the descriptors that belong to them.
    Words(Vec<ToWorker>, Vec<OwnedFd>),
    /// Nothing any more, whoever still has a speaker.
    End,
}

impl Speaker {
    /// A speaker, and where its words go out.
    pub(super) fn new() -> (Self, Receiver<Parcel>) {
        let (outgoing, parcels) = mpsc::channel();
        (Self(outgoing), parcels)
    }

    /// Hands messages over without waiting: a worker that does not read must not hold up anybody.
    pub(crate) fn say(&self, batch: Vec<ToWorker>, descriptors: Vec<OwnedFd>) {
        self.send(Parcel::Words(batch, descriptors));
    }

    /// Closes the link after what was said so far.
    pub(super) fn end(&self) {
        self.send(Parcel::End);
    }

    fn send(&self, parcel: Parcel) {
        if self.0.send(parcel).is_err() {
            tracing::debug!("a worker ended before it could be told something");
        }
    }
}

/// Sends until it is told to end, or there is nobody to send to. Then the link is shut down, so that the worker ends
/// also while another thread still listens to it.
pub(super) fn send_all(mut link: FrameWriter, parcels: &Receiver<Parcel>) {
    while let Ok(Parcel::Words(batch, descriptors)) = parcels.recv() {
        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        if let Err(error) = link.send(&batch, &descriptors) {
            tracing::debug!(%error, "a worker's link is gone");
            break;
        }
    }
    link.close();
}
