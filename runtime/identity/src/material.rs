//! Certificates and keys as text: read once, at the border, and put together where they belong together.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::fault::Fault;

/// The cryptography of everything here. It is handed over each time: the default of the process is not ours to set.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The one certificate of a text.
pub(crate) fn certificate(pem: &str, what: &'static str) -> Result<CertificateDer<'static>, Fault> {
    let not_one = Fault::Pem {
        what,
        wanted: "one certificate",
    };
    let Ok([one]) = <[_; 1]>::try_from(chain(pem, what)?) else {
        return Err(not_one);
    };
    Ok(one)
}

/// All certificates of a text, at least one.
pub(crate) fn chain(pem: &str, what: &'static str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Fault::Pem {
            what,
            wanted: "a certificate",
        }),
    }
}

/// A chain of certificates with the key of the first, which is looked at.
pub(crate) fn with_key(
    chain: Vec<CertificateDer<'static>>,
    key_pem: &str,
    what: &'static str,
) -> Result<CertifiedKey, Fault> {
    let not_a_key = || Fault::Pem {
        what,
        wanted: "a private key",
    };
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| not_a_key())?;
    let signer = provider().key_provider.load_private_key(key);
    let together = CertifiedKey::new(chain, signer.map_err(|_| not_a_key())?);
    match together.keys_match() {
        Ok(()) => Ok(together),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(Fault::KeyMismatch { what })
        }
        Err(other) => Err(other.into()),
    }
}
