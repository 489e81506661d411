//! Why somebody is nobody to us. Each reason has a word that stays the same: the audit log and metrics carry it.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, Error, OtherError, PeerIncompatible};

use crate::serial::Serial;
use crate::validity::UnixSeconds;

/// Why somebody is nobody to us.
///
/// Serial numbers stand where a signature of ours is behind them; whatever else a refused certificate says is not
/// repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// They showed no certificate.
    #[error("no certificate was shown")]
    NoCertificate,
    /// Nobody but themselves says who they are.
    #[error("the certificate is signed by its own key")]
    SelfSigned,
    /// Another authority says who they are.
    #[error("the certificate is not signed by an authority of this server")]
    UnknownAuthority,
    /// Our authority says so, but its time is over, or has not come.
    #[error("the authority that signed the certificate does not hold now")]
    AuthorityExpired,
    /// The time of the certificate is over.
    #[error("certificate {serial} expired at {not_after}")]
    Expired {
        /// Its number.
        serial: Serial,
        /// Its last second.
        not_after: UnixSeconds,
    },
    /// The time of the certificate has not come.
    #[error("certificate {serial} is not valid before {not_before}")]
    NotYetValid {
        /// Its number.
        serial: Serial,
        /// Its first second.
        not_before: UnixSeconds,
    },
    /// The certificate is for something else: a server's, or an authority's.
    #[error("the certificate is for another purpose")]
    WrongPurpose,
    /// The certificate was taken back.
    #[error("certificate {serial} was revoked")]
    Revoked {
        /// Its number.
        serial: Serial,
    },
    /// The certificate does not say who they are.
    #[error("there is no identity in the certificate")]
    NoIdentity,
    /// The certificate says more than who they are.
    #[error("there is more than one identity in the certificate")]
    SeveralIdentities,
    /// What was shown is not a certificate, or none as we make them.
    #[error("the certificate is malformed")]
    Malformed,
    /// They showed a certificate whose key they do not have.
    #[error("the key of the certificate was not proven")]
    KeyNotProven,
    /// They did not speak TLS; plain HTTP most often.
    #[error("that was not TLS; the address begins with https://")]
    NotTls,
    /// They speak only what came before TLS 1.3.
    #[error("TLS 1.3 was not offered, and nothing before it is spoken here")]
    OldTls,
    /// They turned away from us: our certificate is not what they trust.
    #[error("the other side ended the handshake: {said}")]
    TurnedAway {
        /// In the word of TLS.
        said: &'static str,
    },
    /// They went, or never came to the point.
    #[error("the connection ended before the handshake did")]
    Gone,
    /// They did something else that TLS does not know.
    #[error("the handshake failed: {what}")]
    Protocol {
        /// What TLS said about it.
        what: String,
    },
}

impl Stranger {
    /// The word of the reason.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoCertificate => "no-certificate",
            Self::SelfSigned => "self-signed",
            Self::UnknownAuthority => "unknown-authority",
            Self::AuthorityExpired => "authority-expired",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::WrongPurpose => "wrong-purpose",
            Self::Revoked { .. } => "revoked",
            Self::NoIdentity => "no-identity",
            Self::SeveralIdentities => "several-identities",
            Self::Malformed => "malformed",
            Self::KeyNotProven => "key-not-proven",
            Self::NotTls => "not-tls",
            Self::OldTls => "old-tls",
            Self::TurnedAway { .. } => "turned-away",
            Self::Gone => "gone",
            Self::Protocol { .. } => "protocol",
        }
    }

    /// The number of the certificate, where a signature of ours is behind it.
    #[must_use]
    pub const fn serial(&self) -> Option<Serial> {
        match self {
            Self::Expired { serial, .. }
            | Self::NotYetValid { serial, .. }
            | Self::Revoked { serial } => Some(*serial),
            _ => None,
        }
    }

    /// Why a server's handshake failed, from what an accept loop has of it.
    #[must_use]
    pub fn from_handshake(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        inner.map_or(Self::Gone, Self::from_tls)
    }

    /// Why a server's handshake failed, from what TLS says. Clients ask
    /// [`why_the_server_is_not_believed`](crate::why_the_server_is_not_believed).
    #[must_use]
    pub fn from_tls(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(certificate) => Self::from_verifier(certificate),
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidMessage(_) => Self::NotTls,
            Error::PeerIncompatible(
                PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ) => Self::OldTls,
            Error::AlertReceived(alert) => Self::TurnedAway { said: word(*alert) },
            other => Self::Protocol {
                what: other.to_string(),
            },
        }
    }

    fn from_verifier(error: &CertificateError) -> Self {
        match error {
            CertificateError::Other(OtherError(ours)) => {
                let ours = ours.downcast_ref::<Self>();
                ours.cloned().unwrap_or(Self::Malformed)
            }
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::InvalidPurpose => Self::WrongPurpose,
            _ => Self::Malformed,
        }
    }

    /// As a verifier says it. What has a word of its own in TLS and says no more than that, the other side is told.
    pub(crate) fn into_tls(self) -> Error {
        Error::InvalidCertificate(match self {
            Self::UnknownAuthority => CertificateError::UnknownIssuer,
            Self::WrongPurpose => CertificateError::InvalidPurpose,
            Self::Malformed => CertificateError::BadEncoding,
            told_here_only => CertificateError::Other(OtherError(Arc::new(told_here_only))),
        })
    }
}

fn word(alert: AlertDescription) -> &'static str {
    alert.as_str().unwrap_or("an unknown alert")
}
