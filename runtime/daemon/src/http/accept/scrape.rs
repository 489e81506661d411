//! The door for those who read metrics: plain HTTP, and nothing behind it but numbers.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// Connections at a time; those beyond wait.
const CONNECTIONS_MAX: usize = 16;
/// Whoever connects must say what they want within this time.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// However slowly an answer is read, the place is given back.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(60);
const HEADERS_MAX: usize = 64;
/// After an accept that failed.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers scrapes for as long as the server runs.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
    while let Ok(place) = std::sync::Arc::clone(&places).acquire_owned().await {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a scrape cannot be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let router = router.clone();
        tokio::spawn(async move {
            let _place = place;
            let service = router.map_request(|request: hyper::Request<hyper::body::Incoming>| {
                request.map(axum::body::Body::new)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME_MAX)
                .max_headers(HEADERS_MAX)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            let ended = tokio::time::timeout(CONNECTION_TIME_MAX, connection).await;
            if let Ok(Err(error)) = ended {
                tracing::debug!(%error, "a scrape ended early");
            }
        });
    }
}
