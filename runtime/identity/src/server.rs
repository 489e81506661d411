//! The server's side of TLS: whoever comes shows a certificate of ours, or does not come in.
//!
//! TLS 1.3 alone. No session is resumed: with each connection the certificate is looked at again, so that one that was
//! revoked or has expired opens none.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme, version,
};

use crate::fault::Fault;
use crate::identified::identify;
use crate::issued::ServerIdentity;
use crate::material;
use crate::roots::{Purpose, Roots};
use crate::serial::Serial;
use crate::stranger::Stranger;

/// What is spoken over TLS, the better one first.
pub(crate) const APPLICATIONS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What became of certificates after they were issued.
pub trait Standing: Send + Sync {
    /// Whether a certificate was taken back. It is asked in each handshake and with each request.
    fn is_revoked(&self, serial: Serial) -> bool;
}

/// TLS for a server that takes clients of these authorities alone: one, or two while one follows the other.
///
/// # Errors
///
/// When certificates and keys are not what they should be, or do not belong together.
pub fn server_config(
    identity: &ServerIdentity,
    roots_pem: &[String],
    standing: Arc<dyn Standing>,
    clock: Arc<dyn TimeProvider>,
) -> Result<ServerConfig, Fault> {
    let chain = material::chain(&identity.certificates_pem, "the server's certificate")?;
    let own = material::with_key(chain, &identity.key_pem, "the server's key")?;
    let visitors = Visitors {
        roots: Roots::from_pem(roots_pem)?,
        standing,
    };
    let mut config = ServerConfig::builder_with_details(material::provider(), clock)
        .with_protocol_versions(&[&version::TLS13])?
        .with_client_cert_verifier(Arc::new(visitors))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    config.alpn_protocols = APPLICATIONS.map(<[u8]>::to_vec).to_vec();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Looks at the certificates of those who come.
struct Visitors {
    roots: Roots,
    standing: Arc<dyn Standing>,
}

impl Visitors {
    fn admit(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Stranger> {
        // Authorities sign clients' certificates themselves: nothing that a client sends along leads to a root.
        self.roots.vouch(certificate, &[], Purpose::Client, now)?;
        identify(certificate)?.check(now.into(), &*self.standing)
    }
}

impl ClientCertVerifier for Visitors {
    /// Nobody is told which authorities are believed: who has a certificate of another shows it, and hears why not.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _sent_along: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.admit(certificate, now).map_err(Stranger::into_tls)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Stranger::OldTls.into_tls())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots.prove(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.schemes()
    }
}

impl fmt::Debug for Visitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitors")
            .field("roots", &self.roots)
            .finish_non_exhaustive()
    }
}
