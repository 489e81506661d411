//! Which attempts a worker has. The driver gives them and takes them back; whoever hears the worker looks here before it
//! believes what the worker says of one.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_scheduler::AttemptId;

/// The attempts of one worker whose end was not told yet. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Given(Arc<Mutex<HashSet<AttemptId>>>);

impl Given {
    pub(super) fn give(&self, attempt: AttemptId) {
        self.lock().insert(attempt);
    }

    pub(super) fn take_back(&self, attempt: AttemptId) {
        self.lock().remove(&attempt);
    }

    pub(super) fn has(&self, attempt: AttemptId) -> bool {
        self.lock().contains(&attempt)
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, HashSet<AttemptId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
