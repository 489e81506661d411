//! The client's side of TLS: it shows the certificate of its credential, and believes the roots of its credential alone.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error,
    SignatureScheme, version,
};

use crate::credential::Credential;
use crate::fault::Fault;
use crate::material;
use crate::roots::{Purpose, Roots};
use crate::server::APPLICATIONS;
use crate::stranger::Stranger;

/// TLS for a client with a credential.
///
/// # Errors
///
/// When TLS refuses what is in the credential, which reading it has looked at.
pub fn client_config(
    credential: &Credential,
    clock: Arc<dyn TimeProvider>,
) -> Result<ClientConfig, Fault> {
    let chain = material::chain(credential.certificate_pem(), "the credential's certificate")?;
    let own = material::with_key(chain, credential.key_pem(), "the credential's key")?;
    let servers = Servers {
        roots: Roots::from_pem(credential.roots_pem())?,
    };
    let mut config = ClientConfig::builder_with_details(material::provider(), clock)
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(servers))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    config.alpn_protocols = APPLICATIONS.map(<[u8]>::to_vec).to_vec();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// What a server said when it ended the handshake, as far as TLS has a word for it.
///
/// It says less than the server's audit log: "certificate unknown" stands for several reasons.
#[must_use]
pub fn what_the_server_said(error: &Error) -> Option<&'static str> {
    let Error::AlertReceived(alert) = error else {
        return None;
    };
    Some(match alert {
        AlertDescription::CertificateRequired => "the server wants a certificate, and got none",
        AlertDescription::UnknownCA => {
            "the server does not know the authority that signed the certificate"
        }
        AlertDescription::UnsupportedCertificate => "the certificate is for another purpose",
        AlertDescription::BadCertificate => "the certificate is malformed",
        AlertDescription::CertificateUnknown => {
            "the server refuses the certificate: it was revoked, or does not hold now; its operator can see why"
        }
        AlertDescription::ProtocolVersion => "the server speaks another version of TLS",
        AlertDescription::NoApplicationProtocol => "the server speaks neither HTTP/1.1 nor HTTP/2",
        _ => return None,
    })
}

/// Why a client did not believe a server, where it did not.
#[must_use]
pub fn why_the_server_is_not_believed(error: &Error) -> Option<String> {
    let Error::InvalidCertificate(certificate) = error else {
        return None;
    };
    Some(match (certificate, Stranger::from_tls(error)) {
        (CertificateError::NotValidForNameContext { expected, presented }, _) => format!(
            "the server is not {}, its certificate is for {}",
            expected.to_str(),
            presented.join(", ")
        ),
        (_, Stranger::SelfSigned | Stranger::UnknownAuthority) => {
            "the server's certificate is of no authority in the credential; it is another server, or its authority is \
             new: ask its operator for the new root"
                .to_owned()
        }
        (_, stranger) => format!("the server is not believed: {stranger}"),
    })
}

/// Looks at the certificates of servers. webpki's own verifier would believe a root whose time is over, and a
/// certificate that does not say what it is for.
#[derive(Debug)]
struct Servers {
    roots: Roots,
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.roots
            .vouch(certificate, between, Purpose::Server, now)
            .map_err(Stranger::into_tls)?;
        rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
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
