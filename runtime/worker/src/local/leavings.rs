//! What a task left in `/out` is put where whoever ran it wants it: regular files and directories, and nothing else.
//! Where nobody said where, its result is told like its output.

use std::path::Path;
use std::{fs, io};

use super::course::write_through;

/// The artifact that is the result of a task, where there is one: the second is one that is no JSON.
const RESULT_JSON: &str = "result.json";
const RESULT: &str = "result";

/// Prints the result, and ends a line of JSON as a line is ended. A reader that went away is no fault.
pub(super) fn print_result(from: &Path) -> io::Result<()> {
    for (name, end) in [(RESULT_JSON, &b"\n"[..]), (RESULT, b"")] {
        let place = from.join(name);
        // Not through a link: that would lead out of what is the task's.
        if fs::symlink_metadata(&place).is_ok_and(|found| found.is_file()) {
            return match print(&place, end) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                printed => printed,
            };
        }
    }
    Ok(())
}

fn print(place: &Path, end: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    io::copy(&mut fs::File::open(place)?, &mut stdout)?;
    write_through(stdout, end)
}

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
