//! What follows from each kind of event, one file per family.

mod cancel;
mod course;
mod submission;
mod time;
