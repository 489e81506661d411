//! What jobs read: single files and trees. They lie where the user's worker processes may look, and are read-only there.

use std::io::{Seek as _, SeekFrom};

use cap_std::fs::{Dir, Permissions, PermissionsExt};
use sublet_scheduler::UserId;

use crate::{
    Digest, Error, Work,
    durable::{private_folder, sync, sync_file_system},
    error::Doing,
    work::{remove_all_in, work_path},
};

use super::{Library, TreeLimits, Uploaded, tree, upload::Temporary};

/// An input that has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptInput {
    /// The sha256 of what was uploaded.
    pub digest: Digest,
    /// The sum of the lengths of its files.
    pub size_bytes: u64,
    /// How many files it has.
    pub files: u64,
}

const FILE_MODE: u32 = 0o444;
pub(super) const FOLDER_MODE: u32 = 0o555;

impl Library {
    /// Keeps an upload as a single file. It lies at [`Work::blob_path`].
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep_blob(&self, user: UserId, uploaded: Uploaded) -> Result<KeptInput, Error> {
        let work = self.work(user)?;
        let (digest, size_bytes) = (uploaded.digest, uploaded.size_bytes);
        let mode = Permissions::from_mode(FILE_MODE);
        uploaded.file.set_permissions(mode).doing("keep an input")?;
        let inputs = work.open_dir("inputs").doing("open a user's folder")?;
        uploaded.keep(&inputs, &format!("{digest}.blob"))?;
        Ok(KeptInput {
            digest,
            size_bytes,
            files: 1,
        })
    }

    /// Unpacks an upload, a tar archive, and keeps it as a tree: all of it or nothing. It lies at [`Work::tree_path`].
    ///
    /// # Errors
    /// [`Error::Archive`] when it holds what is not unpacked; otherwise what the file system says.
    pub fn keep_tree(
        &self,
        user: UserId,
        uploaded: Uploaded,
        limits: TreeLimits,
    ) -> Result<KeptInput, Error> {
        let work = self.work(user)?;
        let Uploaded {
            mut file,
            temporary: _archive,
            digest,
            ..
        } = uploaded;
        file.seek(SeekFrom::Start(0)).doing("read an archive")?;
        let unpacked = Temporary::new(&self.uploads);
        let folder = private_folder(&self.uploads, &unpacked.name).doing("unpack an archive")?;
        let kept = tree::unpack(file.into_std(), &folder, limits);
        let (files, size_bytes) = match kept {
            Ok(kept) => kept,
            Err(error) => {
                // Folders that nobody may write to would be in the way of an ordinary removal.
                remove_all_in(&folder).doing("remove a refused archive")?;
                return Err(error);
            }
        };
        sync_file_system(&folder).doing("make an input durable")?;
        self.name_tree(&work, &unpacked, digest, &folder)?;
        Ok(KeptInput {
            digest,
            size_bytes,
            files,
        })
    }

    /// The same archive gives the same tree, so one that has the name already may stay.
    fn name_tree(
        &self,
        work: &Dir,
        unpacked: &Temporary,
        digest: Digest,
        folder: &Dir,
    ) -> Result<(), Error> {
        let path = Work::tree_path(digest);
        if work.is_dir(&path) {
            remove_all_in(folder).doing("remove an input that is there already")?;
            // Whoever gave it its name may have been killed before the name was durable.
            let inputs = work.open_dir("inputs").doing("open a user's folder")?;
            return sync(&inputs).doing("keep an input");
        }
        let name = || {
            self.uploads.rename(&unpacked.name, work, &path)?;
            // Only now: a folder that may not be written to cannot be moved.
            work.set_permissions(&path, Permissions::from_mode(FOLDER_MODE))?;
            sync(&work.open_dir("inputs")?)
        };
        name().doing("keep an input")
    }

    fn work(&self, user: UserId) -> Result<Dir, Error> {
        let work = private_folder(&self.users, work_path(user)).doing("open a user's folder")?;
        private_folder(&work, "inputs").doing("open a user's folder")?;
        Ok(work)
    }
}
