//! Unpacks an archive that somebody hostile may have made. Only plain files and folders are taken; everything else is
//! refused by name, and then nothing is kept. Sizes, numbers and depth are bounded; the system never sees a path that
//! was not checked, and would not follow one out of the folder.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt, Permissions, PermissionsExt};
use tar::{Archive, Entry, EntryType};

use crate::{Error, error::Doing};

use super::{
    inputs::FOLDER_MODE,
    tar_paths::{ArchiveRefusal, NextPath, Refusal, normal_path},
};

/// How large an unpacked tree may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLimits {
    /// Files and folders, and headers in the archive: a million empty files would use up the disk's inodes.
    pub entries: u64,
    /// Folders within folders: a deep tree is slow to walk and hard to remove.
    pub depth: usize,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// The sum of the lengths of the files.
    pub total_bytes: u64,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            entries: 100_000,
            depth: 64,
            path_bytes: 1_024,
            total_bytes: 1 << 30,
        }
    }
}

const FILE_MODE: u32 = 0o444;

/// Unpacks the archive into an empty folder. Answers with the number of files and the sum of their lengths.
pub(super) fn unpack(archive: File, folder: &Dir, limits: TreeLimits) -> Result<(u64, u64), Error> {
    let mut unpacking = Unpacking {
        folder,
        limits,
        folders: HashSet::new(),
        entries: 0,
        files: 0,
        total_bytes: 0,
    };
    let mut archive = Archive::new(io::BufReader::new(archive));
    // Raw: headers that only speak of the next entry are bounded here, and not read whole into memory before.
    let entries = archive.entries().doing("read an archive")?.raw(true);
    let mut next_path = NextPath::default();
    for entry in entries {
        let mut entry = entry.map_err(|_| ArchiveRefusal::of(b"", Refusal::NotAnArchive))?;
        unpacking.count_entry(&entry)?;
        if !next_path.read(&mut entry)? {
            let path = next_path.take(&entry);
            unpacking.add(&path, &mut entry)?;
        }
    }
    unpacking
        .make_read_only()
        .doing("make an input read-only")?;
    Ok((unpacking.files, unpacking.total_bytes))
}

struct Unpacking<'a> {
    folder: &'a Dir,
    limits: TreeLimits,
    /// Those that were made here, by path.
    folders: HashSet<String>,
    entries: u64,
    files: u64,
    total_bytes: u64,
}

impl Unpacking<'_> {
    fn count_entry(&mut self, entry: &Entry<'_, impl Read>) -> Result<(), Error> {
        self.count(&entry.path_bytes())
    }

    fn count(&mut self, path: &[u8]) -> Result<(), Error> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            let limit = self.limits.entries;
            return Err(ArchiveRefusal::of(path, Refusal::TooMany { limit }).into());
        }
        Ok(())
    }

    fn add(&mut self, raw: &[u8], entry: &mut Entry<'_, impl Read>) -> Result<(), Error> {
        let refused = |refusal| ArchiveRefusal::of(raw, refusal);
        let path = normal_path(raw, self.limits).map_err(refused)?;
        match entry.header().entry_type() {
            // As tar had it before there was a type for folders.
            EntryType::Regular if raw.ends_with(b"/") => self.add_folder(&path, raw),
            EntryType::Directory => self.add_folder(&path, raw),
            EntryType::Regular => self.add_file(&path, raw, entry),
            EntryType::Symlink | EntryType::Link => Err(refused(Refusal::Link).into()),
            _ => Err(refused(Refusal::NeitherFileNorFolder).into()),
        }
    }

    /// Makes the folder and those it lies in.
    fn add_folder(&mut self, path: &str, raw: &[u8]) -> Result<(), Error> {
        let ends = path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()]);
        for folder in ends
            .map(|end| &path[..end])
            .filter(|folder| !folder.is_empty())
        {
            if self.folders.contains(folder) {
                continue;
            }
            self.count(raw)?;
            made(self.folder.create_dir(folder), raw)?;
            self.folders.insert(folder.to_owned());
        }
        Ok(())
    }

    fn add_file(
        &mut self,
        path: &str,
        raw: &[u8],
        entry: &mut Entry<'_, impl Read>,
    ) -> Result<(), Error> {
        let size = entry.size();
        self.total_bytes = self.total_bytes.saturating_add(size);
        if self.total_bytes > self.limits.total_bytes {
            let limit = self.limits.total_bytes;
            return Err(ArchiveRefusal::of(raw, Refusal::TooLarge { limit }).into());
        }
        if path.is_empty() {
            return Err(ArchiveRefusal::of(raw, Refusal::NoName).into());
        }
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.add_folder(parent, raw)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        let mut file = made(self.folder.open_with(path, &options), raw)?;
        let written = io::copy(entry, &mut file).doing("unpack an archive")?;
        if written != size {
            return Err(ArchiveRefusal::of(raw, Refusal::CutShort).into());
        }
        file.set_permissions(Permissions::from_mode(FILE_MODE))
            .doing("unpack an archive")?;
        self.files += 1;
        Ok(())
    }

    /// The folder itself follows when it has its name.
    fn make_read_only(&self) -> io::Result<()> {
        let mode = || Permissions::from_mode(FOLDER_MODE);
        self.folders
            .iter()
            .try_for_each(|folder| self.folder.set_permissions(folder, mode()))
    }
}

/// What is there already was in the archive before: two entries of one name have no good meaning.
fn made<T>(result: io::Result<T>, raw: &[u8]) -> Result<T, Error> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
            ) =>
        {
            Err(ArchiveRefusal::of(raw, Refusal::Twice).into())
        }
        result => result.doing("unpack an archive"),
    }
}
