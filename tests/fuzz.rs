//! Everything that parses, with bytes that nobody wrote.
//!
//! ```text
//!   cargo test -p sublet --test outside_in fuzz::                             a few seconds each, the same inputs each time
//!   SUBLET_FUZZ_SECONDS=3600 cargo test -p sublet --test outside_in fuzz::    an hour each, new inputs
//!   SUBLET_FUZZ_SEED=7 …                                                      the inputs of that seed
//! ```
//!
//! An input that fails is kept in `tests/fuzz/kept`, and from then on tried first: it belongs into the commit of its mend.
//! The language of rules has more of this in `scheduler/tests/rules/fuzz.rs`, against a second opinion.

mod campaign;
mod mutation;

mod archives;
mod certificates;
mod documents;
mod frames;
mod logs;
mod requests;
mod rules;
mod uploads;
