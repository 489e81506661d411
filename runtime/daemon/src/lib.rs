//! The front: the one process that knows users, keeps records and decides.
//!
//! ```text
//!   http ──► commands ──► driver (owns scheduler and writer) ──► workers ──► worker processes
//!    │                      │ one batch: events, records, one commit, then frames and answers
//!    └── reads the store    └── store
//! ```
//!
//! * The driver is the only one that changes anything; everyone else sends it commands.
//! * Nothing is answered or started before its record is durable.
//! * Wire types of the API and nouns of the scheduler meet in `convert`, and HTTP status codes in `http/problem`.

mod accounts;
mod artifacts;
mod broker;
mod clock;
pub mod config;
mod configuration;
mod convert;
mod driver;
mod events;
mod front;
mod http;
mod keys;
mod media_type;
mod metrics;
mod nearest;
pub mod paths;
mod people;
mod serve;
mod workers;

/// What a program in the same process needs of the words of the API: how a fate or a refusal is called there, and a
/// document of rules that is not obeyed.
pub use convert::{code_of, outcome, refusal};
/// The API, described for programs.
pub use http::document as openapi;
pub use serve::{Options, ServeError, check_configuration, serve};
/// Backups are looked at and taken back without a server.
pub use sublet_store::{BackupSummary, restore_backup, verify_backup};
