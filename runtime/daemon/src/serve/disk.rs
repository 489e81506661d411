//! Everything of the data directory, opened.

use std::fs::File;
use std::sync::Arc;

use sublet_scheduler::UserId;
use sublet_store::{
    DataDirectory, Library, Logs, NewUser, NextIds, Outputs, Reader, Readers, Record, Role, Work,
    Writer,
};

use super::settings::Settings;
use super::{ServeError, host};
use crate::people::{People, Person, account};
use crate::{clock, convert};

/// The parts of the store, and the locks that make them ours.
pub(super) struct Disk {
    pub(super) directory: DataDirectory,
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    pub(super) library: Arc<Library>,
    pub(super) logs: Arc<Logs>,
    pub(super) work: Arc<Work>,
    pub(super) outputs: Arc<Outputs>,
    /// Held as long as any worker of this server lives.
    pub(super) alive: File,
    pub(super) ids: NextIds,
    /// The user of the account that runs the server.
    pub(super) owner: UserId,
    pub(super) people: Arc<People>,
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
        let people = people(&readers.get()?, owner)?;
        let mut ids = readers.get()?.next_ids()?;
        if directory.pass_over_files(&mut ids)? {
            tracing::warn!(
                "there are files of jobs or users that the database does not know, as where it was replaced by an older one: their numbers are not given again"
            );
        }
        Ok(Self {
            writer,
            library: Arc::new(directory.library()?),
            logs: Arc::new(directory.logs()?),
            work: Arc::new(work),
            outputs: Arc::new(directory.outputs()?),
            alive,
            ids,
            readers,
            directory,
            owner,
            people: Arc::new(people),
        })
    }
}

/// The user of the account that runs the server, which is its operator.
fn owner(writer: &mut Writer, reader: &Reader) -> Result<UserId, ServeError> {
    let name = account::name(rustix::process::geteuid().as_raw());
    if let Some(user) = reader.user_named(&name)? {
        return Ok(user.id);
    }
    let id = reader.next_ids()?.user;
    writer.commit(&[Record::UserAdded(NewUser {
        id,
        name,
        role: Role::Operator,
        at: clock::now(),
    })])?;
    Ok(id)
}

/// Everybody who may ask, and the certificates that are honoured no more. The owner may, whatever is on record.
fn people(reader: &Reader, owner: UserId) -> Result<People, ServeError> {
    let users = reader.users()?.into_iter().map(|user| Person {
        role: if user.id == owner {
            sublet_identity::Role::Operator
        } else {
            convert::role_of_record(user.role)
        },
        is_suspended: user.suspended_at.is_some() && user.id != owner,
        is_removed: user.removed_at.is_some() && user.id != owner,
        id: user.id,
        name: user.name,
    });
    let revoked = reader.revoked_certificates(clock::now())?;
    Ok(People::new(users, revoked.into_iter().map(convert::serial)))
}
