//! Keeps guests that have a worker for themselves to their share: nothing in such a worker can hold its guest back, so it is
//! done from outside.
//!
//! A thread looks at the processor time of each of them again and again: soon where its share may be used up soon, rarely
//! where it sleeps. One that has used up its share is put behind all others, where it may go on with what nobody else
//! wants, or is stopped until it has some again.

use std::collections::HashMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, pidfd_send_signal};
use sublet_worker::{Bucket, Burst, Bursting, bursting, enter_idle, leave_idle};

use super::WorkerId;

/// How soon a process is looked at again at most. More often costs more than it tells.
const LOOK_AGAIN_MIN: Duration = Duration::from_millis(5);
/// How rarely at most: what a guest that wakes up uses until then is counted all the same, only later.
const LOOK_AGAIN_MAX: Duration = Duration::from_millis(500);

/// Those that are kept. Clones are the same keeper.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeper(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Everyone>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Everyone {
    by_worker: HashMap<WorkerId, Kept>,
    has_thread: bool,
}

/// What is to be kept of one guest.
#[derive(Debug)]
pub(super) struct Terms {
    /// The worker's process, whose main thread is the guest's.
    pub(super) process: Pid,
    pub(super) handle: OwnedFd,
    pub(super) cpu_millis: u64,
    pub(super) burst: Burst,
    /// When its wall time is over. A process that is stopped cannot see that itself.
    pub(super) deadline: Option<Instant>,
}

#[derive(Debug)]
struct Kept {
    terms: Terms,
    bucket: Bucket,
    standing: Standing,
    /// Processor time when it was last looked at.
    used: Duration,
    pause: Duration,
    look_at: Instant,
}

/// How a guest stands to the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Free,
    /// Behind all others.
    Behind,
    /// Stopped.
    Held,
}

impl Keeper {
    /// Keeps a guest that is about to begin to its share.
    pub(super) fn keep(&self, worker: WorkerId, terms: Terms) {
        let mut everyone = self.lock();
        if !everyone.has_thread {
            let keeper = self.clone();
            let started = thread::Builder::new()
                .name("keeper".into())
                .spawn(move || keeper.go_round());
            match started {
                Ok(_) => everyone.has_thread = true,
                Err(error) => {
                    tracing::error!(%error, "guests with a worker of their own are not kept to their share");
                    return;
                }
            }
        }
        everyone.by_worker.insert(worker, Kept::new(terms));
        drop(everyone);
        self.0.changed.notify_one();
    }

    /// Lets a guest go, for good: it is about to be ended. After this its process is not touched any more.
    pub(super) fn release(&self, worker: WorkerId) {
        if let Some(mut kept) = self.lock().by_worker.remove(&worker) {
            kept.stand(Standing::Free);
        }
    }

    /// Whether the process of a worker is stopped because its guest used up its share.
    pub(super) fn holds(&self, worker: WorkerId) -> bool {
        let everyone = self.lock();
        let kept = everyone.by_worker.get(&worker);
        kept.is_some_and(|kept| kept.standing == Standing::Held)
    }

