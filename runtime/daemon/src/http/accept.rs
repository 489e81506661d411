//! The accept loop of the unix socket: who is let in, how many, and for how long they may take.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use sublet_api::Code;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, oneshot};
use tower::ServiceExt;

use super::problem::ApiError;

/// Connections at a time: one process of the account must not take all descriptors of the server.
const CONNECTIONS_MAX: usize = 512;
/// A client that has connected must say what it wants within this time.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Headers of one request.
const HEADERS_MAX: usize = 64;
/// Bytes of the headers of one request, and of what is read ahead of a body.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// How long open requests may go on when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves until told to stop, then lets open requests come to an end.
pub(crate) async fn serve(listener: UnixListener, router: Router, mut stop: oneshot::Receiver<()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most likely there is no descriptor left; some connection will give one back.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = if is_own(&stream) {
            router.clone()
        } else {
            foreign_caller()
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME_MAX)
            .max_headers(HEADERS_MAX)
            .max_buf_size(BUFFER_BYTES_MAX)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(service.map_request(to_axum)),
            );
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::info!("requests that were still open are cut off");
    }
}

fn to_axum(request: Request<Incoming>) -> Request<axum::body::Body> {
    request.map(axum::body::Body::new)
}

/// The kernel says which account is at the other end. The folder of the socket is closed to others as well; this holds
/// also where somebody opened it.
fn is_own(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own)
}

fn foreign_caller() -> Router {
    Router::new().fallback(async || -> Response<_> {
        ApiError::new(
            Code::ForeignCaller,
            "this server serves only the account that started it",
        )
        .into_response()
    })
}
