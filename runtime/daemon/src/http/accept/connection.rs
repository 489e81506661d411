//! One connection, from its first byte to its last: who is at the other end, and then their requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use sublet_identity::{Serial, Stranger, identify};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::Strangers;
use super::shares::{Share, Shares};
use crate::metrics::Metrics;
use crate::people::{Peer, Via, account};

/// Connections at a time that have not shown who they are yet: more are turned away, and what a handshake costs is bounded.
const HANDSHAKES_MAX: usize = 256;
/// Whoever connects has to show who they are within this time.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// A client that has connected, or had its answer, must say what it wants within this time.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Headers of one request.
const HEADERS_MAX: usize = 64;
/// Bytes of the headers of one request, and of what is read ahead of a body.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// The same for HTTP/2.
const HEADER_LIST_BYTES_MAX: u32 = 64 << 10;
/// Requests at a time on one connection.
const STREAMS_MAX: u32 = 100;
/// Resets of requests that are not worked off yet: a client that begins and takes back without end is cut off.
const RESETS_PENDING_MAX: usize = 20;
/// Whether the other end of a quiet connection is still there is asked this often.
const PING_PAUSE: Duration = Duration::from_secs(20);
const PING_TIME_MAX: Duration = Duration::from_secs(10);

/// The protocol by which HTTP/2 is agreed on.
const H2: &[u8] = b"h2";

/// Somebody at a door.
pub(super) enum Arrival {
    Local(UnixStream),
    Remote(TcpStream, IpAddr, Arc<ServerConfig>),
}

impl Arrival {
    /// The door they are at, in a word.
    pub(super) const fn door(&self) -> &'static str {
        match self {
            Self::Local(_) => "socket",
            Self::Remote(..) => "tls",
        }
    }
}

/// What is behind every door.
#[derive(Clone)]
pub(super) struct Room {
    router: Router,
    strangers: Strangers,
    metrics: Arc<Metrics>,
    handshakes: Arc<Semaphore>,
    shares: Shares,
}

impl Room {
    pub(super) fn new(router: Router, strangers: Strangers, metrics: Arc<Metrics>) -> Self {
        Self {
            router,
            strangers,
            metrics,
            handshakes: Arc::new(Semaphore::new(HANDSHAKES_MAX)),
            shares: Shares::default(),
        }
    }

    /// From here on the connection is its own affair: whatever happens to it, it only ends.
    pub(super) async fn stay(self, arrival: Arrival, watcher: Watcher) {
        match arrival {
            Arrival::Local(stream) => match account_of(&stream) {
                Ok(peer) => self.http1(stream, peer, watcher).await,
                Err(error) => tracing::warn!(%error, "nobody knows who is at the socket"),
            },
            Arrival::Remote(stream, address, tls) => {
                match self.handshake(stream, address, tls).await {
                    Ok((stream, peer, _share)) if speaks_http2(&stream) => {
                        self.http2(stream, peer, watcher).await;
                    }
                    Ok((stream, peer, _share)) => self.http1(stream, peer, watcher).await,
                    Err(refusal) => {
                        let via = refusal.via(address);
                        self.strangers.refused(None, refusal.reason, via);
                    }
                }
            }
        }
    }

    /// Lets in who has the key of a certificate of ours, and says why others have not.
    async fn handshake(
        &self,
        stream: TcpStream,
        address: IpAddr,
        tls: Arc<ServerConfig>,
    ) -> Result<(TlsStream<TcpStream>, Peer, Share), Refusal> {
        let Ok(_place) = self.handshakes.try_acquire() else {
            return Err(Refusal::of("too-many-handshakes"));
        };
        let accepted = timeout(HANDSHAKE_TIME_MAX, TlsAcceptor::from(tls).accept(stream)).await;
        let stream = match accepted {
            Err(_elapsed) => return Err(Refusal::of("slow-handshake")),
            Ok(Err(error)) => return Err(Stranger::from_handshake(&error).into()),
            Ok(Ok(stream)) => stream,
        };
        let certificates = stream.get_ref().1.peer_certificates();
        let shown = certificates.and_then(<[_]>::first);
        let identified = shown.ok_or(Stranger::NoCertificate).and_then(identify)?;
        let Some(share) = self.shares.take(&identified.subject.user) else {
            return Err(Refusal {
                reason: "too-many-connections",
                serial: Some(identified.serial),
            });
        };
        let peer = Peer::Certified {
            identified: Box::new(identified),
            address,
        };
        Ok((stream, peer, share))
    }

    async fn http1(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        watcher: Watcher,
    ) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME_MAX)
            .max_headers(HEADERS_MAX)
            .max_buf_size(BUFFER_BYTES_MAX)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(self.router.map_request(named(peer))),
            );
        if let Err(error) = watcher.watch(connection).await {
            cut_off(&self.metrics, &error);
        }
    }

    async fn http2(self, stream: TlsStream<TcpStream>, peer: Peer, watcher: Watcher) {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(HEADER_LIST_BYTES_MAX)
            .max_concurrent_streams(STREAMS_MAX)
            .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
            .keep_alive_interval(PING_PAUSE)
            .keep_alive_timeout(PING_TIME_MAX)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(self.router.map_request(named(peer))),
            );
        if let Err(error) = watcher.watch(connection).await {
            cut_off(&self.metrics, &error);
        }
    }
}

/// Counts a connection that ended early, by what the other end did: it said too little in time, or what it said was no
/// request, or it went away.
fn cut_off(metrics: &Metrics, error: &hyper::Error) {
    let reason = if error.is_timeout() {
        "slow"
    } else if error.is_parse() {
        "malformed"
    } else {
        "broken"
    };
    tracing::debug!(%error, reason, "a connection ended early");
    metrics.cut_off(reason);
}

fn speaks_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(H2)
}

/// Why somebody did not get through the handshake.
struct Refusal {
    reason: &'static str,
    /// Of a certificate that a signature of ours is behind.
    serial: Option<Serial>,
}

impl Refusal {
    const fn of(reason: &'static str) -> Self {
        Self {
            reason,
            serial: None,
        }
    }

    fn via(&self, address: IpAddr) -> String {
        match self.serial {
            Some(serial) => Via::Certificate { serial, address }.to_string(),
            None => address.to_string(),
        }
    }
}

impl From<Stranger> for Refusal {
    fn from(stranger: Stranger) -> Self {
        Self {
            reason: stranger.reason(),
            serial: stranger.serial(),
        }
    }
}

/// Puts who asks on each request, and the body into the shape that the framework has.
fn named(peer: Peer) -> impl Fn(hyper::Request<Incoming>) -> Request + Clone {
    move |request| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer.clone());
        request
    }
}

/// The kernel says which account is at the other end.
fn account_of(stream: &UnixStream) -> std::io::Result<Peer> {
    let uid = stream.peer_cred()?.uid();
    Ok(Peer::Account {
        uid,
        name: account::name(uid).into(),
    })
}
