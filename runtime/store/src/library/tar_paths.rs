//! Paths in archives: where an archive may put them, and which of them are taken.

use std::io::Read;

use tar::{Entry, EntryType, PaxExtensions};

use crate::Error;

use super::TreeLimits;

/// An entry that is not unpacked, and why.
#[derive(Debug, thiserror::Error)]
#[error("entry {entry:?} of the archive {refusal}")]
pub struct ArchiveRefusal {
    /// Its path as the archive has it, shortened.
    pub entry: String,
    /// Why.
    pub refusal: Refusal,
}

/// Why an entry is not unpacked. Each fits after the name of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says in its message what it is")]
pub enum Refusal {
    #[error("cannot be read: this is not a tar archive, or a damaged one")]
    NotAnArchive,
    #[error("is cut short")]
    CutShort,
    #[error("has no name")]
    NoName,
    #[error("has a path that is not text")]
    NotText,
    #[error("has an absolute path")]
    Absolute,
    #[error("has a path with `..`")]
    Upwards,
    #[error("has a path longer than {limit} bytes, or a part of it longer than 255")]
    PathTooLong { limit: usize },
    #[error("lies deeper than {limit} folders")]
    TooDeep { limit: usize },
    #[error("is one too many, the limit is {limit}")]
    TooMany { limit: u64 },
    #[error("makes the files longer than {limit} bytes in all")]
    TooLarge { limit: u64 },
    #[error("is a link")]
    Link,
    #[error("is neither a file nor a folder")]
    NeitherFileNorFolder,
    #[error("is there twice, or is both a file and a folder")]
    Twice,
    #[error("has an extended header that is not understood, or longer than {limit} bytes")]
    Extension { limit: u64 },
}

const SHOWN_CHARACTERS: usize = 120;
const PART_BYTES_MAX: usize = 255;
/// Longer than any path and its company; a header is read into memory.
const EXTENSION_BYTES_MAX: u64 = 64 << 10;

impl ArchiveRefusal {
    pub(super) fn of(path: &[u8], refusal: Refusal) -> Self {
        let entry = String::from_utf8_lossy(path)
            .chars()
            .take(SHOWN_CHARACTERS)
            .collect();
        Self { entry, refusal }
    }
}

/// A path that an archive gives ahead of the entry, because the entry's own header is too small for it.
#[derive(Default)]
pub(crate) struct NextPath(Option<Vec<u8>>);

impl NextPath {
    /// Whether the entry only spoke of the next one.
    pub(crate) fn read(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<bool, Error> {
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut path = bounded(entry)?;
                path.truncate(
                    path.iter()
                        .position(|byte| *byte == 0)
                        .unwrap_or(path.len()),
                );
                self.0 = Some(path);
            }
            EntryType::XHeader => self.read_extensions(entry)?,
            // Notes on the archive as a whole, as version control writes them.
            EntryType::XGlobalHeader => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The path of the entry.
    pub(crate) fn take(&mut self, entry: &Entry<'_, impl Read>) -> Vec<u8> {
        self.0
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned())
    }

    fn read_extensions(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), Error> {
        let header = bounded(entry)?;
        let refused = || not_understood(&entry.path_bytes());
        for extension in PaxExtensions::new(&header) {
            let extension = extension.map_err(|_| refused())?;
            match extension.key_bytes() {
                b"path" => self.0 = Some(extension.value_bytes().to_vec()),
                // Another length than the header says, a link, a file with holes: nothing that is unpacked needs it.
                b"size" | b"linkpath" => return Err(refused().into()),
                key if key.starts_with(b"GNU.sparse") => return Err(refused().into()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn bounded(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    if entry.size() > EXTENSION_BYTES_MAX || entry.read_to_end(&mut bytes).is_err() {
        return Err(not_understood(&entry.path_bytes()).into());
    }
    Ok(bytes)
}

fn not_understood(path: &[u8]) -> ArchiveRefusal {
    ArchiveRefusal::of(
        path,
        Refusal::Extension {
            limit: EXTENSION_BYTES_MAX,
        },
    )
}

/// The path without needless parts; empty for the tree itself.
pub(super) fn normal_path(raw: &[u8], limits: TreeLimits) -> Result<String, Refusal> {
    let text = std::str::from_utf8(raw).map_err(|_| Refusal::NotText)?;
    if text.contains('\0') {
        return Err(Refusal::NotText);
    }
    if text.starts_with('/') {
        return Err(Refusal::Absolute);
    }
    let parts: Vec<&str> = text
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return Err(Refusal::Upwards);
    }
    let path = parts.join("/");
    let limit = limits.path_bytes;
    if path.len() > limit || parts.iter().any(|part| part.len() > PART_BYTES_MAX) {
        return Err(Refusal::PathTooLong { limit });
    }
    let limit = limits.depth;
    if parts.len() > limit {
        Err(Refusal::TooDeep { limit })
    } else {
        Ok(path)
    }
}
