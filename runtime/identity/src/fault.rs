//! What can go wrong with keys and certificates of our own. Messages never show what was in a file.

use crate::validity::{UnixSeconds, Validity};

/// The host's trouble with its keys and certificates.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A certificate or a key could not be made.
    #[error("cannot {doing}")]
    Making {
        /// What was being done.
        doing: &'static str,
        /// What the library said.
        source: rcgen::Error,
    },
    /// A text is not what it should be.
    #[error("{what} is not {wanted} in PEM; is it another file, or cut short?")]
    Pem {
        /// Whose text.
        what: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A key does not fit its certificate.
    #[error("{what} does not belong to its certificate; each is from another pair")]
    KeyMismatch {
        /// Which key.
        what: &'static str,
    },
    /// A certificate that does not sign others.
    #[error("{what} is not an authority: its certificate may not sign others")]
    NotAnAuthority {
        /// Whose certificate.
        what: &'static str,
    },
    /// Times that no certificate can have.
    #[error(
        "a certificate cannot hold {0}: it begins before it ends, and ends before the year 10,000"
    )]
    Validity(Validity),
    /// A certificate would hold longer than the one that signs it.
    #[error(
        "the certificate would hold until {until}, its authority holds until {authority}; make a new authority first"
    )]
    Outlives {
        /// Until when it was to hold.
        until: UnixSeconds,
        /// Until when the authority does.
        authority: UnixSeconds,
    },
    /// A server's certificate is for some names.
    #[error("a server's certificate is for 1 to {limit} names, these are {count}")]
    Names {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Something is not the name of a server.
    #[error(
        "{name:?} is not the name or the address of a server, like node.example.org or 192.0.2.7"
    )]
    Name {
        /// What.
        name: String,
    },
    /// TLS trusts some roots.
    #[error("TLS trusts 1 to {limit} authorities, these are {count}")]
    Roots {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// TLS refused what it was given.
    #[error("cannot set TLS up")]
    Tls(#[from] rustls::Error),
}
