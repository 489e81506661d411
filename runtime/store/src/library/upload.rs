//! Content on its way in: written to a temporary file that nobody else sees, counted and hashed as it comes. An upload
//! that is dropped was never there.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cap_std::fs::{Dir, File};
use sha2::{Digest as _, Sha256};

use crate::{
    Digest, Error,
    durable::{private_file, rename_into, sync_file},
    error::Doing,
};

/// Content on its way in.
#[derive(Debug)]
pub struct Upload {
    file: File,
    temporary: Temporary,
    sha256: Sha256,
    length: u64,
    limit_bytes: u64,
}

/// Content that has come in whole and has no name yet.
#[derive(Debug)]
pub struct Uploaded {
    pub(super) file: File,
    pub(super) temporary: Temporary,
    /// The sha256 of the content.
    pub digest: Digest,
    /// Its length.
    pub size_bytes: u64,
}

/// Something in the folder of uploads, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) folder: Arc<Dir>,
    pub(super) name: String,
}

impl Upload {
    pub(super) fn begin(uploads: &Arc<Dir>, limit_bytes: u64) -> Result<Self, Error> {
        let temporary = Temporary::new(uploads);
        let mut options = private_file();
        let file = uploads.open_with(&temporary.name, options.create_new(true));
        Ok(Self {
            file: file.doing("begin an upload")?,
            temporary,
            sha256: Sha256::new(),
            length: 0,
            limit_bytes,
        })
    }

    /// Adds to the content.
    ///
    /// # Errors
    /// [`Error::UploadTooLong`] beyond the limit; otherwise what the file system says.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let length = self.length.saturating_add(more);
        if length > self.limit_bytes {
            return Err(Error::UploadTooLong {
                limit_bytes: self.limit_bytes,
            });
        }
        self.file.write_all(bytes).doing("write an upload")?;
        self.sha256.update(bytes);
        self.length = length;
        Ok(())
    }

    /// Makes the content durable. What becomes of it is decided with its digest in hand.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(self) -> Result<Uploaded, Error> {
        let Self {
            file,
            temporary,
            sha256,
            length,
            ..
        } = self;
        sync_file(&file).doing("make an upload durable")?;
        let digest = Digest::from_bytes(sha256.finalize().into());
        Ok(Uploaded {
            file,
            temporary,
            digest,
            size_bytes: length,
        })
    }
}

impl Uploaded {
    /// Gives the content its name. The temporary one is gone then, so there is nothing left to remove.
    pub(super) fn keep(self, folder: &Dir, name: &str) -> Result<(), Error> {
        rename_into(&self.temporary.folder, &self.temporary.name, folder, name)
            .doing("keep an upload")
    }
}

impl Temporary {
    /// A name that nothing has. The folder is this process's alone, and is emptied when the process starts.
    pub(super) fn new(folder: &Arc<Dir>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        Self {
            folder: Arc::clone(folder),
            name,
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It may have been renamed; and whatever stays is removed at the next start.
        if self.folder.remove_file(&self.name).is_err() {
            self.folder.remove_dir_all(&self.name).unwrap_or_default();
        }
    }
}
