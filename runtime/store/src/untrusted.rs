//! Files that lie where worker processes may write, so nothing there is trusted: links are not followed, what is neither
//! file nor folder is nothing, and a file is what it was when it was opened.

use std::{
    ffi::{CStr, OsStr, OsString},
    fs::File,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
};

use rustix::{
    fs::{FileType, Mode, OFlags},
    io::Errno,
};

/// What was found at a name.
pub(crate) enum Found {
    File {
        file: File,
        bytes: u64,
    },
    Folder(OwnedFd),
    /// Nothing, or neither file nor folder.
    Nothing,
}

pub(crate) fn open(parent: impl std::os::fd::AsFd, name: &OsStr) -> rustix::io::Result<Found> {
    // Not blocking: opening the end of a pipe would wait for the other one.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat(parent, name, flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO | Errno::NOTDIR) => return Ok(Found::Nothing),
        opened => opened?,
    };
    let stat = rustix::fs::fstat(&opened)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Found::File {
            file: opened.into(),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
        },
        FileType::Directory => Found::Folder(opened),
        _ => Found::Nothing,
    })
}

/// The folder at the end of a path, if every part of it is one.
pub(crate) fn open_folder(
    parent: impl std::os::fd::AsFd,
    path: &[&str],
) -> rustix::io::Result<Option<OwnedFd>> {
    let mut folder = None::<OwnedFd>;
    for name in path {
        let found = match &folder {
            Some(folder) => open(folder, name.as_ref())?,
            None => open(&parent, name.as_ref())?,
        };
        let Found::Folder(next) = found else {
            return Ok(None);
        };
        folder = Some(next);
    }
    Ok(folder)
}

/// The names in a folder, in their order. There are no more than somebody else made sure of.
pub(crate) fn names(folder: &OwnedFd) -> rustix::io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(OsStr::from_bytes(name.to_bytes()).to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}
