//! TLS towards servers, and whom guests believe there: the roots of the web, and those that the sandbox is given.
//!
//! It runs here and not in the process that dials, so that bytes of strangers are parsed where only one user can be hurt. A
//! client has no key, so there is nothing to steal.

use std::fmt;
use std::sync::Arc;

use sublet_network::{Carrier, Stream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use wasmtime_wasi_http::Error;

use crate::http::errors::connection_error;

/// Whom guests believe. Clones are the same.
#[derive(Clone)]
pub(crate) struct Trust(TlsConnector);

impl Trust {
    /// The roots of the web, and `roots` beside them, each a certificate in DER.
    pub(crate) fn new(roots: &[&[u8]]) -> Result<Self, rustls::Error> {
        let mut store = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for root in roots {
            store.add(CertificateDer::from(*root))?;
        }
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(store)
            .with_no_client_auth();
        // Servers that could would speak HTTP/2 otherwise.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is taken up again would be one instance's known to another.
        config.resumption = Resumption::disabled();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Makes sure that `host` is at the other end, and that nobody listens in.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: Stream,
    ) -> Result<Box<dyn Carrier>, Error> {
        let host = host.strip_suffix('.').unwrap_or(host).to_owned();
        let name = ServerName::try_from(host).map_err(|_| Error::HttpRequestUriInvalid)?;
        let connected = self.0.connect(name, stream).await;
        Ok(Box::new(
            connected.map_err(|error| connection_error(&error))?,
        ))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}
