//! Files in a directory that is a guest's as well. Nothing there is trusted: links are not followed, and what is neither
//! file nor folder is not there.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdirat, openat, renameat, unlinkat,
};
use rustix::io::Errno;

use super::bindings::sublet::job::types::Error;

/// Bytes of a name, all of its path.
const NAME_BYTES_MAX: usize = 255;
const CONTENT_TYPE_BYTES_MAX: usize = 127;
/// Names of ours begin so; no artifact's does.
pub(super) const OWN: &str = ".sublet-";
/// Names that are told at once, and directories inside each other that are looked into.
const NAMES_MAX: usize = 1_000;
const ENTRIES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 16;

/// A relative path in its one spelling.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let wrong = if name.is_empty() {
        Some("is empty".to_owned())
    } else if name.len() > NAME_BYTES_MAX {
        let bytes = name.len();
        Some(format!("is {bytes} bytes, the limit is {NAME_BYTES_MAX}"))
    } else if name.chars().any(char::is_control) {
        Some("has control characters".to_owned())
    } else if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some("is not a plain relative path".to_owned())
    } else if name.split('/').any(|part| part.starts_with(OWN)) {
        Some(format!("begins with {OWN}, as no artifact does"))
    } else if name.split('/').count() > DEPTH_MAX {
        Some(format!("has more than {DEPTH_MAX} parts"))
    } else {
        None
    };
    wrong.map_or(Ok(()), |wrong| {
        Err(Error::Invalid(format!("the name of the artifact {wrong}")))
    })
}

/// What stands in a header as it is.
pub(super) fn check_content_type(text: &str) -> Result<(), Error> {
    let is_plain = text.len() <= CONTENT_TYPE_BYTES_MAX
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && text
            .split_once('/')
            .is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
    if is_plain {
        return Ok(());
    }
    Err(Error::Invalid(
        "a content type is such as image/png, in at most 127 visible characters".to_owned(),
    ))
}

/// Another handle of the same directory, for another thread.
pub(super) fn duplicate(folder: &OwnedFd) -> io::Result<OwnedFd> {
    folder.as_fd().try_clone_to_owned()
}

/// A new file of ours, in the place of whatever has the name.
pub(super) fn begin(folder: &OwnedFd, name: &str) -> io::Result<File> {
    remove(folder, name);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Removes a file, if there is one.
pub(super) fn remove(folder: &OwnedFd, name: &str) {
    unlinkat(folder, name, AtFlags::empty()).unwrap_or_default();
}

/// Gives what was begun its name, in folders that are made where they are missing.
pub(super) fn finish(folder: &OwnedFd, begun: &str, name: &str) -> io::Result<()> {
    let mut parts: Vec<&str> = name.split('/').collect();
    let last = parts.pop().unwrap_or(name);
    let mut place = duplicate(folder)?;
    for part in parts {
        match mkdirat(&place, part, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        place = open_folder(&place, part)?;
    }
    Ok(renameat(folder, begun, &place, last)?)
}

/// The file is there whole or not at all.
pub(super) fn write_whole(folder: &OwnedFd, name: &str, content: &[u8]) -> io::Result<()> {
    let begun = format!("{OWN}{name}");
    let mut file = begin(folder, &begun)?;
    file.write_all(content)?;
    finish(folder, &begun, name)
}

/// As [`write_whole`], and it is there after a power loss.
pub(super) fn write_durable(folder: &OwnedFd, name: &str, content: &[u8]) -> io::Result<()> {
    let begun = format!("{name}.new");
    let mut file = begin(folder, &begun)?;
    file.write_all(content)?;
    file.sync_data()?;
    Ok(renameat(folder, begun.as_str(), folder, name)?)
}

/// All of a file that is not longer than this; nothing where there is none.
pub(super) fn read_whole(folder: &OwnedFd, name: &str, most: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(folder, name)? else {
        return Ok(None);
    };
    let mut content = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(most.saturating_add(1))
        .read_to_end(&mut content)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Some(content))
}

/// A regular file below the folder.
pub(super) fn open(folder: &OwnedFd, path: &str) -> io::Result<Option<File>> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let last = parts.pop().unwrap_or(path);
    let mut place = duplicate(folder)?;
    for part in parts {
        place = match open_folder(&place, part) {
            Ok(inner) => inner,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = match openat(&place, last, flags, Mode::empty()) {
        Err(error) if is_absent(&error.into()) => return Ok(None),
        opened => opened?,
    };
    let kind = FileType::from_raw_mode(fstat(&opened)?.st_mode);
    Ok((kind == FileType::RegularFile).then(|| opened.into()))
}

fn open_folder(parent: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::empty())?)
}

fn is_absent(error: &io::Error) -> bool {
    let codes = [Errno::NOENT, Errno::LOOP, Errno::NOTDIR, Errno::NXIO];
    codes
        .iter()
        .any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// The files below the folder, but for ours, in the order of their names; no more than can be told at once.
pub(super) fn names(folder: &OwnedFd) -> io::Result<Vec<String>> {
    let mut found = Found::default();
    found.enter(folder, "", 0)?;
    found.names.sort_unstable();
    Ok(found.names)
}

#[derive(Default)]
struct Found {
    names: Vec<String>,
    looked_at: usize,
}

impl Found {
    fn enter(&mut self, folder: &OwnedFd, path: &str, depth: usize) -> io::Result<()> {
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            self.looked_at += 1;
            if self.looked_at > ENTRIES_MAX || self.names.len() == NAMES_MAX {
                return Ok(());
            }
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            let below = match path {
                "" => name.to_owned(),
                path => format!("{path}/{name}"),
            };
            if check_name(&below).is_err() {
                continue;
            }
            if open(folder, name)?.is_some() {
                self.names.push(below);
            } else if depth < DEPTH_MAX
                && let Ok(inner) = open_folder(folder, name)
            {
                self.enter(&inner, &below, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "",
            "/etc/passwd",
            "..",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "bell\u{7}",
            "two\nlines",
            ".sublet-checkpoint",
            &"x".repeat(256),
            &"x/".repeat(100),
        ] {
            assert!(
                matches!(check_name(name), Err(Error::Invalid(_))),
                "{name:?}"
            );
        }
        for name in ["a", "plots/a.png", "größe", "..a", &"x".repeat(255)] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn content_types_fit_into_a_header() {
        for text in [
            "",
            "json",
            "/",
            "a/",
            "a/b\r\nx: y",
            &format!("a/{}", "b".repeat(200)),
        ] {
            assert!(check_content_type(text).is_err(), "{text:?}");
        }
        assert!(check_content_type("text/plain; charset=utf-8").is_ok());
    }
}
