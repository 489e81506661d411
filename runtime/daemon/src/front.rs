//! What every request has at hand. Requests read the store directly and change nothing but through the driver.

use std::sync::Arc;

use sublet_scheduler::UserId;
use sublet_store::{DataDirectory, Error, Library, Logs, Reader, Readers, Who, Whose};
use tokio::sync::watch;

use crate::artifacts::Artifacts;
use crate::broker::Broker;
use crate::config::Config;
use crate::driver::DriverHandle;

/// The server as its requests see it.
pub(crate) struct Front {
    pub(crate) config: Config,
    pub(crate) directory: DataDirectory,
    pub(crate) readers: Readers,
    pub(crate) library: Arc<Library>,
    pub(crate) logs: Arc<Logs>,
    pub(crate) artifacts: Artifacts,
    pub(crate) driver: DriverHandle,
    pub(crate) broker: Broker,
    /// The owner of the socket: for now the one user there is.
    pub(crate) owner: Owner,
    /// Changes whenever a job ends.
    pub(crate) finished: watch::Receiver<u64>,
    /// Changes whenever output was kept.
    pub(crate) output: watch::Receiver<u64>,
}

/// A user with the name that people know.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) id: UserId,
    pub(crate) name: String,
}

impl Front {
    /// Whose rows the caller may see.
    pub(crate) const fn whose(&self) -> Whose {
        Whose::User(self.owner.id)
    }

    /// The caller, for the account of who did what.
    pub(crate) fn who(&self) -> Who {
        Who {
            user: Some(self.owner.id),
            name: self.owner.name.clone(),
            via: format!("socket uid {}", rustix::process::geteuid().as_raw()),
        }
    }

    /// Asks the records, off the threads that answer.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.on_disk(move |front| question(&front.readers.get()?))
            .await
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

    /// Whether so little space is left that nothing new is taken in.
    pub(crate) fn is_disk_short(&self) -> Result<bool, Error> {
        Ok(self.directory.free_bytes()? < self.config.pool.reserve.disk.as_bytes())
    }
}
