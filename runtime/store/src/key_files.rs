//! Small files that nobody but the server's account may read: the keys of the house.

use std::io;
use std::io::Write as _;

use cap_std::fs::{Dir, PermissionsExt as _};

use crate::{
    Error,
    durable::{if_found, private_file, rename_into, sync_file},
    error::Doing,
};

/// Bytes of one file: a key and a few certificates.
const BYTES_MAX: u64 = 64 << 10;
/// What others than the owner might do with a file.
const OTHERS: u32 = 0o077;

/// The folder of the keys.
#[derive(Debug)]
pub struct KeyFiles(Dir);

impl KeyFiles {
    pub(crate) const fn new(folder: Dir) -> Self {
        Self(folder)
    }

    /// The text of a file; `None` where there is none.
    ///
    /// # Errors
    /// What the file system says; also when others than the server's account may read the file, or it is larger than any
    /// of ours.
    pub fn read(&self, name: &str) -> Result<Option<String>, Error> {
        let found = if_found(self.0.metadata(name)).doing("look at a key")?;
        let Some(metadata) = found else {
            return Ok(None);
        };
        let wrong = if metadata.permissions().mode() & OTHERS != 0 {
            Some(format!(
                "others may read {name}: make it private with chmod 600"
            ))
        } else if metadata.len() > BYTES_MAX {
            Some(format!(
                "{name} is larger than {BYTES_MAX} bytes: it is not ours"
            ))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(io::Error::other(wrong)).doing("read a key");
        }
        self.0.read_to_string(name).map(Some).doing("read a key")
    }

    /// The names of the files.
    ///
    /// # Errors
    /// What the file system says.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let list = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in self.0.entries()? {
                names.extend(entry?.file_name().into_string());
            }
            names.sort();
            Ok(names)
        };
        list().doing("list the keys")
    }

    /// Gives a file this text, for good: after a crash it has this one or the one before.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let beside = format!("{name}.new");
        let write = || {
            let mut options = private_file();
            let mut file = self
                .0
                .open_with(&beside, options.create(true).truncate(true))?;
            file.write_all(text.as_bytes())?;
            sync_file(&file)?;
            rename_into(&self.0, &beside, &self.0, name)
        };
        write().doing("write a key")
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        if_found(self.0.remove_file(name))
            .map(drop)
            .doing("remove a key")
    }
}
