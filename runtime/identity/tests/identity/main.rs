//! Certificates as they meet in handshakes, credential files and the table of permissions.

#![expect(
    clippy::unwrap_used,
    reason = "all of this is tests, also what lies outside of the functions that are marked so"
)]

mod authorities;
mod bad_bytes;
mod clients;
mod credentials;
mod handshakes;
mod open_connections;
mod permissions;
mod refusals;
mod rotation;
mod shown;
mod support;
mod tidy;
