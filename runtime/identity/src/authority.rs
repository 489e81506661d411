//! The authority: a key that signs certificates, and what stands in those.
//!
//! Whatever it signs is signed by it alone: a certificate of ours never signs another. Clients' certificates say who,
//! servers' say where, and neither is good for the other's purpose.

use std::fmt;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType, SerialNumber,
};
use rustls::pki_types::ServerName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::fault::Fault;
use crate::identified::validity_of;
use crate::issued::Issued;
use crate::material;
use crate::serial::Serial;
use crate::subject::Subject;
use crate::validity::{UnixSeconds, Validity};

/// Most names of one server's certificate.
const NAMES_MAX: usize = 32;

/// What the texts of an authority are called in messages.
const AUTHORITY: &str = "the authority's certificate";
const AUTHORITY_KEY: &str = "the authority's key";

/// A key that signs certificates. Keys are ECDSA on P-256.
pub struct Authority {
    certificate_pem: String,
    validity: Validity,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority, whose key comes from the system's randomness.
    ///
    /// # Errors
    ///
    /// When the times are no times of a certificate, or the system has no randomness.
    pub fn generate(serial: Serial, validity: Validity) -> Result<Self, Fault> {
        let mut params = params(serial, validity)?;
        // Two authorities that follow one another differ in their names, so that whoever looks can tell them apart.
        params.distinguished_name = named(&format!("Sublet authority {serial}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = new_key()?;
        let certificate = params
            .self_signed(&key)
            .map_err(making("sign the authority's certificate"))?;
        Ok(Self {
            certificate_pem: certificate.pem(),
            validity,
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority that was written down.
    ///
    /// # Errors
    ///
    /// When the texts are not an authority's, or not of the same.
    pub fn from_pem(certificate_pem: &str, key_pem: &str) -> Result<Self, Fault> {
        let der = material::certificate(certificate_pem, AUTHORITY)?;
        let not_a_certificate = Fault::Pem {
            what: AUTHORITY,
            wanted: "one certificate",
        };
        let Ok(([], certificate)) = X509Certificate::from_der(&der) else {
            return Err(not_a_certificate);
        };
        if !may_sign(&certificate) {
            return Err(Fault::NotAnAuthority { what: AUTHORITY });
        }
        let key = KeyPair::from_pem(key_pem).map_err(|_| Fault::Pem {
            what: AUTHORITY_KEY,
            wanted: "a private key",
        })?;
        if key.subject_public_key_info() != certificate.public_key().raw {
            return Err(Fault::KeyMismatch {
                what: AUTHORITY_KEY,
            });
        }
        let validity = validity_of(&certificate);
        let issuer = Issuer::from_ca_cert_der(&der, key)
            .map_err(making("read the authority's certificate"))?;
        Ok(Self {
            certificate_pem: certificate_pem.to_owned(),
            validity,
            issuer,
        })
    }

    /// Its certificate: a root that others trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its key. Whoever has it can be anybody.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// From when until when it holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// A certificate that says who somebody is, with a new key.
    ///
    /// # Errors
    ///
    /// When it would outlive the authority.
    pub fn issue_client(
        &self,
        subject: &Subject,
        serial: Serial,
        validity: Validity,
    ) -> Result<Issued, Fault> {
        let uri = subject
            .to_uri()
            .try_into()
            .map_err(making("write the identity into a certificate"))?;
        let mut params = params(serial, validity)?;
        params.distinguished_name = named(subject.user.as_str());
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, serial, validity)
    }

    /// A certificate for a server that is reached by these names and addresses, with a new key.
    ///
    /// # Errors
    ///
    /// When a name is none, there are none or too many, or it would outlive the authority.
    pub fn issue_server(
        &self,
        names: &[String],
        serial: Serial,
        validity: Validity,
    ) -> Result<Issued, Fault> {
        if names.is_empty() || names.len() > NAMES_MAX {
            return Err(Fault::Names {
                count: names.len(),
                limit: NAMES_MAX,
            });
        }
        let mut params = params(serial, validity)?;
        params.distinguished_name = named("Sublet server");
        params.subject_alt_names = names
            .iter()
            .map(|name| place(name))
            .collect::<Result<_, _>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, serial, validity)
    }

    /// Signs what is the same for all that are not authorities.
    fn issue(
        &self,
        mut params: CertificateParams,
        serial: Serial,
        validity: Validity,
    ) -> Result<Issued, Fault> {
        if validity.not_after > self.validity.not_after {
            return Err(Fault::Outlives {
                until: validity.not_after,
                authority: self.validity.not_after,
            });
        }
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = new_key()?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(making("sign a certificate"))?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            serial,
            validity,
        })
    }
}

impl fmt::Debug for Authority {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// Whether a certificate is one that signs others.
pub(crate) fn may_sign(certificate: &X509Certificate<'_>) -> bool {
    let usage = certificate.key_usage();
    certificate.is_ca() && matches!(usage, Ok(Some(usage)) if usage.value.key_cert_sign())
}

fn params(serial: Serial, validity: Validity) -> Result<CertificateParams, Fault> {
    let validity = validity.check()?;
    let moment =
        |UnixSeconds(seconds)| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    let mut params = CertificateParams::default();
    params.not_before = moment(validity.not_before);
    params.not_after = moment(validity.not_after);
    params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
    Ok(params)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// Where a server is: a name of the domain name system, or an address.
fn place(name: &str) -> Result<SanType, Fault> {
    let not_a_name = || Fault::Name {
        name: name.to_owned(),
    };
    match ServerName::try_from(name).map_err(|_| not_a_name())? {
        ServerName::DnsName(dns) => {
            let dns = dns.as_ref().try_into().map_err(|_| not_a_name())?;
            Ok(SanType::DnsName(dns))
        }
        ServerName::IpAddress(address) => Ok(SanType::IpAddress(address.into())),
        _ => Err(not_a_name()),
    }
}

fn new_key() -> Result<KeyPair, Fault> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(making("make a key"))
}

fn making(doing: &'static str) -> impl Fn(rcgen::Error) -> Fault {
    move |source| Fault::Making { doing, source }
}
