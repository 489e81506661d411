//! The lane behind all others: threads of the kernel's idle class that poll guests which have used up their share.
//!
//! A guest moves between the threads for guests and this lane at the points where it gives way. No thread changes its
//! class for that, so the kernel alone decides when the lane moves: when nothing else wants the processor.
//!
//! ```text
//!   threads for guests                 lane
//!   poll ─ share used up ────► queue ─► poll ─ still used up ─► queue, at its end
//!     ▲                          │       │
//!     └── share again, stop ◄────┴───────┴─ share again, waits, over
//! ```
//!
//! A guest in the middle of a slice cannot move, and on a busy machine its thread may not come to the end of the slice for
//! seconds. So when the guest has a reason to come back (share again, a stop, its deadline), the thread that has it is
//! taken out of the idle class until it gives it back, which takes it one tick.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use std::{fmt, io, thread};

use rustix::process::Pid;
use rustix::thread::gettid;
use tokio::runtime::Handle;

use crate::class::{self, Bursting};
use crate::processor::thread_time;
use crate::turn::{Turn, Wish};
use crate::{Ending, Share};

/// An attempt on its way, wherever it is polled.
pub(crate) type Attempt = Pin<Box<dyn Future<Output = Ending> + Send>>;

thread_local! {
    static OF_THE_LANE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is one of the lane.
pub(crate) fn is_here() -> bool {
    OF_THE_LANE.get()
}

/// The lane of one sandbox. Its threads are started when the first guest comes, and end with the sandbox.
#[derive(Debug)]
pub(crate) struct Lane(Arc<Queue>);

struct Queue {
    threads: u32,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    seats: VecDeque<Arc<Seat>>,
    is_open: bool,
    over: bool,
}

impl Lane {
    pub(crate) fn new(threads: u32) -> Self {
        Self(Arc::new(Queue {
            threads,
            waiting: Mutex::default(),
            arrived: Condvar::new(),
        }))
    }

    fn push(&self, seat: Arc<Seat>) {
        self.0.open();
        self.0.push(seat);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Not joined: it may be a thread of the lane that lets go of the sandbox last.
        self.0.lock().over = true;
        self.0.arrived.notify_all();
    }
}

impl Queue {
    /// Starts the threads, once. They inherit the niceness of a thread for guests, which is what they run at when they are
    /// taken out of the idle class.
    fn open(self: &Arc<Self>) {
        if std::mem::replace(&mut self.lock().is_open, true) {
            return;
        }
        for _ in 0..self.threads {
            let queue = Arc::clone(self);
            let started = thread::Builder::new()
                .name("guests-behind".to_owned())
                .spawn(move || queue.serve());
            // With fewer threads, or none, guests wait until they have some of their share again.
            drop(started);
        }
    }

    /// A thread that cannot step behind the others serves nobody: it would cost them their share.
    fn serve(&self) -> io::Result<()> {
        class::step_behind()?;
        OF_THE_LANE.set(true);
        let me = gettid();
        while let Some(seat) = self.next() {
            if seat.poll_here(me) == After::Again {
                self.push(seat);
            }
        }
        Ok(())
    }

    fn push(&self, seat: Arc<Seat>) {
        self.lock().seats.push_back(seat);
        self.arrived.notify_one();
    }

    /// The next in the queue; nothing when the lane is closed.
    fn next(&self) -> Option<Arc<Seat>> {
        let mut waiting = self
            .arrived
            .wait_while(self.lock(), |waiting| {
                waiting.seats.is_empty() && !waiting.over
            })
            .unwrap_or_else(PoisonError::into_inner);
        waiting.seats.pop_front().filter(|_| !waiting.over)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// The place of one attempt in the lane, made when it first comes and kept until it is over.
pub(crate) struct Seat {
    turn: Arc<Turn>,
    share: Share,
    runtime: Handle,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    /// In the seat, unless a thread of the lane polls it or its own task has taken it back.
    attempt: Option<Attempt>,
    ended: Option<Ending>,
    /// Of the task that the attempt belongs to.
    waker: Option<Waker>,
    is_queued: bool,
    /// The thread that polls it.
    thread: Option<Pid>,
    /// When that thread was taken out of the idle class, if it was.
    hurried_at: Option<Instant>,
    /// The task was woken while the attempt was away.
    was_woken: bool,
    is_abandoned: bool,
}

/// What the task finds in the seat.
pub(crate) enum Found {
    Attempt(Attempt),
    Ended(Ending),
    /// A thread of the lane has it.
    Away,
}

/// What becomes of a seat after its attempt was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Again,
    Done,
}

impl Seat {
    /// To be made on the runtime that the attempt's timers are of.
    pub(crate) fn new(turn: Arc<Turn>, share: Share) -> Arc<Self> {
        Arc::new(Self {
            turn,
            share,
            runtime: Handle::current(),
            inside: Mutex::default(),
        })
    }

    /// Puts the attempt into the lane's queue.
    pub(crate) fn send(self: &Arc<Self>, attempt: Attempt, waker: &Waker, lane: &Lane) {
        let mut inside = self.lock();
        inside.attempt = Some(attempt);
        inside.waker = Some(waker.clone());
        // One that was taken back out of the queue left its place in it.
        if !std::mem::replace(&mut inside.is_queued, true) {
            drop(inside);
            lane.push(Arc::clone(self));
        }
    }

    /// Takes the attempt out of the seat, for its own task.
    pub(crate) fn take(&self, waker: &Waker) -> Found {
        let mut inside = self.lock();
        if let Some(ending) = inside.ended.take() {
            return Found::Ended(ending);
        }
        if let Some(attempt) = inside.attempt.take() {
            return Found::Attempt(attempt);
        }
        inside.was_woken = true;
        inside.waker = Some(waker.clone());
        Found::Away
    }

    /// Has the thread that polls the attempt compete for the processor until it gives it back.
    pub(crate) fn hurry(&self) {
        let mut inside = self.lock();
        if let Some(thread) = inside.thread
            && inside.hurried_at.is_none()
            && class::bursting() == Bursting::Idle
            && class::leave_idle(thread).is_ok()
        {
            inside.hurried_at = Some(Instant::now());
        }
    }

    /// Nobody waits for the attempt any more.
    pub(crate) fn abandon(&self) {
        let mut inside = self.lock();
        inside.is_abandoned = true;
        let attempt = inside.attempt.take();
        drop(inside);
        drop(attempt);
    }

    /// One slice on a thread of the lane.
    fn poll_here(&self, me: Pid) -> After {
        let Some((mut attempt, waker)) = self.board(me) else {
            return After::Done;
        };
        let before = thread_time();
        let polled = {
            let _timers = self.runtime.enter();
            attempt.as_mut().poll(&mut Context::from_waker(&waker))
        };
        let took = thread_time().saturating_sub(before);
        let mut inside = self.lock();
        inside.thread = None;
        if let Some(at) = inside.hurried_at.take() {
            // It never fails: everybody may step back.
            drop(class::enter_idle(me));
            // What it used among the others is no gift.
            self.share.take(took.min(at.elapsed()));
        }
        if inside.is_abandoned {
            drop(inside);
            drop(attempt);
            return After::Done;
        }
        let after = inside.settle(attempt, polled, self.turn.wished());
        let woken = inside.waker.clone().filter(|_| inside.was_woken);
        drop(inside);
        if let Some(waker) = woken {
            waker.wake();
        }
        after
    }

    fn board(&self, me: Pid) -> Option<(Attempt, Waker)> {
        let mut inside = self.lock();
        inside.is_queued = false;
        let waker = inside.waker.clone()?;
        let attempt = inside.attempt.take()?;
        inside.thread = Some(me);
        inside.was_woken = false;
        Some((attempt, waker))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Puts what came of a slice into the seat, and notes whether the task is to look at it.
    fn settle(&mut self, attempt: Attempt, polled: Poll<Ending>, wish: Wish) -> After {
        match polled {
            Poll::Ready(ending) => {
                self.ended = Some(ending);
                self.was_woken = true;
                After::Done
            }
            Poll::Pending => {
                self.attempt = Some(attempt);
                self.was_woken |= wish == Wish::GoOn;
                self.is_queued = wish == Wish::GoOnBehind;
                if self.is_queued {
                    After::Again
                } else {
                    After::Done
                }
            }
        }
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}
