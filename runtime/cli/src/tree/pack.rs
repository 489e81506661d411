//! A tree as one tar stream that is the same for the same content: sorted, and without owners, times or modes. So the
//! same input has the same digest wherever and whenever it is packed, and is uploaded once.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sublet_api::Code;
use tar::{Builder, EntryType, Header};

use super::{Entries, Entry};
use crate::failure::Failure;
use crate::module_file::{hexadecimal, unreadable};

/// A packed tree, in a temporary file that stands at its beginning.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) digest: String,
    pub(crate) size_bytes: u64,
    pub(crate) file: File,
}

/// Packs a tree.
pub(crate) fn pack(entries: &Entries) -> Result<Packed, Failure> {
    let file = tempfile::tempfile().map_err(|error| unwritable(&error))?;
    let mut builder = Builder::new(Measured {
        file,
        hash: Sha256::new(),
        size_bytes: 0,
    });
    for (path, entry) in entries {
        match entry {
            Entry::Directory => {
                directory(&mut builder, path).map_err(|error| unwritable(&error))?;
            }
            Entry::File(host) => append(&mut builder, path, host)?,
        }
    }
    let mut packed = builder.into_inner().map_err(|error| unwritable(&error))?;
    packed.file.rewind().map_err(|error| unwritable(&error))?;
    Ok(Packed {
        digest: hexadecimal(&packed.hash.finalize()),
        size_bytes: packed.size_bytes,
        file: packed.file,
    })
}

fn directory(builder: &mut Builder<Measured>, path: &str) -> io::Result<()> {
    let mut header = plain_header(EntryType::Directory, 0o755, 0);
    builder.append_data(&mut header, format!("{path}/"), io::empty())
}

fn append(builder: &mut Builder<Measured>, path: &str, host: &Path) -> Result<(), Failure> {
    let (file, size_bytes) = File::open(host)
        .and_then(|file| file.metadata().map(|facts| (file, facts.len())))
        .map_err(|error| unreadable(host, &error))?;
    let mut header = plain_header(EntryType::Regular, 0o644, size_bytes);
    let mut content = file.take(size_bytes);
    builder
        .append_data(&mut header, path, &mut content)
        .map_err(|error| unwritable(&error))?;
    // What is left of the promised length was cut off under our hands; the stream would be torn.
    if content.limit() > 0 {
        let detail = format!("`{}` became shorter while it was read", host.display());
        return Err(Failure::new(Code::FileUnreadable, detail));
    }
    Ok(())
}

/// A header that says nothing but kind and size.
fn plain_header(kind: EntryType, mode: u32, size_bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size_bytes);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Copies a tree into an empty directory here.
pub(crate) fn copy(entries: &Entries, target: &Path) -> Result<(), Failure> {
    for (path, entry) in entries {
        let place = target.join(path);
        match entry {
            Entry::Directory => fs::create_dir_all(&place).map_err(|error| unwritable(&error))?,
            Entry::File(host) => {
                let copied = fs::copy(host, &place);
                copied.map(drop).map_err(|error| unreadable(host, &error))?;
            }
        }
    }
    Ok(())
}

/// A temporary file that could not be written.
pub(crate) fn unwritable(error: &io::Error) -> Failure {
    Failure::new(
        Code::FileUnwritable,
        "the input cannot be put together in the temporary directory",
    )
    .caused_by(error)
    .help("free some space there, or set TMPDIR to another place")
}

/// A file that is hashed and measured while it is written.
struct Measured {
    file: File,
    hash: Sha256,
    size_bytes: u64,
}

impl Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size_bytes += u64::try_from(written).expect("a length fits 64 bits");
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
