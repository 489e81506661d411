//! Everything of the data directory, opened.

use std::fs::File;
use std::sync::Arc;

use sublet_store::{
    DataDirectory, Library, Logs, NewUser, NextIds, Reader, Readers, Record, Role, Work, Writer,
};

use super::settings::Settings;
use super::{ServeError, host};
use crate::front::Owner;
use crate::{clock, principal};

/// The parts of the store, and the locks that make them ours.
pub(super) struct Disk {
    pub(super) directory: DataDirectory,
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    pub(super) library: Arc<Library>,
    pub(super) logs: Arc<Logs>,
    pub(super) work: Arc<Work>,
    /// Held as long as any worker of this server lives.
    pub(super) alive: File,
    pub(super) ids: NextIds,
    pub(super) owner: Owner,
}

impl Disk {
    /// The directory is ours once its lock is, and at rest once no worker of a former server lives.
    pub(super) fn open(settings: &Settings) -> Result<Self, ServeError> {
        let directory = DataDirectory::open(&settings.data)?;
        let alive = host::wait_for_former_workers(&settings.data)?;
        let mut writer = directory.writer()?;
        let readers = directory.readers();
        // A store with rules of its own is carved by those, also on a host that has less than it had.
        if readers.get()?.rule_set()?.is_none() {
            settings.fit_the_host()?;
        }
        let work = directory.work()?;
        work.sweep_attempts()?;
        let owner = owner(&mut writer, &readers.get()?)?;
        Ok(Self {
            writer,
            library: Arc::new(directory.library()?),
            logs: Arc::new(directory.logs()?),
            work: Arc::new(work),
            alive,
            ids: readers.get()?.next_ids()?,
            readers,
            directory,
            owner,
        })
    }
}

/// The account that runs the server, with the number by which rows name it.
fn owner(writer: &mut Writer, reader: &Reader) -> Result<Owner, ServeError> {
    let name = principal::account_name(rustix::process::geteuid().as_raw());
    if let Some(user) = reader.user_named(&name)? {
        return Ok(Owner { id: user.id, name });
    }
    let id = reader.next_ids()?.user;
    writer.commit(&[Record::UserAdded(NewUser {
        id,
        name: name.clone(),
        role: Role::Operator,
        at: clock::now(),
    })])?;
    Ok(Owner { id, name })
}
