//! The last steps of a run in words. Words are slow, so they are only found when a run is repeated.

use std::collections::VecDeque;

use sublet_scheduler::{Action, Event, UnixMillis};

use super::EPOCH;

/// The last steps from some step on; none without one.
#[derive(Debug, Default)]
pub(super) struct Diary {
    pub(super) from_step: Option<u64>,
    pub(super) lines: VecDeque<String>,
}

impl Diary {
    /// Lines that are kept.
    const LINES_MAX: usize = 12;

    pub(super) fn begin(&self, step: u64, now: UnixMillis, event: &Event) -> Option<String> {
        let is_wanted = self.from_step.is_some_and(|from| step >= from);
        is_wanted.then(|| format!("step {step} at {} ms: {event:?}", now.0 - EPOCH.0))
    }

    pub(super) fn end(&mut self, line: Option<String>, actions: &[Action]) {
        let Some(line) = line else { return };
        self.lines.push_back(format!("{line}\n    -> {actions:?}"));
        if self.lines.len() > Self::LINES_MAX {
            self.lines.pop_front();
        }
    }
}
