//! From the directory that was a guest's to one of ours. Whatever cannot be kept is counted, and the first of it is told.

use std::{
    ffi::OsStr,
    io::{self, Read as _},
    os::fd::OwnedFd,
};

use cap_std::fs::Dir;
use rustix::fs::Dir as Listing;
use sha2::{Digest as _, Sha256};
use sublet_scheduler::AttemptId;

use crate::{
    Digest, Error, JobArtifact,
    durable::{private_file, private_folder, sync, sync_file, sync_file_system},
    error::Doing,
    untrusted::{self, Found},
};

use super::{Outputs, attempt_path};

/// Artifacts of one task: a list that one page shows.
const FILES_MAX: usize = 1_000;
/// Entries of directories that are looked at: what keeps a guest from having us walk for ever.
const ENTRIES_MAX: usize = 10_000;
/// Directories inside each other, each of which is held open.
const DEPTH_MAX: usize = 16;
/// Bytes of a name, all of the path below `/out`.
const NAME_BYTES_MAX: usize = 255;
/// Files that are made durable one by one; more of them are made so together.
const FLUSHED_ALONE_MAX: usize = 8;
const PIECE_BYTES: usize = 64 << 10;

/// What became of what an attempt left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What is kept, in the order of the names. Durable, but for its record.
    pub artifacts: Vec<JobArtifact>,
    /// What is not.
    pub unkept: Unkept,
}

/// What could not be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unkept {
    /// How many files, or at least so many.
    pub count: u64,
    /// The first, by its name and with the reason, for people.
    pub first: Option<String>,
}

impl Outputs {
    /// Keeps what the attempt left in this folder, up to so many bytes. `media_type` says what is in a file, by its name.
    ///
    /// # Errors
    /// When there is no place for it: what the file system says.
    pub fn keep(
        &self,
        attempt: AttemptId,
        out: &OwnedFd,
        room_bytes: u64,
        media_type: impl Fn(&str) -> String,
    ) -> Result<Kept, Error> {
        let doing = "keep artifacts";
        let mut walk = Walk::default();
        walk.enter(out, &mut String::new(), 0).doing(doing)?;
        walk.found.sort_unstable();
        walk.found.dedup();
        self.remove_at(&attempt_path(attempt)).doing(doing)?;
        if walk.found.is_empty() {
            return Ok(Kept {
                unkept: walk.unkept,
                ..Kept::default()
            });
        }
        let folder = private_folder(&self.folder, attempt_path(attempt)).doing(doing)?;
        let mut keeper = Keeper {
            folder,
            number: attempt.number,
            flush_each: walk.found.len() <= FLUSHED_ALONE_MAX,
            room_bytes,
            kept: Kept {
                unkept: walk.unkept,
                ..Kept::default()
            },
        };
        for name in walk.found {
            keeper.keep(out, name, &media_type);
        }
        if !keeper.flush_each {
            sync_file_system(&keeper.folder).doing(doing)?;
        }
        sync(&keeper.folder).doing(doing)?;
        let job = self.folder.open_dir(attempt.job.0.to_string());
        job.and_then(|job| sync(&job)).doing(doing)?;
        sync(&self.folder).doing(doing)?;
        Ok(keeper.kept)
    }
}

impl Unkept {
    fn note(&mut self, name: &str, reason: &str) {
        self.count += 1;
        self.first
            .get_or_insert_with(|| format!("`{}` {reason}", name.escape_debug()));
    }
}

/// A walk through what a guest left: names first, so that what is kept does not depend on the order of a listing.
#[derive(Default)]
struct Walk {
    found: Vec<String>,
    looked_at: usize,
    unkept: Unkept,
}

impl Walk {
    fn enter(&mut self, folder: &OwnedFd, path: &mut String, depth: usize) -> io::Result<()> {
        for entry in Listing::read_from(folder)? {
            let entry = entry?;
            let raw = entry.file_name().to_bytes();
            if matches!(raw, b"." | b"..") {
                continue;
            }
            self.looked_at += 1;
            if self.looked_at > ENTRIES_MAX {
                let name = String::from_utf8_lossy(raw);
                self.unkept
                    .note(&name, "stands behind the first 10000 entries");
                return Ok(());
            }
            let length = path.len();
            path.push_str(&String::from_utf8_lossy(raw));
            self.look(folder, raw, path, depth)?;
            path.truncate(length);
        }
        Ok(())
    }

