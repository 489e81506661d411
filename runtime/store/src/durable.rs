//! How something gets a name on the disk so that it has the name only when it is whole: written beside, made durable,
//! renamed, and the renaming made durable.

use std::{io, path::Path};

use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, OpenOptions, OpenOptionsExt};

/// Folders are for the server's account only.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// Opens the folder `path` of `parent`, made with its parents when missing.
pub(crate) fn private_folder(parent: &Dir, path: impl AsRef<Path>) -> io::Result<Dir> {
    let path = path.as_ref();
    match parent.open_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(PRIVATE_FOLDER);
            parent.create_dir_with(path, &builder)?;
            sync(parent)?;
            parent.open_dir(path)
        }
        opened => opened,
    }
}

/// How a file is made that only the server's account may read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(PRIVATE_FILE);
    options
}

/// Gives what lies at `from` the name `to` in `folder`, for good. Its content is durable already.
pub(crate) fn rename_into(from: &Dir, name: &str, folder: &Dir, to: &str) -> io::Result<()> {
    from.rename(name, folder, to)?;
    sync(folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync(folder: &Dir) -> io::Result<()> {
    // The handle of a folder may be one that only names it, which cannot be synced: opening "." gives a real one.
    folder.open(".")?.sync_all()
}

/// Makes everything durable that was written to the file system of a folder: one flush instead of one per file.
pub(crate) fn sync_file_system(folder: &Dir) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder.open(".")?)?)
}

/// `None` where there is no such thing.
pub(crate) fn if_found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
