//! What a client shows, and certificates as no authority of ours makes them.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use sublet_identity::{Authority, Issued, ServerIdentity, UnixSeconds, Validity};

use crate::support::{DAY, around, serial};

/// What a client shows when it is asked for a certificate.
#[derive(Debug)]
pub(crate) enum Shown {
    Nothing,
    Certificate(SingleCertAndKey),
}

impl Shown {
    pub(crate) fn issued(issued: &Issued) -> Self {
        let certificate = CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes());
        Self::certificate(certificate.unwrap(), &issued.key_pem)
    }

    /// Whether the key belongs to the certificate is not asked.
    pub(crate) fn certificate(certificate: CertificateDer<'static>, key_pem: &str) -> Self {
        Self::chain(vec![certificate], key_pem)
    }

    pub(crate) fn chain(certificates: Vec<CertificateDer<'static>>, key_pem: &str) -> Self {
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
        let key = ring::default_provider().key_provider.load_private_key(key);
        let pair = CertifiedKey::new(certificates, key.unwrap());
        Self::Certificate(SingleCertAndKey::from(pair))
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        match self {
            Self::Nothing => None,
            Self::Certificate(one) => ResolvesClientCert::resolve(one, hints, schemes),
        }
    }

    fn has_certs(&self) -> bool {
        matches!(self, Self::Certificate(_))
    }
}

/// A certificate as no authority of ours makes it: a client's, until something is changed.
pub(crate) struct Odd(pub(crate) CertificateParams);

impl Odd {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "ada");
        params.serial_number = Some(serial(9).as_bytes().to_vec().into());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Self(params)
            .names(&["sublet:user:ada"])
            .holds(around(DAY, DAY))
    }

    pub(crate) fn names(mut self, uris: &[&str]) -> Self {
        let uri = |uri: &&str| SanType::URI((*uri).try_into().unwrap());
        self.0.subject_alt_names = uris.iter().map(uri).collect();
        self
    }

    pub(crate) fn holds(mut self, validity: Validity) -> Self {
        let moment =
            |UnixSeconds(seconds)| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
        self.0.not_before = moment(validity.not_before);
        self.0.not_after = moment(validity.not_after);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn signed_by(self, authority: &Authority) -> Shown {
        let made = self.issued_by(authority);
        let certificate = CertificateDer::from_pem_slice(made.certificates_pem.as_bytes());
        Shown::certificate(certificate.unwrap(), &made.key_pem)
    }

    pub(crate) fn issued_by(self, authority: &Authority) -> ServerIdentity {
        let key = KeyPair::generate().unwrap();
        let root = KeyPair::from_pem(&authority.key_pem()).unwrap();
        let issuer = Issuer::from_ca_cert_pem(authority.certificate_pem(), root).unwrap();
        let certificate = self.0.signed_by(&key, &issuer).unwrap();
        ServerIdentity {
            certificates_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    pub(crate) fn self_signed(self) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = self.0.self_signed(&key).unwrap();
        Shown::certificate(certificate.der().clone(), &key.serialize_pem())
    }
}
