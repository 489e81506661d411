//! The bytes of modules.

use std::io::{Read as _, Seek as _, SeekFrom};

use sublet_scheduler::UserId;

use crate::{
    Digest, Error,
    durable::{if_found, sync},
    error::Doing,
};

use super::{Library, Uploaded};

impl Library {
    /// Keeps an upload as a module of the user. One that was there is replaced by itself.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep_module(&self, user: UserId, uploaded: Uploaded) -> Result<Digest, Error> {
        let digest = uploaded.digest;
        uploaded.keep(&self.folder(user, "modules")?, &file_name(digest))?;
        Ok(digest)
    }

    /// The bytes of a module, which are what its digest says.
    ///
    /// # Errors
    /// [`Error::Damaged`] when they are not; otherwise what the file system says.
    pub fn module(&self, user: UserId, digest: Digest) -> Result<Option<Vec<u8>>, Error> {
        let folder = self.folder(user, "modules")?;
        let bytes = if_found(folder.read(file_name(digest))).doing("read a module")?;
        match bytes {
            Some(bytes) if Digest::of(&bytes) != digest => Err(Error::Damaged { what: "a module" }),
            bytes => Ok(bytes),
        }
    }

    /// Removes a module and all that it was compiled to. One that is gone already is fine.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_module(&self, user: UserId, digest: Digest) -> Result<(), Error> {
        self.remove_artifacts(user, digest)?;
        let folder = self.folder(user, "modules")?;
        if_found(folder.remove_file(file_name(digest)))
            .and_then(|_| sync(&folder))
            .doing("remove a module")
    }
}

impl Uploaded {
    /// The content, for a look at it before it is kept.
    ///
    /// # Errors
    /// What the file system says.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_end(&mut bytes))
            .doing("read an upload")?;
        Ok(bytes)
    }
}

fn file_name(digest: Digest) -> String {
    format!("{digest}.wasm")
}