    fn look(
        &mut self,
        folder: &OwnedFd,
        raw: &[u8],
        path: &mut String,
        depth: usize,
    ) -> io::Result<()> {
        if let Err(reason) = check_name(raw, path) {
            self.unkept.note(path, reason);
            return Ok(());
        }
        let name = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(raw);
        match untrusted::open(folder, name)? {
            Found::File { .. } if self.found.len() == FILES_MAX => {
                self.unkept.note(path, "is one more than 1000 files");
            }
            Found::File { .. } => self.found.push(path.clone()),
            Found::Folder(_) if depth == DEPTH_MAX => {
                self.unkept.note(path, "lies deeper than 16 directories");
            }
            Found::Folder(inner) => {
                path.push('/');
                self.enter(&inner, path, depth + 1)?;
            }
            Found::Nothing => self.unkept.note(path, "is not a regular file"),
        }
        Ok(())
    }
}

fn check_name(raw: &[u8], path: &str) -> Result<(), &'static str> {
    if std::str::from_utf8(raw).is_err() {
        return Err("has a name that is not UTF-8");
    }
    if path.chars().any(char::is_control) {
        return Err("has a name with control characters");
    }
    if path.len() > NAME_BYTES_MAX {
        return Err("has a name of more than 255 bytes");
    }
    Ok(())
}

/// The one who copies.
struct Keeper {
    folder: Dir,
    number: u32,
    flush_each: bool,
    room_bytes: u64,
    kept: Kept,
}

impl Keeper {
    /// A file that cannot be read or written is one that is not kept: the others are none the worse.
    fn keep(&mut self, out: &OwnedFd, name: String, media_type: &impl Fn(&str) -> String) {
        let place = u32::try_from(self.kept.artifacts.len()).unwrap_or(u32::MAX);
        match self.copy(out, &name, place) {
            Ok(Some((size_bytes, digest))) => {
                self.room_bytes -= size_bytes;
                self.kept.artifacts.push(JobArtifact {
                    media_type: media_type(&name),
                    number: self.number,
                    size_bytes,
                    digest,
                    place,
                    name,
                });
            }
            Ok(None) => self.kept.unkept.note(
                &name,
                "does not fit into what the quota of stored bytes has left",
            ),
            Err(error) => {
                let reason = format!("could not be copied: {error}");
                self.kept.unkept.note(&name, &reason);
            }
        }
    }

    /// Nothing when it is longer than there is room.
    fn copy(&self, out: &OwnedFd, name: &str, place: u32) -> io::Result<Option<(u64, Digest)>> {
        let (folders, file) = match name.rsplit_once('/') {
            Some((folders, file)) => (folders.split('/').collect(), file),
            None => (Vec::new(), name),
        };
        let inner = untrusted::open_folder(out, &folders)?;
        let found = match &inner {
            Some(inner) => untrusted::open(inner, file.as_ref())?,
            None => untrusted::open(out, file.as_ref())?,
        };
        let Found::File { mut file, bytes } = found else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if bytes > self.room_bytes {
            return Ok(None);
        }
        let to = place.to_string();
        let mut copy = self
            .folder
            .open_with(&to, private_file().create_new(true))?;
        let copied = copy_through(&mut (&mut file).take(bytes), &mut copy).and_then(|copied| {
            if self.flush_each {
                sync_file(&copy)?;
            }
            Ok(copied)
        });
        if copied.is_err() {
            self.folder.remove_file(&to)?;
        }
        copied.map(Some)
    }
}

fn copy_through(from: &mut impl io::Read, to: &mut impl io::Write) -> io::Result<(u64, Digest)> {
    let mut sha256 = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut length = 0;
    loop {
        let read = from.read(&mut piece)?;
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok((length, Digest::from_bytes(sha256.finalize().into())));
        }
        to.write_all(bytes)?;
        sha256.update(bytes);
        length += u64::try_from(read).unwrap_or(u64::MAX);
    }
}
