//! Which jobs wait for which. It knows names; whether a wait is over well is asked of the waiting job.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::JobId;

/// The jobs that wait, by the job they wait for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dependents(BTreeMap<JobId, BTreeSet<JobId>>);

impl Dependents {
    /// `waiting` waits until `job` is over.
    pub(crate) fn add(&mut self, job: JobId, waiting: JobId) {
        self.0.entry(job).or_default().insert(waiting);
    }

    /// `waiting` does not wait for `job` any more.
    pub(crate) fn remove(&mut self, job: JobId, waiting: JobId) {
        if let Some(all) = self.0.get_mut(&job) {
            all.remove(&waiting);
            if all.is_empty() {
                self.0.remove(&job);
            }
        }
    }

    /// Takes out those that waited for a job that is over.
    pub(crate) fn take(&mut self, job: JobId) -> BTreeSet<JobId> {
        self.0.remove(&job).unwrap_or_default()
    }
}
