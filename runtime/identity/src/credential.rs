//! A credential: all that a client needs to be somebody to a server, as one file that a human can read.
//!
//! What is said in plain words is said by the certificate too, and both are compared, so that a file never claims to be
//! another than it is. Its words reach messages; what may be its key does not.

mod text;
mod url;

use std::fmt;

use crate::fault::Fault;
use crate::identified::{Identified, identify};
use crate::issued::Issued;
use crate::material;
use crate::roots::Roots;
use crate::serial::Serial;
use crate::stranger::Stranger;
use crate::subject::Subject;
use crate::validity::Validity;

/// Most servers of one credential.
const SERVERS_MAX: usize = 8;

/// A key, the certificate that says whose it is, and whom to believe.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    servers: Vec<String>,
    identified: Identified,
    certificate_pem: String,
    key_pem: String,
    roots_pem: Vec<String>,
}

/// Why a credential is none.
#[derive(Debug, thiserror::Error)]
pub enum BadCredential {
    /// It is longer than any credential.
    #[error("a credential file has at most {limit} bytes, this one has {bytes}")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// It is not TOML.
    #[error("line {line} of the credential file cannot be read; was it edited, or cut short?")]
    Syntax {
        /// Where.
        line: usize,
    },
    /// A field is not there.
    #[error("the credential file has no `{field}`; was it cut short?")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field is not what it should be.
    #[error("`{field}` of the credential file is not {wanted}")]
    Kind {
        /// Which.
        field: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A field that nobody knows.
    #[error("the credential file has a field{name} that is not known; a credential has {known}")]
    Unknown {
        /// Its name in quotation marks with a space in front, where that can be a name.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// A list is empty, or too long.
    #[error("a credential has 1 to {limit} `{field}`, this one has {count}")]
    Count {
        /// Which list.
        field: &'static str,
        /// How many are in it.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// The address of a server is none.
    #[error("address {place} of `servers` is not like https://node.example.org:7070")]
    Server {
        /// Which of them, from 1.
        place: usize,
    },
    /// A field says something else than the certificate.
    #[error(
        "`{field}` of the credential file is not what its certificate says, which is {certificate}; use the file as it was issued"
    )]
    Disagrees {
        /// Which.
        field: &'static str,
        /// What the certificate says.
        certificate: String,
    },
    /// The certificate is not a client's.
    #[error("`certificate` of the credential file is no client's: {0}")]
    Certificate(Stranger),
    /// Certificates and key are not what they should be, or do not belong together.
    #[error(transparent)]
    Material(#[from] Fault),
}

impl Credential {
    /// Longest text of a credential. A real one has about 3 KiB.
    pub const BYTES_MAX: usize = 64 * 1024;

    /// A credential for these servers, which are believed when one of these roots signed their certificate.
    ///
    /// # Errors
    ///
    /// When the parts are not what they should be, or do not belong together.
    pub fn new(
        servers: Vec<String>,
        issued: Issued,
        roots_pem: Vec<String>,
    ) -> Result<Self, BadCredential> {
        Self::from_parts(servers, issued.certificate_pem, issued.key_pem, roots_pem)
    }

    /// Reads what [`to_text`](Self::to_text) writes.
    ///
    /// # Errors
    ///
    /// When it is anything else. Messages name the field, and never show what might be the key.
    pub fn from_text(text: &str) -> Result<Self, BadCredential> {
        text::read(text)
    }

    /// The file, with a line on top that says what it is. It has the key in it: it is for its owner's eyes alone.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// The same with another certificate and key, and with the roots of that time: renewing is how a client learns that
    /// another authority follows.
    ///
    /// # Errors
    ///
    /// When the certificate is somebody else's, or the parts do not belong together.
    pub fn renewed(&self, issued: Issued, roots_pem: Vec<String>) -> Result<Self, BadCredential> {
        let renewed = Self::new(self.servers.clone(), issued, roots_pem)?;
        if renewed.subject() == self.subject() {
            Ok(renewed)
        } else {
            Err(BadCredential::Disagrees {
                field: "user",
                certificate: renewed.subject().to_uri(),
            })
        }
    }

    fn from_parts(
        servers: Vec<String>,
        certificate_pem: String,
        key_pem: String,
        roots_pem: Vec<String>,
    ) -> Result<Self, BadCredential> {
        if servers.is_empty() || servers.len() > SERVERS_MAX {
            return Err(BadCredential::Count {
                field: "servers",
                count: servers.len(),
                limit: SERVERS_MAX,
            });
        }
        if let Some(at) = servers.iter().position(|server| !url::is_server(server)) {
            return Err(BadCredential::Server { place: at + 1 });
        }
        let certificate = material::certificate(&certificate_pem, "`certificate`")?;
        let identified = identify(&certificate).map_err(BadCredential::Certificate)?;
        material::with_key(vec![certificate], &key_pem, "`key`")?;
        Roots::from_pem(&roots_pem)?;
        Ok(Self {
            servers,
            identified,
            certificate_pem,
            key_pem,
            roots_pem,
        })
    }

    /// Where the server is: `https://node.example.org:7070`, at least one.
    #[must_use]
    pub fn servers(&self) -> &[String] {
        &self.servers
    }

    /// Who it makes one.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.identified.subject
    }

    /// The number of its certificate.
    #[must_use]
    pub const fn serial(&self) -> Serial {
        self.identified.serial
    }

    /// From when until when its certificate holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.identified.validity
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its key. Whoever has it is who the certificate says.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The authorities whose servers are believed.
    #[must_use]
    pub fn roots_pem(&self) -> &[String] {
        &self.roots_pem
    }
}

impl fmt::Debug for Credential {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("servers", &self.servers)
            .field("identified", &self.identified)
            .finish_non_exhaustive()
    }
}
