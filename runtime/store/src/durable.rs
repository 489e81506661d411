//! How something gets a name on the disk so that it has the name only when it is whole: written beside, made durable,
//! renamed, and the renaming made durable.
//!
//! Whatever is to survive a loss of power is made durable by a function of this module: tests note each such call, and
//! lose the power after any of them.

#[cfg(test)]
mod power;
#[cfg(test)]
mod tests;

use std::{io, path::Path};

use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, File, OpenOptions, OpenOptionsExt};

/// Folders are for the server's account only.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// Opens the folder `path` of `parent`, made with its parents when missing. Its name is durable then, and theirs.
pub(crate) fn private_folder(parent: &Dir, path: impl AsRef<Path>) -> io::Result<Dir> {
    let path = path.as_ref();
    match parent.open_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (above, name) = (path.parent(), path.file_name());
            match (above.filter(|above| *above != Path::new("")), name) {
                (Some(above), Some(name)) => make_folder(&private_folder(parent, above)?, name),
                _ => make_folder(parent, path),
            }
        }
        opened => opened,
    }
}

fn make_folder(parent: &Dir, name: impl AsRef<Path>) -> io::Result<Dir> {
    let mut builder = DirBuilder::new();
    // Whoever made it in the meantime made the same.
    builder.recursive(true).mode(PRIVATE_FOLDER);
    parent.create_dir_with(&name, &builder)?;
    sync(parent)?;
    parent.open_dir(&name)
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

/// Makes the content of a file durable.
pub(crate) fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all()?;
    #[cfg(test)]
    power::file_is_durable(file);
    Ok(())
}

/// Makes the names in a folder durable.
pub(crate) fn sync(folder: &Dir) -> io::Result<()> {
    // The handle of a folder may be one that only names it, which cannot be synced: opening "." gives a real one.
    folder.open(".")?.sync_all()?;
    #[cfg(test)]
    power::names_are_durable(folder);
    Ok(())
}

/// Makes everything durable that was written to the file system of a folder: one flush instead of one per file.
pub(crate) fn sync_file_system(folder: &Dir) -> io::Result<()> {
    rustix::fs::syncfs(folder.open(".")?)?;
    #[cfg(test)]
    power::all_is_durable();
    Ok(())
}

/// `None` where there is no such thing.
pub(crate) fn if_found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
