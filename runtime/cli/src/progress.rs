//! Bars and spinners on stderr, only when a person watches it.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use sublet_api::Job;

use crate::output::Output;
use crate::show;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// An upload on its way. Once all is sent, what the server does with it is what is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    bar: ProgressBar,
    then: &'static str,
}

impl Transfer {
    /// The upload of `size_bytes` of this; then the server does what `then` says.
    pub(crate) fn new(output: &Output, what: &str, size_bytes: u64, then: &'static str) -> Self {
        let bar = visible(output).then(|| ProgressBar::new(size_bytes));
        let bar = bar.unwrap_or_else(ProgressBar::hidden);
        bar.set_style(style(
            "  {bar:20}  {binary_bytes}/{binary_total_bytes}  {msg}",
        ));
        bar.set_message(what.to_owned());
        Self { bar, then }
    }

    /// So many bytes more were sent.
    pub(crate) fn sent(&self, bytes: usize) {
        self.bar
            .inc(u64::try_from(bytes).expect("a piece fits 64 bits"));
        if self
            .bar
            .length()
            .is_some_and(|length| self.bar.position() >= length)
        {
            self.bar.set_style(style("  {spinner} {msg}  {elapsed}"));
            self.bar.set_message(self.then);
            self.bar.enable_steady_tick(TURN);
        }
    }

    /// It is over: the line goes.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// A job that is watched: how many of its tasks are over.
#[derive(Debug)]
pub(crate) struct Watch {
    bar: ProgressBar,
}

impl Watch {
    /// A bar for this job.
    pub(crate) fn new(output: &Output, job: &Job) -> Self {
        let bar = visible(output).then(|| ProgressBar::new(job.tasks.total));
        let bar = bar.unwrap_or_else(ProgressBar::hidden);
        bar.set_style(style("  {bar:20}  {pos}/{len}  {msg}"));
        bar.enable_steady_tick(TURN);
        let watch = Self { bar };
        watch.redraw(job);
        watch
    }

    /// Whether anybody sees it.
    pub(crate) fn is_seen(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// The job as it stands now.
    pub(crate) fn redraw(&self, job: &Job) {
        self.bar.set_position(job.tasks.finished);
        self.bar
            .set_message(show::job::progress(job, Timestamp::now()));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn visible(output: &Output) -> bool {
    output.for_people() && io::stderr().is_terminal()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates of this file are valid")
        .progress_chars("█▉░")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_valid() {
        drop(style(
            "  {bar:20}  {binary_bytes}/{binary_total_bytes}  {msg}",
        ));
        drop(style("  {spinner} {msg}  {elapsed}"));
        drop(style("  {bar:20}  {pos}/{len}  {msg}"));
    }
}
