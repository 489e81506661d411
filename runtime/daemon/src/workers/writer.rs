//! What a worker is told goes out on a thread of its own.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::Receiver;

use sublet_worker::frame::FrameWriter;
use sublet_worker::protocol::ToWorker;

/// Messages, and the descriptors that belong to them.
pub(super) struct Parcel {
    pub(super) batch: Vec<ToWorker>,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// Sends until there is nobody to send for, or nobody to send to. Then the link is shut down, so that the worker ends
/// also while another thread still listens to it.
pub(super) fn send_all(mut link: FrameWriter, parcels: &Receiver<Parcel>) {
    for parcel in parcels {
        let descriptors: Vec<_> = parcel.descriptors.iter().map(AsFd::as_fd).collect();
        if let Err(error) = link.send(&parcel.batch, &descriptors) {
            tracing::debug!(%error, "a worker's link is gone");
            break;
        }
    }
    link.close();
}
