//! What a task left in `/out` is put where whoever ran it wants it: regular files and directories, and nothing else.

use std::path::Path;
use std::{fs, io};

/// Puts what is in one directory into another, made when missing. Files of the same names are replaced.
pub(super) fn take_out(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            take_out(&entry.path(), &place)?;
        } else if kind.is_file() {
            // Not through a link that is there already.
            match fs::remove_file(&place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
