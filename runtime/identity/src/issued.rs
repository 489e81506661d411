//! A certificate with its key, fresh from the authority, and one that a server shows.

use std::fmt;

use crate::serial::Serial;
use crate::validity::Validity;

/// A certificate with its key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate_pem: String,
    /// Its key. Whoever has it is who the certificate says.
    pub key_pem: String,
    /// Its number.
    pub serial: Serial,
    /// From when until when it holds.
    pub validity: Validity,
}

/// What a server shows of itself: its certificate, with those between it and a root where there are any, and its key.
#[derive(Clone)]
pub struct ServerIdentity {
    /// Its certificate, and those that lead to a root.
    pub certificates_pem: String,
    /// The key of the first.
    pub key_pem: String,
}

impl From<Issued> for ServerIdentity {
    fn from(issued: Issued) -> Self {
        Self {
            certificates_pem: issued.certificate_pem,
            key_pem: issued.key_pem,
        }
    }
}

impl fmt::Debug for Issued {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("serial", &self.serial)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerIdentity {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity").finish_non_exhaustive()
    }
}
