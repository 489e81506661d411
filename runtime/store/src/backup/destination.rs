//! Where something is to be that has its name only when it is whole.

use std::{ffi::OsStr, fs::File, path::Path};

use cap_std::{ambient_authority, fs::Dir};

use crate::{
    Error,
    durable::{if_found, private_file, rename_into},
    error::Doing,
};

use super::{BackupRefusal, scratch::unused_name};

const DOING: &str = "write a backup";

/// Where a backup is to be. Until it is whole, it has another name there.
pub(super) struct Destination {
    folder: Dir,
    name: String,
    partial: String,
}

impl Destination {
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let (folder, name) = parent_and_name(path)?;
        if if_found(folder.symlink_metadata(&name))
            .doing(DOING)?
            .is_some()
        {
            return Err(BackupRefusal::AlreadyThere.into());
        }
        let partial = unused_name(&name);
        Ok(Self {
            folder,
            name,
            partial,
        })
    }

    pub(super) fn create(&self) -> Result<File, Error> {
        let mut options = private_file();
        let file = self
            .folder
            .open_with(&self.partial, options.create_new(true));
        Ok(file.doing(DOING)?.into_std())
    }

    pub(super) fn keep(&self) -> Result<(), Error> {
        rename_into(&self.folder, &self.partial, &self.folder, &self.name)
            .doing("give a backup its name")
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        // Gone already when it got its name.
        self.folder.remove_file(&self.partial).unwrap_or_default();
    }
}

/// The folder in which a path lies, and its last part.
pub(super) fn parent_and_name(path: &Path) -> Result<(Dir, String), Error> {
    let doing = "find where it is to be";
    let path = std::path::absolute(path).doing(doing)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str))
    else {
        return Err(BackupRefusal::NoName.into());
    };
    let folder = Dir::open_ambient_dir(parent, ambient_authority()).doing(doing)?;
    Ok((folder, name.to_owned()))
}
