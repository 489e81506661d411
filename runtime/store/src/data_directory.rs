//! The one directory on the host that belongs to the server, and the only place of this crate that knows a path.
//!
//! ```text
//! lock                              held by the process whose id is in it
//! sublet.db (-wal, -shm)            records
//! keys/                             the keys of whoever serves, where there are any
//! users/<user>/modules/             <sha256>.wasm
//! users/<user>/artifacts/           <sha256>.<engine identity>.cwasm
//! users/<user>/work/                the one directory that a worker process of the user may touch
//! users/<user>/work/inputs/         <sha256> (a tree), <sha256>.blob
//! users/<user>/work/attempts/       <job>-<task>-<attempt>
//! users/<user>/work/state/          <job>/<task>
//! logs/<job>/                       <segment>.log
//! outputs/<job>/                    <task>-<attempt>/<number>
//! keys/                             what the server shows itself with, and issues certificates with
//! tmp/                              uploads under way; emptied when the directory is opened
//! ```

mod lock;
mod remains;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{ambient_authority, fs::Dir};

use crate::{
    Error, KeyFiles, Library, Logs, Outputs, Readers, Work, Writer,
    durable::{private_file, private_folder, sync_file},
    error::Doing,
    work::remove_all_in,
};
use lock::Lock;

const DATABASE: &str = "sublet.db";

/// The server's directory. Whoever has this value is the only process that does.
#[derive(Debug)]
pub struct DataDirectory {
    root: Dir,
    /// `SQLite` opens files by path: this is the one path that is kept.
    path: PathBuf,
    _lock: Lock,
}

impl DataDirectory {
    /// Opens the directory at `path`, made when missing. What an earlier server left in `tmp/` is removed.
    ///
    /// # Errors
    /// [`Error::Held`] while another process has it; [`Error::NoDatabase`] where there are files of jobs and no records of
    /// them; otherwise what the file system says.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // A directory that is there already keeps its mode: it may be one that others have business in.
        if !path.exists() {
            create_root(path)?;
        }
        let path = path.canonicalize().doing("find the data directory")?;
        let root =
            Dir::open_ambient_dir(&path, ambient_authority()).doing("open the data directory")?;
        let lock = Lock::take(&root)?;
        for folder in ["users", "logs", "outputs", "tmp"] {
            private_folder(&root, folder).doing("make a folder in the data directory")?;
        }
        let directory = Self {
            root,
            path,
            _lock: lock,
        };
        directory.refuse_files_without_records()?;
        directory.empty_uploads()?;
        directory.make_database_private()?;
        directory.flush_remains()?;
        Ok(directory)
    }

    /// Where it is, for whoever starts processes that work below it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The one who changes records. There is one: a second one would wait for the first for ever.
    ///
    /// # Errors
    /// When the database is damaged, newer than this program, or cannot be made.
    pub fn writer(&self) -> Result<Writer, Error> {
        Writer::open(&self.database_path())
    }

    pub(crate) fn database_path(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    pub(crate) const fn root(&self) -> &Dir {
        &self.root
    }

    /// Those who answer questions about records. The writer is opened first: it makes the tables.
    #[must_use]
    pub fn readers(&self) -> Readers {
        Readers::new(self.database_path())
    }

    /// Modules, artifacts and inputs.
    ///
    /// # Errors
    /// What the file system says.
    pub fn library(&self) -> Result<Library, Error> {
        let users = self
            .root
            .open_dir("users")
            .doing("open the folder of users")?;
        let uploads = self
            .root
            .open_dir("tmp")
            .doing("open the folder of uploads")?;
        Ok(Library::new(users, Arc::new(uploads)))
    }

    /// What guests printed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn logs(&self) -> Result<Logs, Error> {
        self.root
            .open_dir("logs")
            .map(Logs::new)
            .doing("open the folder of logs")
    }

    /// What attempts left for people.
    ///
    /// # Errors
    /// What the file system says.
    pub fn outputs(&self) -> Result<Outputs, Error> {
        self.root
            .open_dir("outputs")
            .map(Outputs::new)
            .doing("open the folder of outputs")
    }

    /// The directories of attempts.
    ///
    /// # Errors
    /// What the file system says.
    pub fn work(&self) -> Result<Work, Error> {
        self.root
            .open_dir("users")
            .map(Work::new)
            .doing("open the folder of users")
    }

    /// The keys of the house.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keys(&self) -> Result<KeyFiles, Error> {
        private_folder(&self.root, "keys")
            .map(KeyFiles::new)
            .doing("open the folder of keys")
    }

    /// Bytes that the server's account may still write on this file system.
    ///
    /// # Errors
    /// What the file system says.
    pub fn free_bytes(&self) -> Result<u64, Error> {
        let space = rustix::fs::fstatvfs(&self.root).doing("ask for free space")?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn empty_uploads(&self) -> Result<(), Error> {
        let uploads = self
            .root
            .open_dir("tmp")
            .doing("open the folder of uploads")?;
        remove_all_in(&uploads).doing("remove what is left of earlier uploads")
    }

    /// `SQLite` gives its other files the mode of this one.
    fn make_database_private(&self) -> Result<(), Error> {
        let file = self.root.open_with(DATABASE, private_file().create(true));
        file.and_then(|file| sync_file(&file))
            .doing("make the database file")
    }
}

/// Makes the directory with its parents, each private and durable.
fn create_root(path: &Path) -> Result<(), Error> {
    let absolute = std::path::absolute(path).doing("find the data directory")?;
    let mut existing = absolute.as_path();
    while let Some(parent) = existing.parent().filter(|_| !existing.exists()) {
        existing = parent;
    }
    let missing = absolute.strip_prefix(existing).unwrap_or(&absolute);
    let parent = Dir::open_ambient_dir(existing, ambient_authority())
        .doing("open the parent of the data directory")?;
    private_folder(&parent, missing)
        .map(drop)
        .doing("make the data directory")
}
