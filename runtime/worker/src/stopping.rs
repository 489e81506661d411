//! How an attempt comes to its end from outside: it is asked, it has a while, then it is ended.
//!
//! ```text
//!   request ─► can it hear that? ─no──────────────► ended at once
//!                 │ yes
//!                 ▼
//!              the file appears ─► grace ─────────► ended, if it is still there
//!   wall time, less the grace ─► the file appears ─► the watch ends it at the wall limit
//! ```
//!
//! One task stands beside each attempt that can hear, and passes on what it says of itself too.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use sublet_sandbox::Stop;
use sublet_scheduler::{AttemptId, CancelReason, Outcome};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::outbox::Outbox;
use crate::protocol::{Definition, FromWorker, StopCause};
use crate::reports::{self, Reports};

/// How often it is looked at what an attempt says of itself.
const LOOK_PAUSE: Duration = Duration::from_millis(250);
/// What a guest reads whose wall time is about to be over.
const TIMEOUT: &str = "timeout\n";

/// Ends one attempt. Clones are the same handle.
#[derive(Clone, Debug)]
pub(crate) struct Stopping {
    stop: Stop,
    asked: Arc<watch::Sender<Option<StopCause>>>,
    grace: Duration,
}

impl Stopping {
    pub(crate) fn new(stop: Stop, definition: &Definition) -> Self {
        Self {
            stop,
            asked: Arc::new(watch::Sender::new(None)),
            grace: definition.grace(),
        }
    }

    /// What ends the instance.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Has the attempt end. The first cause counts.
    pub(crate) fn request(&self, cause: StopCause) {
        if self.grace.is_zero() {
            return self.stop.request(cause.into());
        }
        self.asked.send_if_modified(|asked| {
            let is_first = asked.is_none();
            asked.get_or_insert(cause);
            is_first
        });
    }

    /// How the attempt ended, for those who asked it to: it did what it was to do all the same, or it was cancelled.
    pub(crate) fn fate(&self, outcome: Outcome) -> Outcome {
        match (*self.asked.borrow(), outcome) {
            (None, outcome) | (Some(_), outcome @ (Outcome::Succeeded | Outcome::Lost(_))) => {
                outcome
            }
            (Some(cause), _) => Outcome::Cancelled(cause.into()),
        }
    }

    /// Why it was asked to end, once it was.
    pub(crate) fn cause(&self) -> Option<StopCause> {
        *self.asked.borrow()
    }

    async fn asked(&self) -> StopCause {
        let mut asked = self.asked.subscribe();
        match asked.wait_for(Option::is_some).await.map(|cause| *cause) {
            Ok(Some(cause)) => cause,
            // The one who asks is held right here.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

/// The task beside one attempt. It goes with this.
#[derive(Debug)]
pub(crate) struct Beside(JoinHandle<()>);

impl Beside {
    /// To be called on the threads for guests, before the first instruction.
    pub(crate) fn stand(
        attempt: AttemptId,
        stopping: Stopping,
        reports: Arc<Reports>,
        (outbox, wall_ms): (Outbox, u64),
    ) -> Self {
        Self(tokio::spawn(async move {
            let warning = warning(stopping.grace, Duration::from_millis(wall_ms));
            tokio::select! {
                never = pass_on(attempt, &reports, &outbox) => match never {},
                never = ask_and_end(&stopping, &reports) => match never {},
                never = warn(warning, &reports) => match never {},
            }
        }))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// When a guest is told that its wall time is about to be over. It has at least half of that in peace.
fn warning(grace: Duration, wall: Duration) -> Option<Instant> {
    if grace.is_zero() {
        return None;
    }
    Instant::now().checked_add(wall.saturating_sub(grace.min(wall / 2)))
}

async fn pass_on(attempt: AttemptId, reports: &Reports, outbox: &Outbox) -> Infallible {
    let mut looks = interval(LOOK_PAUSE);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Some(progress) = reports.news() {
            outbox.push(FromWorker::Told { attempt, progress });
        }
    }
}

async fn ask_and_end(stopping: &Stopping, reports: &Reports) -> Infallible {
    let cause = stopping.asked().await;
    told(reports.ask_to_stop(reports::word(cause)));
    tokio::time::sleep(stopping.grace).await;
    stopping.stop.request(CancelReason::from(cause));
    std::future::pending().await
}

async fn warn(at: Option<Instant>, reports: &Reports) -> Infallible {
    if let Some(at) = at {
        sleep_until(at).await;
        told(reports.warn(TIMEOUT));
    }
    std::future::pending().await
}

/// A guest that cannot be asked is ended all the same, when its grace is over.
fn told(asked: std::io::Result<()>) {
    if let Err(error) = asked {
        tracing::warn!(%error, "a guest cannot be asked to stop");
    }
}
