//! The seal of a backup: its last entry, which has the sha256 of every byte before it and of where the manifest begins, and
//! is itself what it has to be to the last byte. So a byte that is not as it was written shows, wherever it lies.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use crate::Digest;

/// The length of the entry with the end of the archive behind it.
pub(super) const BYTES: u64 = 2_048;

const NAME: &str = "seal";
const READ_BYTES: usize = 64 << 10;

/// Passes on what is written, and remembers what it was.
pub(super) struct Sealing<W> {
    to: W,
    sha256: Sha256,
    written: u64,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(to: W) -> Self {
        Self {
            to,
            sha256: Sha256::new(),
            written: 0,
        }
    }

    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// The text of the seal for what was written so far.
    pub(super) fn text(&self, manifest_at: u64) -> String {
        text(self.sha256.clone(), manifest_at)
    }

    pub(super) fn into_inner(self) -> W {
        self.to
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.sha256.update(&bytes[..count]);
        self.written += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Where the manifest begins is part of what is sealed.
fn text(mut before: Sha256, manifest_at: u64) -> String {
    before.update(manifest_at.to_be_bytes());
    let digest = Digest::from_bytes(before.finalize().into());
    format!("sublet backup 1\nsha256 {digest}\nmanifest {manifest_at}\n")
}

/// How every entry of a backup is headed: nothing in it depends on the host.
pub(super) fn header(kind: EntryType, bytes: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(bytes);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Adds the seal. The archive is to be ended behind it.
pub(super) fn append(builder: &mut Builder<impl Write>, text: &str) -> io::Result<()> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let mut header = header(EntryType::Regular, bytes, 0o600);
    builder.append_data(&mut header, NAME, text.as_bytes())
}

/// Reads all of an archive of this length. Answers with where its manifest begins, if the seal is right.
pub(super) fn check(mut archive: impl Read, length: u64) -> io::Result<Option<u64>> {
    let Some(sealed) = length.checked_sub(BYTES) else {
        return Ok(None);
    };
    let (mut sha256, mut buffer) = (Sha256::new(), vec![0; READ_BYTES]);
    let mut before = (&mut archive).take(sealed);
    loop {
        match before.read(&mut buffer)? {
            0 => break,
            count => sha256.update(&buffer[..count]),
        }
    }
    let mut found = Vec::new();
    archive.take(BYTES + 1).read_to_end(&mut found)?;
    let manifest_at = manifest_at(&found).filter(|at| *at < sealed);
    let expected = manifest_at.map(|at| entry(&text(sha256, at))).transpose()?;
    Ok(manifest_at.filter(|_| expected.as_ref() == Some(&found)))
}

/// The whole entry with the end of the archive.
fn entry(text: &str) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    append(&mut builder, text)?;
    builder.into_inner()
}

fn manifest_at(entry: &[u8]) -> Option<u64> {
    const BLOCK: usize = 512;
    let text = entry.get(BLOCK..2 * BLOCK)?;
    let text = std::str::from_utf8(text).ok()?;
    let (_, number) = text.trim_end_matches('\0').split_once("\nmanifest ")?;
    number.strip_suffix('\n')?.parse().ok()
}
