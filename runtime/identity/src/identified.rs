//! Who a certificate says somebody is. It is asked only about certificates whose signature was looked at.

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{ASN1Time, FromDer as _, GeneralName, X509Certificate};

use crate::serial::Serial;
use crate::server::Standing;
use crate::stranger::Stranger;
use crate::subject::Subject;
use crate::validity::{UnixSeconds, Validity};

/// Somebody, as their certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// Who they are.
    pub subject: Subject,
    /// The number of the certificate.
    pub serial: Serial,
    /// From when until when it holds.
    pub validity: Validity,
}

impl Identified {
    /// Whether the certificate holds at that time. A connection may be older than that.
    #[must_use]
    pub fn is_valid_at(&self, now: UnixSeconds) -> bool {
        self.validity.contains(now)
    }

    /// What is asked with every request, on connections that are open as on new ones.
    ///
    /// # Errors
    ///
    /// When the certificate does not hold now, or was revoked.
    pub fn check(&self, now: UnixSeconds, standing: &dyn Standing) -> Result<(), Stranger> {
        let Validity {
            not_before,
            not_after,
        } = self.validity;
        let serial = self.serial;
        if now > not_after {
            return Err(Stranger::Expired { serial, not_after });
        }
        if now < not_before {
            return Err(Stranger::NotYetValid { serial, not_before });
        }
        if standing.is_revoked(serial) {
            return Err(Stranger::Revoked { serial });
        }
        Ok(())
    }
}

/// Who a certificate says somebody is.
///
/// It is about exactly one name, which is a [`Subject`]. Neither its signature nor its time is looked at here: the
/// handshake did the one, [`Identified::check`] does the other.
///
/// # Errors
///
/// When it names nobody, or more than one, or is none of ours.
pub fn identify(certificate: &CertificateDer<'_>) -> Result<Identified, Stranger> {
    let certificate = parsed(certificate)?;
    Ok(Identified {
        subject: subject_of(&certificate)?,
        serial: serial_of(&certificate)?,
        validity: validity_of(&certificate),
    })
}

/// The parts of a certificate, if it is one and nothing comes after it.
pub(crate) fn parsed<'der>(
    certificate: &'der CertificateDer<'_>,
) -> Result<X509Certificate<'der>, Stranger> {
    match X509Certificate::from_der(certificate) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(Stranger::Malformed),
    }
}

fn subject_of(certificate: &X509Certificate<'_>) -> Result<Subject, Stranger> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| Stranger::Malformed)?
        .map_or(&[][..], |extension| &extension.value.general_names);
    match names {
        [GeneralName::URI(uri)] => Subject::from_uri(uri).map_err(|_| Stranger::NoIdentity),
        [] | [_] => Err(Stranger::NoIdentity),
        [_, _, ..] => Err(Stranger::SeveralIdentities),
    }
}

pub(crate) fn serial_of(certificate: &X509Certificate<'_>) -> Result<Serial, Stranger> {
    Serial::from_bytes(certificate.raw_serial()).map_err(|_| Stranger::Malformed)
}

/// From when until when a certificate holds. What is before 1970 is read as 1970.
pub(crate) fn validity_of(certificate: &X509Certificate<'_>) -> Validity {
    let seconds = |time: ASN1Time| UnixSeconds(time.timestamp().try_into().unwrap_or(0));
    let validity = certificate.validity();
    Validity {
        not_before: seconds(validity.not_before),
        not_after: seconds(validity.not_after),
    }
}
