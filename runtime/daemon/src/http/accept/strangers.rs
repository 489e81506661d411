//! Who was not let in, and why: told to the account of who did what, and bounded whatever strangers do.
//!
//! The first refusal of a kind is written down at once. After it the kind is only counted, and the count is written once a
//! minute: so a flood costs a row per kind and minute, and none of it is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sublet_store::{AuditOutcome, Audited, Who};

use crate::clock;
use crate::driver::{Command, DriverHandle};
use crate::metrics::Metrics;

/// How long refusals of one kind are counted before they are written down together.
const PAUSE: Duration = Duration::from_secs(60);
/// Who they are said to be who did not show it.
const NOBODY: &str = "stranger";

/// The account of those who were refused.
#[derive(Clone)]
pub(crate) struct Strangers {
    driver: DriverHandle,
    metrics: Arc<Metrics>,
    kinds: Arc<Mutex<Kinds>>,
}

/// Refusals by who was refused and why. Names are those of certificates of ours, so there are as many as users.
type Kinds = BTreeMap<(String, &'static str), Kind>;

struct Kind {
    written: Instant,
    /// Since then.
    count: u64,
    /// How the last of them came.
    via: String,
}

impl Strangers {
    pub(crate) fn new(driver: DriverHandle, metrics: Arc<Metrics>) -> Self {
        Self {
            driver,
            metrics,
            kinds: Arc::default(),
        }
    }

    /// Somebody was not let in for this reason. Their name counts only where a certificate of ours says it.
    pub(crate) fn refused(&self, name: Option<&str>, reason: &'static str, via: String) {
        tracing::debug!(name, reason, via, "somebody was not let in");
        self.metrics.not_let_in(reason);
        let name = name.unwrap_or(NOBODY).to_owned();
        let mut kinds = self.kinds();
        let kind = kinds.get_mut(&(name.clone(), reason));
        if let Some(kind) = kind {
            kind.count += 1;
            kind.via = via;
            return;
        }
        let kind = Kind {
            written: Instant::now(),
            count: 0,
            via: via.clone(),
        };
        kinds.insert((name.clone(), reason), kind);
        drop(kinds);
        self.write(name, via, reason.to_owned());
    }

    /// Writes down what was counted, once a minute, for as long as the server runs.
    pub(crate) async fn write_what_was_counted(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.write_counts(Instant::now());
        }
    }

    fn write_counts(&self, now: Instant) {
        let due = |kind: &Kind| now.saturating_duration_since(kind.written) >= PAUSE;
        let mut told = Vec::new();
        self.kinds().retain(|(name, reason), kind| {
            if !due(kind) {
                return true;
            }
            let (count, via) = (std::mem::take(&mut kind.count), kind.via.clone());
            kind.written = now;
            if count > 0 {
                told.push((name.clone(), via, format!("{reason} (and {count} more)")));
            }
            count > 0
        });
        for (name, via, reason) in told {
            self.write(name, via, reason);
        }
    }

    fn write(&self, name: String, via: String, reason: String) {
        let audited = Audited {
            at: clock::now(),
            who: Who {
                user: None,
                name,
                via,
            },
            action: "connect".to_owned(),
            object: "api".to_owned(),
            before: None,
            after: None,
            outcome: AuditOutcome::Refused(reason),
        };
        self.driver.tell(Command::Note(Box::new(audited)));
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
