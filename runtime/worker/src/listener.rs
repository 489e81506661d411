//! What a guest says through `sublet:job` comes to the same place as what it writes into files: the reports of its
//! attempt. This is the one whom the sandbox tells.

use std::sync::Arc;

use sublet_sandbox::{Desk, Failure, Measure};

use crate::fault;
use crate::reports::{Reports, word};
use crate::stopping::Stopping;

/// The listener of one attempt.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) reports: Arc<Reports>,
    pub(crate) stopping: Stopping,
}

impl Desk for Listener {
    fn stop_requested(&self) -> Option<String> {
        let asked = self.stopping.cause().map(word);
        asked
            .or_else(|| self.reports.warning())
            .map(|word| word.trim_end().to_owned())
    }

    fn progress(&self, millionths: Option<u32>, message: &str) {
        fault::step("worker.host-call");
        self.reports.say_progress(millionths, message);
    }

    fn summary(&self, markdown: &str) {
        self.reports.say_summary(markdown);
    }

    fn measure(&self, name: &str, measure: Measure) {
        self.reports.say_measure(name, measure);
    }

    fn artifact_type(&self, name: &str, content_type: &str) {
        self.reports.say_type(name, content_type);
    }

    fn fail(&self, failure: Failure) {
        self.reports.say_failure(failure);
    }
}
