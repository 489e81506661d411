//! The thread that makes running guests give way: it advances the engine's epoch, which guest code looks at in every
//! loop and call.
//!
//! It is a plain thread, because one on the executor would stop with the executor when all its threads run guests. It
//! rests while no guest is runnable, and ticks faster while there are more of them than threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;
use std::{fmt, io};

use wasmtime::EngineWeak;

/// A guest that has the thread for itself gives way this often, so that limits and stop requests are seen.
const CALM: Duration = Duration::from_millis(10);
/// Guests that share threads give way this often.
const CROWDED: Duration = Duration::from_millis(1);
/// Ticks without a runnable guest after which the thread rests.
const IDLE_TICKS_MAX: u32 = 10;

/// Owns the thread, which ends when this is dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    engine: EngineWeak,
    threads: u32,
    runnable: AtomicU32,
    resting: AtomicBool,
    over: AtomicBool,
}

impl Ticker {
    pub(crate) fn start(engine: EngineWeak, threads: u32) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            engine,
            threads,
            runnable: AtomicU32::new(0),
            resting: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let ticking = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("sandbox-ticker".to_owned())
            .spawn(move || ticking.tick())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Counts a guest as runnable for as long as the answer lives.
    pub(crate) fn runnable(&self) -> Runnable<'_> {
        self.shared.runnable.fetch_add(1, Ordering::SeqCst);
        if self.shared.resting.load(Ordering::SeqCst) {
            self.thread().map(Thread::unpark);
        }
        Runnable(&self.shared.runnable)
    }

    fn thread(&self) -> Option<&Thread> {
        self.thread.as_ref().map(JoinHandle::thread)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.thread().map(Thread::unpark);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say at its end, and a panic in it has already been printed.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker")
            .field("runnable", &self.shared.runnable)
            .finish_non_exhaustive()
    }
}

/// A guest that runs, or would if it had a thread.
#[derive(Debug)]
pub(crate) struct Runnable<'a>(&'a AtomicU32);

impl Drop for Runnable<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn tick(&self) {
        let mut idle_ticks = 0;
        while !self.over.load(Ordering::SeqCst) {
            let runnable = self.runnable.load(Ordering::SeqCst);
            idle_ticks = if runnable == 0 { idle_ticks + 1 } else { 0 };
            if idle_ticks > IDLE_TICKS_MAX {
                self.rest();
                idle_ticks = 0;
                continue;
            }
            thread::park_timeout(if runnable > self.threads {
                CROWDED
            } else {
                CALM
            });
            let Some(engine) = self.engine.upgrade() else {
                return;
            };
            engine.increment_epoch();
        }
    }

    /// Sleeps until a guest is runnable. The flag is up before the last look at the count, and a guest counts itself
    /// before it looks at the flag, so one of the two always sees the other.
    fn rest(&self) {
        self.resting.store(true, Ordering::SeqCst);
        while self.runnable.load(Ordering::SeqCst) == 0 && !self.over.load(Ordering::SeqCst) {
            thread::park();
        }
        self.resting.store(false, Ordering::SeqCst);
    }
}
