//! What follows from each family of events.

mod cancel;
mod course;
mod dependencies;
mod nodes;
mod rules;
mod submission;
mod time;
