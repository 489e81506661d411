//! The job as its program sees it: who it is, what it may use, whether it should stop. What it can do is in rooms of its
//! own, which it opens.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::Called;
use crate::artifact::{Artifact, Artifacts};
use crate::checkpoint::Checkpoint;
use crate::children::{Children, Spec};
use crate::host::{Backend, Host as _, Level, Reached};
use crate::pace::Pace;
use crate::peers::Peers;
use crate::progress::Progress;

/// The running job: one attempt at one task. The entry point is given it, and hands it on.
#[derive(Debug)]
pub struct Job {
    pub(crate) host: Backend,
    pub(crate) saved: Cell<Instant>,
    /// How many children of each sort this attempt has submitted.
    pub(crate) submitted: RefCell<HashMap<u64, u32>>,
    pace: Pace,
}

/// Where lines come from that the job itself writes; those of `log` come from modules.
const TARGET: &str = "job";

/// Which task of its job this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number. An array `5-9` has the numbers 5 to 9; a plain job has the one task 0.
    pub index: u32,
    /// How many tasks the job has.
    pub count: u32,
}

impl Job {
    pub(crate) fn begin(host: Backend) -> Self {
        Self {
            host,
            saved: Cell::new(Instant::now()),
            submitted: RefCell::default(),
            pace: Pace::default(),
        }
    }

    /// The job's id; `local` under `sublet run`.
    #[must_use]
    pub fn id(&self) -> String {
        self.host.job()
    }

    /// The name that its user gave it.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.host.name()
    }

    /// Which task this is, and of how many.
    #[must_use]
    pub fn task(&self) -> Task {
        let (index, count) = self.host.task();
        Task { index, count }
    }

    /// Which attempt at this task this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.host.attempt()
    }

    /// The id of the job that submitted this one, if a job did.
    #[must_use]
    pub fn parent(&self) -> Option<String> {
        self.host.parent()
    }

    /// The value of one of its labels.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<String> {
        self.host.label(key)
    }

    /// How much wall time is left before the host ends this attempt, if it has a limit.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.host.time_left()
    }

    /// How much this attempt may use of a budget: `memory-bytes`, `cpu-ms`, `disk-bytes`, `output-bytes`, `egress-bytes`.
    #[must_use]
    pub fn limit(&self, budget: &str) -> Option<u64> {
        self.host.limit(budget)
    }

    /// How much this attempt has used of a budget.
    #[must_use]
    pub fn used(&self, budget: &str) -> Option<u64> {
        self.host.used(budget)
    }

    /// Whether the job should finish up: it will be ended soon. Ask it in the loop that does the work.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.stop_reason().is_some()
    }

    /// Why the job should finish up, if it should.
    #[must_use]
    pub fn stop_reason(&self) -> Option<String> {
        self.host.stop_requested()
    }

    /// How far the work is, in units of this name.
    #[must_use]
    pub fn progress<'job>(&'job self, unit: &str) -> Progress<'job> {
        Progress::new(self, unit)
    }

    /// A line of the log with named values. Without such values, `println!` or the crate `log` do as well.
    pub fn log(&self, level: Level, message: &str, values: &[(&str, &str)]) {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Backend::log(level, TARGET, message, &values);
    }

    /// Sets a measured value of this task, such as a temperature.
    pub fn gauge(&self, name: &str, value: f64) {
        self.host.gauge(name, value);
    }

    /// Adds to a count of this task, such as of pages that were skipped.
    pub fn count(&self, name: &str, add: u64) {
        self.host.counter(name, add);
    }

    /// A short text about the result, in Markdown. The last call wins.
    pub fn summary(&self, markdown: &str) {
        self.host.summary(markdown);
    }

    /// What the next attempt goes on from.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        Checkpoint::new(self)
    }

    /// Begins a named result, which is kept with the job once it is finished.
    ///
    /// # Errors
    /// When the name is not one, or there are too many.
    pub fn artifact(&self, name: &str, content_type: &str) -> Called<Artifact> {
        Artifact::create(&self.host, name, content_type)
    }

    /// The named results of this task that are finished.
    #[must_use]
    pub fn artifacts(&self) -> Artifacts<'_> {
        Artifacts::new(&self.host, None)
    }

    /// A child of this job, of a module by its name or digest; [`Spec::submit`] starts it.
    pub fn child(&self, module: &str) -> Spec<'_> {
        Spec::new(self, module)
    }

    /// Many children of this job.
    #[must_use]
    pub fn children(&self) -> Children<'_> {
        Children::new(self)
    }

    /// The other tasks on the user's network.
    #[must_use]
    pub fn peers(&self) -> Peers<'_> {
        Peers::new(&self.host)
    }

    pub(crate) fn report(&self, reached: &Reached) {
        let is_last = reached.total == Some(reached.done);
        if !Backend::IS_PACED || is_last || self.pace.is_due() {
            self.host.progress(reached);
        }
    }
}
