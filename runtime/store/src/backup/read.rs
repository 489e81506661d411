//! Going through a backup, part by part: each is what the manifest says of it, or this ends with an error.

use std::{
    fs::File,
    io::{BufReader, Read, Seek as _, SeekFrom, Write},
    path::Path,
};

use sha2::{Digest as _, Sha256};
use tar::{Archive, Entry, EntryType};

use crate::{Digest, Error, error::Doing, library::NextPath};

use super::{
    BackupRefusal,
    create::MANIFEST,
    manifest::{Beginning, End, Lines, Listed},
    part::Part,
    seal, shown,
};

const DOING: &str = "read a backup";
const READ_BYTES: usize = 64 << 10;

/// A backup whose seal is right.
pub(super) struct Sealed {
    file: File,
    manifest_at: u64,
}

/// What to do with the parts of a backup.
pub(super) trait Place {
    /// Where the file is to be written, if anywhere.
    fn file(&mut self, part: Part, path: &str) -> Result<Option<File>, Error>;
    /// The folder is complete.
    fn folder(&mut self, part: Part, path: &str) -> Result<(), Error>;
}

impl Sealed {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let mut file = open_ambient(path).doing("open a backup")?;
        let length = file.seek(SeekFrom::End(0)).doing(DOING)?;
        file.rewind().doing(DOING)?;
        match seal::check(&file, length).doing(DOING)? {
            Some(manifest_at) => Ok(Self { file, manifest_at }),
            None => Err(BackupRefusal::Seal.into()),
        }
    }

    /// Goes through all parts, and compares each with its line of the manifest.
    pub(super) fn walk(&self, place: &mut impl Place) -> Result<(Beginning, End), Error> {
        let archive = self.from(self.manifest_at)?;
        let mut manifest = Archive::new(archive);
        let entry = manifest.entries().doing(DOING)?.raw(true).next();
        let entry = match entry {
            Some(Ok(entry)) if *entry.path_bytes() == *MANIFEST.as_bytes() => entry,
            _ => return Err(BackupRefusal::Manifest.into()),
        };
        let (beginning, mut lines) = Lines::begin(BufReader::new(entry))?;

        let parts = self.from(0)?.take(self.manifest_at);
        let mut archive = Archive::new(BufReader::with_capacity(READ_BYTES, parts));
        let mut next_path = NextPath::default();
        let mut counted = End::default();
        for entry in archive.entries().doing(DOING)?.raw(true) {
            let mut entry = entry.doing(DOING)?;
            if next_path.read(&mut entry)? {
                continue;
            }
            let path = next_path.take(&entry);
            let found = part(&path, &mut entry, place)?;
            let listed: Listed = lines.next()?;
            if found != listed {
                let part = shown(&path);
                return Err(BackupRefusal::Part { part }.into());
            }
            counted.count(&found);
        }
        let end = lines.end()?;
        counted.missing = end.missing;
        if counted == end {
            Ok((beginning, end))
        } else {
            Err(BackupRefusal::Manifest.into())
        }
    }

    /// The file from there on, with a place of its own in it.
    fn from(&self, at: u64) -> Result<impl Read, Error> {
        Ok(ReadAt {
            file: &self.file,
            at,
        })
    }
}

/// Reads a file from some place on, without moving it for others.
struct ReadAt<'a> {
    file: &'a File,
    at: u64,
}

impl Read for ReadAt<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.at)?;
        self.at += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }
}

fn open_ambient(path: &Path) -> std::io::Result<File> {
    let authority = cap_std::ambient_authority();
    cap_std::fs::File::open_ambient(path, authority).map(cap_std::fs::File::into_std)
}

/// Puts the part where it belongs. Answers with what it is.
fn part(
    path: &[u8],
    entry: &mut Entry<'_, impl Read>,
    place: &mut impl Place,
) -> Result<Listed, Error> {
    let (part, path) = Part::at(path)?;
    let foreign = || BackupRefusal::Foreign {
        entry: shown(path.as_bytes()),
    };
    let (bytes, sha256) = match entry.header().entry_type() {
        EntryType::Regular => {
            let mut file = place.file(part, path)?;
            let (bytes, digest) = copy(entry, file.as_mut()).doing("unpack a backup")?;
            (Some(bytes), Some(digest))
        }
        EntryType::Directory if part.folder_mode().is_some() => {
            place.folder(part, path)?;
            (None, None)
        }
        _ => return Err(foreign().into()),
    };
    Ok(Listed {
        path: path.to_owned(),
        bytes,
        sha256,
    })
}

fn copy(from: &mut impl Read, mut to: Option<&mut File>) -> std::io::Result<(u64, Digest)> {
    let (mut sha256, mut buffer, mut bytes) = (Sha256::new(), vec![0; READ_BYTES], 0);
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((bytes, Digest::from_bytes(sha256.finalize().into())));
        }
        sha256.update(&buffer[..count]);
        if let Some(to) = &mut to {
            to.write_all(&buffer[..count])?;
        }
        bytes += u64::try_from(count).unwrap_or(u64::MAX);
    }
}
