//! The accept loop: who is let in, how many at a time, and for how long they may take.
//!
//! There are two doors. The unix socket is for accounts of this host, as the kernel names them; the other one speaks TLS
//! and is for whoever has the key of a certificate of ours. Behind them everything is the same: one router, and with each
//! request who asks.

mod connection;
pub(crate) mod scrape;
mod shares;
mod strangers;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::keys::Keys;
use crate::metrics::Metrics;
use connection::{Arrival, Room};
pub(crate) use strangers::Strangers;

/// Connections at a time through the unix socket: one process of the account must not take all descriptors of the server.
const LOCAL_MAX: usize = 512;
/// Connections at a time through TLS. They do not take the places of the unix socket, so that an operator is let in
/// whatever the world does.
const REMOTE_MAX: usize = 2_048;
/// How long open requests may go on when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// After an accept that failed: most likely there is no descriptor left, and some connection will give one back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where people come in.
pub(crate) struct Doors {
    pub(crate) local: UnixListener,
    /// With the keys that the server shows itself with, and knows others by.
    pub(crate) remote: Option<(TcpListener, Arc<Keys>)>,
    pub(crate) strangers: Strangers,
    pub(crate) metrics: Arc<Metrics>,
}

/// Serves until told to stop, then lets open requests come to an end.
pub(crate) async fn serve(doors: Doors, router: Router, mut stop: oneshot::Receiver<()>) {
    let Doors {
        local,
        remote,
        strangers,
        metrics,
    } = doors;
    let graceful = GracefulShutdown::new();
    let room = Room::new(router, strangers, Arc::clone(&metrics));
    let local_places = Arc::new(Semaphore::new(LOCAL_MAX));
    let remote_places = Arc::new(Semaphore::new(REMOTE_MAX));
    loop {
        let came = tokio::select! {
            came = next_local(&local, &local_places) => came,
            came = next_remote(remote.as_ref(), &remote_places) => came,
            _ = &mut stop => break,
        };
        match came {
            Ok((arrival, place)) => {
                let open = metrics.connected(arrival.door());
                let stay = room.clone().stay(arrival, graceful.watcher());
                tokio::spawn(async move {
                    stay.await;
                    drop((place, open));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((local, remote));
    if tokio::time::timeout(FAREWELL, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::info!("requests that were still open are cut off");
    }
}

type Came = io::Result<(Arrival, OwnedSemaphorePermit)>;

async fn next_local(listener: &UnixListener, places: &Arc<Semaphore>) -> Came {
    let place = place(places).await?;
    let (stream, _) = listener.accept().await?;
    Ok((Arrival::Local(stream), place))
}

/// Never, where the server listens nowhere else.
async fn next_remote(door: Option<&(TcpListener, Arc<Keys>)>, places: &Arc<Semaphore>) -> Came {
    let Some((listener, keys)) = door else {
        return std::future::pending().await;
    };
    let place = place(places).await?;
    let (stream, address): (_, SocketAddr) = listener.accept().await?;
    let tls = keys.tls();
    Ok((Arrival::Remote(stream, address.ip(), tls), place))
}

async fn place(places: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
    let place = Arc::clone(places).acquire_owned().await;
    place.map_err(io::Error::other)
}
