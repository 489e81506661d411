//! Compiled code of modules that were run before, one file each.
//!
//! ```text
//!   <sha256 of the module>.<engine>.cwasm:  sha256 of the artifact (32 bytes) · artifact
//! ```
//!
//! The file is checked against its own hash before use: it guards against damage, not against whoever may write to the
//! user's cache directory, who may do as the user anyway.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sublet_sandbox::Preemption;
use tempfile::NamedTempFile;

const HASH_BYTES: usize = 32;

/// The place of one module's compiled code.
#[derive(Debug)]
pub(super) struct ArtifactCache {
    file: PathBuf,
}

impl ArtifactCache {
    pub(super) fn new(directory: &Path, wasm: &[u8]) -> Self {
        let digest = hex(&Sha256::digest(wasm));
        let engine = sublet_sandbox::engine_identity(Preemption::Checks);
        Self {
            file: directory.join(format!("{digest}.{engine}.cwasm")),
        }
    }

    /// The artifact, where there is a whole one.
    pub(super) fn find(&self) -> Option<Vec<u8>> {
        let mut bytes = fs::read(&self.file).ok()?;
        let (hash, artifact) = bytes.split_at_checked(HASH_BYTES)?;
        let whole = Sha256::digest(artifact).as_slice() == hash;
        whole.then(|| bytes.split_off(HASH_BYTES))
    }

    /// Keeps an artifact. Another process that does the same at the same time does no harm.
    pub(super) fn keep(&self, artifact: &[u8]) -> io::Result<()> {
        let directory = self.file.parent().unwrap_or_else(|| Path::new("."));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(&Sha256::digest(artifact))?;
        file.write_all(artifact)?;
        file.persist(&self.file)?;
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_artifact_is_not_found() {
        let directory = tempfile::tempdir().unwrap();
        let cache = ArtifactCache::new(directory.path(), b"module");
        assert_eq!(cache.find(), None);
        cache.keep(b"machine code").unwrap();
        assert_eq!(cache.find().as_deref(), Some(&b"machine code"[..]));
        let mut bytes = fs::read(&cache.file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&cache.file, bytes).unwrap();
        assert_eq!(cache.find(), None);
    }
}