    fn go_round(&self) {
        let mut everyone = self.lock();
        loop {
            let now = Instant::now();
            let mut next = now + LOOK_AGAIN_MAX;
            everyone.by_worker.retain(|_, kept| {
                let goes_on = kept.look_at > now || kept.look(now);
                next = next.min(kept.look_at);
                goes_on
            });
            everyone = if everyone.by_worker.is_empty() {
                let waited = self.0.changed.wait(everyone);
                waited.unwrap_or_else(PoisonError::into_inner)
            } else {
                let patience = next.saturating_duration_since(now);
                let waited = self.0.changed.wait_timeout(everyone, patience);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Everyone> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn new(terms: Terms) -> Self {
        let now = Instant::now();
        Self {
            bucket: Bucket::full(terms.cpu_millis, now),
            standing: Standing::Free,
            // What it took to come so far is not the guest's.
            used: processor_time(terms.process).unwrap_or_default(),
            pause: LOOK_AGAIN_MIN,
            look_at: now,
            terms,
        }
    }

    /// Accounts for what it used, and says whether it is to be looked at again.
    fn look(&mut self, now: Instant) -> bool {
        let Some(used) = processor_time(self.terms.process) else {
            return false;
        };
        let spent = used.saturating_sub(std::mem::replace(&mut self.used, used));
        // What nobody else wanted is not taken from the share.
        if self.standing != Standing::Behind {
            self.bucket.take(spent, now);
        }
        let is_over = self.terms.deadline.is_some_and(|at| at <= now);
        match self.bucket.wait(now) {
            Some(wait) if !is_over => {
                self.stand(self.beyond());
                self.look_at = now + wait.max(LOOK_AGAIN_MIN);
                if let Some(deadline) = self.terms.deadline {
                    self.look_at = self.look_at.min(deadline);
                }
            }
            Some(_) | None => {
                self.pause = self.pause_after(spent, now);
                self.look_at = now + self.pause;
                self.stand(Standing::Free);
            }
        }
        true
    }

    /// No later than it can have used up what is left; rarer and rarer while it uses nothing.
    fn pause_after(&mut self, spent: Duration, now: Instant) -> Duration {
        // One that was held could not use anything, and will.
        let rested = if spent.is_zero() && self.standing == Standing::Free {
            self.pause * 2
        } else {
            self.bucket.lasts(now)
        };
        rested.clamp(LOOK_AGAIN_MIN, LOOK_AGAIN_MAX)
    }

    fn beyond(&self) -> Standing {
        match (self.terms.burst, bursting()) {
            (Burst::Allowed, Bursting::Idle) => Standing::Behind,
            (Burst::Allowed, Bursting::LowestNiceness) | (Burst::Forbidden, _) => Standing::Held,
        }
    }

    fn stand(&mut self, standing: Standing) {
        let before = std::mem::replace(&mut self.standing, standing);
        let process = self.terms.process;
        let signal = |signal| pidfd_send_signal(&self.terms.handle, signal).map_err(Into::into);
        let stood = match (before, standing) {
            (Standing::Held, Standing::Free | Standing::Behind) => signal(Signal::CONT),
            (Standing::Free | Standing::Behind, Standing::Held) => signal(Signal::STOP),
            (Standing::Free, Standing::Behind) => enter_idle(process),
            (Standing::Behind, Standing::Free) => leave_idle(process),
            (Standing::Free, Standing::Free)
            | (Standing::Behind, Standing::Behind)
            | (Standing::Held, Standing::Held) => Ok(()),
        };
        if let Err(error) = stood {
            tracing::debug!(%error, pid = process.as_raw_nonzero(), "a worker had ended by itself");
        }
    }
}

/// Processor time of a process so far, all its threads together, in the kernel's steps of a hundredth of a second. Also of
/// one that has ended and was not reaped yet.
pub(super) fn processor_time(process: Pid) -> Option<Duration> {
    /// Of the fields after the name: time in user mode, and time in the kernel.
    const TIMES: std::ops::Range<usize> = 11..13;
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // A name may hold anything, so what follows begins after its last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let ticks = fields
        .get(TIMES)?
        .iter()
        .try_fold(0, |sum: u64, field| sum.checked_add(field.parse().ok()?))?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_micros(
        ticks.saturating_mul(1_000_000 / per_second),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_was_stopped_is_known_to_be_until_it_is_let_go() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let process = Pid::from_child(&child);
        let mut kept = Kept::new(Terms {
            process,
            handle: rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty())
                .unwrap(),
            cpu_millis: 1,
            burst: Burst::Forbidden,
            deadline: None,
        });
        let (keeper, worker) = (Keeper::default(), WorkerId::from_number(1));
        kept.stand(Standing::Held);
        keeper.lock().by_worker.insert(worker, kept);
        assert!(keeper.holds(worker) && !keeper.holds(WorkerId::from_number(2)));
        keeper.release(worker);
        assert!(!keeper.holds(worker));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn the_processor_time_of_a_process_grows_with_what_it_does() {
        let me = rustix::process::getpid();
        let before = processor_time(me).unwrap();
        let mut sum = 0_u64;
        while processor_time(me).unwrap() == before {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(sum > 0);
    }
}
