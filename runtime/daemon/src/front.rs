//! What every request has at hand. Requests read the store directly and change nothing but through the driver.

use std::path::PathBuf;
use std::sync::Arc;

use sublet_store::{DataDirectory, Error, Library, Logs, Outputs, Reader, Readers};
use sublet_worker::wall::Layer;
use tokio::sync::{Semaphore, watch};

use crate::artifacts::Artifacts;
use crate::broker::Broker;
use crate::configuration::{Configuration, Held};
use crate::driver::DriverHandle;
use crate::events::Events;
use crate::http::{Room, Strangers};
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::people::People;

/// The server as its requests see it.
pub(crate) struct Front {
    pub(crate) configuration: Configuration,
    /// What workers are started from.
    pub(crate) executable: PathBuf,
    /// The layers of their wall that workers do not have, each with its reason.
    pub(crate) gaps: Vec<(Layer, String)>,
    pub(crate) events: Arc<Events>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) directory: DataDirectory,
    pub(crate) readers: Readers,
    /// As many may ask the records at a time as connections are kept; others come in their order.
    pub(crate) reading: Semaphore,
    pub(crate) library: Arc<Library>,
    pub(crate) logs: Arc<Logs>,
    pub(crate) outputs: Arc<Outputs>,
    pub(crate) artifacts: Artifacts,
    pub(crate) driver: DriverHandle,
    pub(crate) broker: Broker,
    pub(crate) people: Arc<People>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) strangers: Strangers,
    pub(crate) room: Room,
    /// Changes whenever a job ends.
    pub(crate) finished: watch::Receiver<u64>,
    /// Changes whenever output was kept.
    pub(crate) output: watch::Receiver<u64>,
}

impl Front {
    /// Asks the records, off the threads that answer.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.reading.acquire().await;
        let answer = self
            .on_disk(move |front| question(&front.readers.get()?))
            .await;
        drop(turn);
        answer
    }

    /// Does something with files, off the threads that answer.
    pub(crate) async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let front = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&front)).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// The configuration that holds now.
    pub(crate) fn now(&self) -> Arc<Held> {
        self.configuration.now()
    }

    /// Whether so little space is left that nothing new is taken in.
    pub(crate) fn is_disk_short(&self) -> Result<bool, Error> {
        let reserve = self.now().config.pool.reserve.disk;
        Ok(self.directory.free_bytes()? < reserve.as_bytes())
    }
}
