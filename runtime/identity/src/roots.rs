//! Who is believed: the certificates of one authority, or of two while one follows the other.
//!
//! webpki alone says yes. When it says no, a second look finds out whose certificate it was, because it looks at times
//! and purposes before signatures: a stranger's certificate would be told from ours by what the stranger wrote into it.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::X509Certificate;

use crate::authority::may_sign;
use crate::fault::Fault;
use crate::identified::{parsed, serial_of, validity_of};
use crate::material;
use crate::stranger::Stranger;
use crate::validity::{UnixSeconds, Validity};

/// What a root is called in messages.
const ROOT: &str = "a root certificate";

/// What a certificate is to be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To say who a client is.
    Client,
    /// To say where a server is.
    Server,
}

/// The certificates of authorities that are believed.
#[derive(Debug)]
pub(crate) struct Roots {
    roots: Vec<Root>,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct Root {
    certificate: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
    validity: Validity,
}

impl Purpose {
    /// The usage a certificate must name. One that names none is good for nothing here.
    fn usage(self) -> KeyUsage {
        KeyUsage::required(match self {
            // 1.3.6.1.5.5.7.3.2 and 1.3.6.1.5.5.7.3.1
            Self::Client => &[43, 6, 1, 5, 5, 7, 3, 2],
            Self::Server => &[43, 6, 1, 5, 5, 7, 3, 1],
        })
    }
}

impl Roots {
    /// Most of them: two while one authority follows another, and room for a second server's.
    pub(crate) const COUNT_MAX: usize = 4;

    pub(crate) fn from_pem(texts: &[String]) -> Result<Self, Fault> {
        if texts.is_empty() || texts.len() > Self::COUNT_MAX {
            return Err(Fault::Roots {
                count: texts.len(),
                limit: Self::COUNT_MAX,
            });
        }
        let roots: Result<_, _> = texts.iter().map(|text| Root::from_pem(text)).collect();
        Ok(Self {
            roots: roots?,
            algorithms: material::provider().signature_verification_algorithms,
        })
    }

    /// Whether a root that holds now signed the certificate, which holds now too and is for this purpose.
    pub(crate) fn vouch(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<(), Stranger> {
        let end_entity = EndEntityCert::try_from(certificate).map_err(|_| Stranger::Malformed)?;
        // webpki does not look at the time of a root.
        let holding: Vec<_> = self
            .roots
            .iter()
            .filter(|root| root.validity.contains(now.into()))
            .map(|root| root.anchor.clone())
            .collect();
        let path = end_entity.verify_for_usage(
            self.algorithms.all,
            &holding,
            between,
            now,
            purpose.usage(),
            None,
            None,
        );
        match path {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not(certificate, &error, now.into())),
        }
    }

    /// Whether the key of the certificate signed this handshake.
    pub(crate) fn prove(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
            .map_err(|_| Stranger::KeyNotProven.into_tls())
    }

    /// The signatures that [`prove`](Self::prove) knows.
    pub(crate) fn schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }

    /// Why a certificate was refused: who signed it comes first, and only then what it says.
    fn why_not(
        &self,
        certificate: &CertificateDer<'_>,
        error: &Error,
        now: UnixSeconds,
    ) -> Stranger {
        let certificate = match parsed(certificate) {
            Ok(certificate) => certificate,
            Err(stranger) => return stranger,
        };
        let Some(root) = self.roots.iter().find(|root| root.signed(&certificate)) else {
            return if certificate.verify_signature(None).is_ok() {
                Stranger::SelfSigned
            } else {
                Stranger::UnknownAuthority
            };
        };
        let Validity {
            not_before,
            not_after,
        } = validity_of(&certificate);
        let serial = serial_of(&certificate);
        if !root.validity.contains(now) {
            // A clock that was put back is before what the authority signed, and before the authority itself.
            return match serial {
                Ok(serial) if now < root.validity.not_before => {
                    Stranger::NotYetValid { serial, not_before }
                }
                _ => Stranger::AuthorityExpired,
            };
        }
        match (error, serial) {
            (Error::CertExpired { .. }, Ok(serial)) => Stranger::Expired { serial, not_after },
            (Error::CertNotValidYet { .. }, Ok(serial)) => {
                Stranger::NotYetValid { serial, not_before }
            }
            (Error::CaUsedAsEndEntity | Error::RequiredEkuNotFoundContext(_), _) => {
                Stranger::WrongPurpose
            }
            _ => Stranger::Malformed,
        }
    }
}

impl Root {
    fn from_pem(text: &str) -> Result<Self, Fault> {
        let certificate = material::certificate(text, ROOT)?;
        let not_an_authority = || Fault::NotAnAuthority { what: ROOT };
        let (validity, signs) = {
            let parsed = parsed(&certificate).map_err(|_| not_an_authority())?;
            (validity_of(&parsed), may_sign(&parsed))
        };
        if !signs {
            return Err(not_an_authority());
        }
        let anchor = anchor_from_trusted_cert(&certificate).map_err(|_| not_an_authority())?;
        Ok(Self {
            anchor: anchor.to_owned(),
            validity,
            certificate,
        })
    }

    fn signed(&self, certificate: &X509Certificate<'_>) -> bool {
        let Ok(root) = parsed(&self.certificate) else {
            return false;
        };
        certificate.issuer().as_raw() == root.subject().as_raw()
            && certificate
                .verify_signature(Some(root.public_key()))
                .is_ok()
    }
}
