//! Faults that tests plant on the way of a job: at a named step a process kills itself, stands still or panics.
//!
//! ```text
//!   SUBLET_FAULT=journal                                 only tell what happens
//!   SUBLET_FAULT=front.end.before-commit@2:kill          the second time that the front comes there
//!   SUBLET_FAULT=worker.guest.after@1:freeze,…           several; each worker or compiler process is handed one of its own
//!   SUBLET_FAULT=front.disk.log@1:lie                    the disk fails where it was to take something (EIO)
//!   SUBLET_FAULT=clock=FILE                              the front sees a clock that is off by the milliseconds in the file
//! ```
//!
//! Only builds with debug assertions have any of it: in a release every function here is empty. Workers and compilers have
//! an empty environment, so the front hands them their part where it starts them ([`for_child`]).

#[cfg(debug_assertions)]
pub(crate) mod lies;
#[cfg(debug_assertions)]
mod planted;

use sublet_scheduler::AttemptId;

#[cfg(debug_assertions)]
pub use planted::{disk, for_child, is_due, note, shown_by_the_clock, step, step_of};

#[cfg(not(debug_assertions))]
pub use nothing::{disk, for_child, note, shown_by_the_clock, step, step_of};

/// Whether this build has any of it.
pub const PLANTED: bool = cfg!(debug_assertions);

/// An attempt, as the journal names it.
#[must_use]
pub fn named(attempt: AttemptId) -> String {
    let AttemptId { job, task, number } = attempt;
    format!("{}.{task}.{number}", job.0)
}

/// In a release there are no faults but those of the world.
#[cfg(not(debug_assertions))]
mod nothing {
    /// Nothing happens at any step.
    pub const fn step(_name: &str) {}

    /// Nothing happens at any step.
    pub const fn step_of(_role: &str, _subjects: &[&str], _when: &str) {}

    /// Nothing is told.
    pub fn note(_words: impl FnOnce() -> String) {}

    /// It works, or says itself that it does not.
    ///
    /// # Errors
    /// None.
    pub const fn disk(_step: &str) -> std::io::Result<()> {
        Ok(())
    }

    /// It shows what it shows.
    #[must_use]
    pub const fn shown_by_the_clock(time: std::time::Duration) -> std::time::Duration {
        time
    }

    /// Nothing is handed on.
    #[must_use]
    pub const fn for_child(_role: &str) -> Option<(&'static str, String)> {
        None
    }
}
