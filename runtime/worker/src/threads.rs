//! The threads that guests run on, below everything else of the process in the kernel's eyes.

use std::io;

use tokio::runtime::{Builder, EnterGuard, Runtime};

/// Threads for the blocking file operations of guests. Operations beyond it queue; they cannot be interrupted once begun.
const BLOCKING_THREADS_MAX: usize = 16;

/// The threads that guests run on. They are let go without waiting: a guest may sit in a read of a terminal that never
/// answers, and whoever drops the slots is about to end the process.
#[derive(Debug)]
pub(crate) struct GuestThreads(Option<Runtime>);

impl GuestThreads {
    pub(crate) fn start(threads: usize, on_start: fn()) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(threads)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("guests")
            .on_thread_start(on_start)
            .enable_all();
        let runtime = sublet_sandbox::start_guests(|| builder.build())?;
        Ok(Self(Some(runtime)))
    }

    pub(crate) fn spawn(&self, guest: impl Future<Output = ()> + Send + 'static) {
        self.runtime().spawn(guest);
    }

    /// Has what is made while this is held belong to these threads.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.runtime().enter()
    }

    fn runtime(&self) -> &Runtime {
        self.0
            .as_ref()
            .expect("the threads are taken away only when they are dropped")
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Guests stand behind the front and the link, so that one that spins never delays an answer. A host that forbids it loses
/// a courtesy, not a promise.
pub(crate) fn step_back() {
    if let Err(error) = sublet_sandbox::stand_back() {
        tracing::debug!(%error, "guests compete like everybody else");
    }
}

/// Leaves a thread as it is.
pub(crate) const fn stay() {}
