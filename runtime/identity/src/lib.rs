//! Who somebody is, as certificates say it, and what they may do.
//!
//! Keys and permissions live here, and nothing else: no file, no socket, no clock. The time and serial numbers are
//! arguments; TLS is told the time by whoever builds its configuration. Keys alone are made here, from the system's
//! randomness as rcgen and ring ask for it.
//!
//! ```text
//!  Authority ── issues ─► a client's certificate ── Credential, a file ── client_config ─┐
//!      │                                                                              TLS 1.3
//!      └─────── issues ─► a server's certificate ──────────────────────── server_config ─┘
//!                                                                              │
//!           Action::reach ◄── Subject ◄── Identified ◄── identify ◄────────────┤
//!                                                                              └─► Stranger, with its reason
//! ```
//!
//! * [`Subject`] is a user and a role, written into a certificate as its one name: `sublet:user:ada`.
//! * [`Authority`] signs certificates; [`server_config`] takes those of one or of two authorities, so that one can follow
//!   the other.
//! * [`Stranger`] says why somebody is nobody to us, in words that stay the same.
//! * [`Action`] is the one table of permissions.

#![deny(clippy::indexing_slicing)]

mod name;
mod subject;

mod serial;
mod validity;

mod authority;
mod issued;
mod material;

mod identified;
mod roots;
mod stranger;

mod client;
mod server;

mod credential;

mod permission;

mod fault;

pub use authority::Authority;
pub use client::{client_config, what_the_server_said, why_the_server_is_not_believed};
pub use credential::{BadCredential, Credential};
pub use fault::Fault;
pub use identified::{Identified, identify};
pub use issued::{Issued, ServerIdentity};
pub use name::{NotAUserName, UserName};
pub use permission::{Action, Reach};
pub use serial::{NotASerial, Serial};
pub use server::{Standing, server_config};
pub use stranger::Stranger;
pub use subject::{NotARole, NotASubject, Role, Subject};
pub use validity::{UnixSeconds, Validity};
