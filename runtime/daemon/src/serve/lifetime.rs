//! From the first connection to the last: letting people in, waiting for signals, draining, closing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::{ServeError, Server, doing, load, socket};
use crate::driver::{Command, reply};
use crate::front::Front;
use crate::http::accept::Doors;
use crate::keys::Keys;
use crate::{clock, http};

/// How often the server renews what it shows itself with.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Server {
    /// Serves until SIGTERM or SIGINT, lets run what runs for the grace time, and stops. A second signal ends the grace.
    pub(super) async fn run(self, path: &Path) -> Result<(), ServeError> {
        let local = socket::listen(path)?;
        let address = self.door.as_ref().and_then(|door| door.local_addr().ok());
        let remote = self.door.map(TcpListener::from_std).transpose();
        let remote = remote.map_err(doing("wait at our own door"))?;
        let doors = Doors {
            local,
            remote: remote.map(|listener| (listener, Arc::clone(&self.front.keys))),
            strangers: self.front.strangers.clone(),
            metrics: Arc::clone(&self.front.metrics),
        };
        let scrapes = self.scrapes.map(TcpListener::from_std).transpose();
        let scrapes = scrapes.map_err(doing("wait for those who read metrics"))?;
        let mut signals = Signals::listen().map_err(doing("listen for signals"))?;
        let (stop, stopped) = oneshot::channel();
        let router = http::router(self.front.clone());
        let connections = tokio::spawn(http::accept::serve(doors, router, stopped));
        let watching = [
            tokio::spawn(load::watch(self.front.driver.clone())),
            tokio::spawn(self.front.strangers.clone().write_what_was_counted()),
            tokio::spawn(keep_keys_fresh(Arc::clone(&self.front.keys))),
        ];
        let scraping = scrapes.map(|listener| {
            let router = http::operation::router_of_metrics(Arc::clone(&self.front));
            tokio::spawn(http::accept::scrape::serve(listener, router))
        });
        tell_the_service_manager(&[NotifyState::Ready]);
        match address {
            Some(address) => {
                tracing::info!(socket = %path.display(), %address, "the server is ready");
            }
            None => tracing::info!(socket = %path.display(), "the server is ready"),
        }
        let mut failed = tokio::task::spawn_blocking({
            let driver = self.driver;
            move || driver.join()
        });
        let reloading = tokio::spawn(reload_on_signal(Arc::clone(&self.front)));
        let early = tokio::select! {
            ended = &mut failed => Some(ended),
            () = drain(&self.front, &mut signals) => None,
        };
        for watch in watching.into_iter().chain(scraping).chain([reloading]) {
            watch.abort();
        }
        reply(stop, ());
        if connections.await.is_err() {
            tracing::error!("the accept loop failed");
        }
        if let Err(error) = std::fs::remove_file(path) {
            tracing::debug!(%error, "the socket was gone already");
        }
        let ended = match early {
            Some(ended) => ended,
            None => {
                self.front.driver.tell(Command::Quit);
                failed.await
            }
        };
        match ended {
            Ok(Ok(result)) => result?,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => return Err(doing("wait for the driver")(std::io::Error::other(error))),
        }
        self.front.logs.sync()?;
        tracing::info!("the server has stopped");
        Ok(())
    }
}

/// Where one started the server and wants to know how it does; nobody is there otherwise.
fn tell_the_service_manager(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told how the server does");
    }
}

/// Has the server show a certificate that is good for long, whatever the day.
async fn keep_keys_fresh(keys: Arc<Keys>) {
    loop {
        tokio::time::sleep(DAY).await;
        let keys = Arc::clone(&keys);
        let renewed = tokio::task::spawn_blocking(move || keys.renew(clock::now())).await;
        if let Ok(Err(error)) = renewed {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the certificate of the server is not renewed"
            );
        }
    }
}

/// Reads the configuration again whenever it is asked to.
async fn reload_on_signal(front: Arc<Front>) {
    let mut signals = match signal(SignalKind::hangup()) {
        Ok(signals) => signals,
        Err(error) => return tracing::warn!(%error, "SIGHUP is not heard"),
    };
    while signals.recv().await.is_some() {
        http::reload::on_signal(&front).await;
    }
}

/// Waits for the first signal, then until nothing runs any more.
async fn drain(front: &Front, signals: &mut Signals) {
    signals.next().await;
    tell_the_service_manager(&[NotifyState::Stopping]);
    let grace = front.now().config.grace();
    tracing::info!(
        ?grace,
        "the server stops: nothing new is started, what runs may end; a second signal stops it now"
    );
    let drained = front.driver.ask(Command::Drain);
    tokio::pin!(drained);
    let is_drained = tokio::select! {
        _ = &mut drained => true,
        () = tokio::time::sleep(grace) => false,
        () = signals.next() => false,
    };
    if !is_drained {
        tracing::info!("what still runs is stopped");
        front.driver.tell(Command::EndGrace);
        if drained.await.is_err() {
            tracing::debug!("the driver had ended");
        }
    }
}

/// The signals that ask for the end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
