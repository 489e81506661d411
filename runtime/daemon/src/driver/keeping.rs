//! What an attempt that succeeded left in `/out` is kept before its end is told: whoever waits for the end finds it.
//!
//! ```text
//!   Ended ─► succeeded, with directories? ─no────────────────────────────► the end
//!              │ yes
//!              ▼
//!            copied and hashed, off the driver's thread ─► recorded ─► the end
//! ```
//!
//! Meanwhile the attempt holds its slot, and its worker is done with it: neither a stop nor the worker's end concerns it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sublet_scheduler::{Event, Outcome, UserId};
use sublet_store::{Error, Kept, Outputs, Record, Unkept, Work};
use sublet_worker::fault;
use sublet_worker::protocol::Ended;
use tokio::runtime::Handle;

use super::batch::Effect;
use super::{Command, Driver, DriverHandle};
use crate::media_type;

/// The folder of what becomes artifacts, in the directory of an attempt.
const OUT: &str = "out";

/// The one who keeps.
pub(crate) struct Keeping {
    pub(crate) work: Arc<Work>,
    pub(crate) outputs: Arc<Outputs>,
    pub(crate) driver: DriverHandle,
    pub(crate) runtime: Handle,
    /// Bytes that a user may have stored of whom nothing else is said.
    pub(crate) stored_bytes_max: Option<u64>,
}

impl Keeping {
    fn keep(&self, user: UserId, ended: Ended, room_bytes: u64) {
        let (work, outputs) = (Arc::clone(&self.work), Arc::clone(&self.outputs));
        let driver = self.driver.clone();
        self.runtime.spawn_blocking(move || {
            // The end is told also where the copying fails: it was the attempt's, and its slot waits for it.
            let keep = || keep(&work, &outputs, (user, &ended), room_bytes);
            let kept = catch_unwind(AssertUnwindSafe(keep)).unwrap_or_else(|_| Ok(nothing_kept()));
            driver.tell(Command::Kept(Box::new(ended), kept));
        });
    }
}

fn nothing_kept() -> Kept {
    Kept {
        unkept: Unkept {
            count: 1,
            first: Some("`/out` could not be read".to_owned()),
        },
        ..Kept::default()
    }
}

fn keep(
    work: &Work,
    outputs: &Outputs,
    (user, ended): (UserId, &Ended),
    room_bytes: u64,
) -> Result<Kept, Error> {
    fault::step("front.outputs.before");
    let said: HashMap<&str, &str> = ended
        .media_types
        .iter()
        .map(|(name, media_type)| (name.as_str(), media_type.as_str()))
        .collect();
    let media_type = |name: &str| match said.get(name) {
        Some(said) if media_type::is_plain(said) => (*said).to_owned(),
        _ => media_type::of_name(name),
    };
    let attempt = ended.attempt;
    let failing = |source| Error::Files {
        doing: "keep an artifact",
        source,
    };
    fault::disk("front.disk.output").map_err(failing)?;
    match work.attempt_folder(user, attempt, OUT)? {
        Some(out) => outputs.keep(attempt, &out, room_bytes, media_type),
        None => Ok(Kept::default()),
    }
}

impl Driver {
    /// A worker said that the attempt is over.
    pub(super) fn is_over(&mut self, ended: Ended) {
        let attempt = ended.attempt;
        if ended.is_final && matches!(ended.outcome, Outcome::Failed(_)) {
            // The task is to have no other attempt; it ends as this one did.
            self.happened(Event::CancelAsked {
                job: attempt.job,
                task: Some(attempt.task),
            });
        }
        let leaves_something = self
            .jobs
            .get(attempt.job)
            .filter(|job| job.has_directories() && ended.outcome == Outcome::Succeeded);
        let Some(user) = leaves_something.map(|job| job.user) else {
            return self.ended(ended);
        };
        if let Some(live) = self.live.get_mut(&attempt) {
            live.is_over = true;
        }
        self.workers.attempt_ended(attempt);
        let room_bytes = self.room_of(user);
        self.keeping.keep(user, ended, room_bytes);
    }

    /// What it left is kept, as far as that could be.
    pub(super) fn kept(&mut self, mut ended: Ended, kept: Result<Kept, Error>) {
        let attempt = ended.attempt;
        let user = self.jobs.get(attempt.job).map(|job| job.user);
        let kept = kept.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(%attempt, error, "what an attempt left cannot be kept");
            nothing_kept()
        });
        if let Some(words) = told(&kept.unkept) {
            ended.detail = Some(words);
        }
        if let Some(user) = user
            && (attempt.number > 1 || !kept.artifacts.is_empty())
        {
            self.batch.record(Record::ArtifactsKept {
                user,
                attempt,
                artifacts: kept.artifacts,
            });
        }
        if attempt.number > 1 {
            self.batch.then(Effect::RemoveEarlierArtifacts(attempt));
        }
        self.ended(ended);
    }

    /// What the quota of stored bytes has left. Attempts that end at the same time are each held against the same number.
    fn room_of(&self, user: UserId) -> u64 {
        let own = self.quotas.get(&user).and_then(|quota| quota.stored_bytes);
        let Some(most) = own.or(self.keeping.stored_bytes_max) else {
            return u64::MAX;
        };
        match self.reader.holdings(user) {
            Ok(holdings) => most.saturating_sub(holdings.stored_bytes()),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "what a user has stored cannot be read");
                0
            }
        }
    }
}

/// What could not be kept, for people.
fn told(unkept: &Unkept) -> Option<String> {
    let first = unkept.first.as_deref()?;
    Some(match unkept.count {
        0 | 1 => format!("not kept of /out: {first}"),
        count => format!("not kept of /out: {count} files, the first of which: {first}"),
    })
}
