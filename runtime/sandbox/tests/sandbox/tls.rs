//! Requests over TLS: a server beyond the network, whom the guest believes and whom it does not.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sublet_network::policy::{Egress, JobRules, OperatorRules};
use sublet_network::{Dialled, DialledDatagrams, Network, Nic, Outside, Pending, Refusal, Target};
use sublet_sandbox::Sandbox;
use sublet_scheduler::Outcome;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::harness::{Guest, SHAPE};
use crate::networks::{LIMITS, PLAN, terms};
use crate::web::{read_head, sender, sender_in};

/// What is at the other end of every dial.
#[derive(Clone)]
enum Behaviour {
    /// It shows a certificate for `api.example.org`.
    Tls(TlsAcceptor),
    /// It says these bytes.
    Bytes(&'static [u8]),
}

struct World(Behaviour);

/// A root, and a server that has a certificate of it.
struct Authority {
    root: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![String::from("api.example.org")]).unwrap();
        let chain = vec![params.signed_by(&key, &issuer).unwrap().der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self {
            root,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox::trusting(SHAPE, &[&self.root]).unwrap()
    }

    fn behaviour(&self) -> Behaviour {
        Behaviour::Tls(self.acceptor.clone())
    }
}

impl Outside for World {
    fn neighbours(&self, _name: &str) -> Pending<Vec<IpAddr>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    fn dial(&self, _nic: u64, _target: Target) -> Pending<Result<Dialled, Refusal>> {
        let (near, far) = tokio::io::duplex(8 << 10);
        tokio::spawn(serve(self.0.clone(), far));
        let dialled = Dialled {
            carrier: Box::new(near),
            peer: "8.8.4.4:443".parse().unwrap(),
        };
        Box::pin(std::future::ready(Ok(dialled)))
    }

    fn dial_datagrams(
        &self,
        _nic: u64,
        _target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::Unreachable)))
    }
}

/// Answers with the name that it was called by, and with what it was asked.
async fn serve(behaviour: Behaviour, mut stream: DuplexStream) {
    match behaviour {
        Behaviour::Tls(acceptor) => {
            // A guest that does not believe it hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let name = stream.get_ref().1.server_name().map(str::to_owned);
            let body = format!("{name:?} {}", read_head(&mut stream).await);
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
        Behaviour::Bytes(bytes) => {
            stream.write_all(bytes).await.unwrap();
            std::future::pending::<()>().await;
        }
    }
}

/// A nic that may dial two names at the port of TLS.
fn nic(behaviour: Behaviour) -> Nic {
    let rules = ["*.example.org:443"];
    let egress = Egress::new(
        OperatorRules::parse(rules).unwrap(),
        JobRules::parse(rules).unwrap(),
    );
    let network = Network::new(PLAN, Arc::new(World(behaviour)));
    let terms = sublet_network::Terms {
        egress,
        ..terms(3, "client", LIMITS)
    };
    network.attach(terms).unwrap()
}

async fn says(guest: Guest, behaviour: Behaviour, expected: &str) {
    let ran = guest.network(nic(behaviour)).ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, format!("{expected}\n"), "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_for_its_name_is_believed() {
    let authority = Authority::new();
    let guest = sender_in(&authority.sandbox(), "get https://api.example.org/a?b");
    let expected =
        "200 Some(\"api.example.org\") GET /a?b HTTP/1.1\nhost: api.example.org\nconnection: close";
    says(guest, authority.behaviour(), expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_for_another_name_is_not_believed() {
    let authority = Authority::new();
    let guest = sender_in(&authority.sandbox(), "get https://other.example.org/");
    let expected = "ErrorCode::TlsCertificateError";
    says(guest, authority.behaviour(), expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_an_unknown_root_is_not_believed() {
    let guest = sender("get https://api.example.org/");
    let expected = "ErrorCode::TlsCertificateError";
    says(guest, Authority::new().behaviour(), expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_tls_is_told_apart() {
    let guest = || sender("get https://api.example.org/");
    let plain = Behaviour::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    says(guest(), plain, "ErrorCode::TlsProtocolError").await;
    // An alert, fatal, that no handshake is possible.
    let alert = Behaviour::Bytes(&[21, 3, 3, 0, 2, 2, 40]);
    let expected = "ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload { alert-id: Some(40), alert-message: Some(\"HandshakeFailure\") })";
    says(guest(), alert, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_takes_of_the_time_to_connect() {
    let guest = sender("within 100 - - https://api.example.org/");
    let expected = "ErrorCode::ConnectionTimeout";
    says(guest, Behaviour::Bytes(b""), expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_for_its_port_alone() {
    let guest = sender("get https://api.example.org:8443/ , get http://api.example.org/");
    let expected = "ErrorCode::HttpRequestDenied\nErrorCode::HttpRequestDenied";
    says(guest, Behaviour::Bytes(b""), expected).await;
}
