//! The thread of a guest that has its process for itself: the main thread, whose processor time and class are those of the
//! process when somebody looks from outside.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sublet_sandbox::Guest;

/// Where the guest is sent.
#[derive(Clone, Debug)]
pub(crate) struct Stage(SyncSender<Guest>);

/// Where it is run.
#[derive(Debug)]
pub(crate) struct Performance(Receiver<Guest>);

/// Both ends.
pub(crate) fn stage() -> (Stage, Performance) {
    let (send, receive) = sync_channel(1);
    (Stage(send), Performance(receive))
}

impl Stage {
    /// Hands the one guest over.
    pub(crate) fn send(&self, guest: Guest) -> io::Result<()> {
        self.0
            .try_send(guest)
            .map_err(|_| io::Error::other("this worker has run its one attempt"))
    }
}

impl Performance {
    /// Runs the guest on this thread and waits for the end of the process.
    pub(crate) fn run(&self) {
        for guest in &self.0 {
            guest.run();
        }
    }
}
