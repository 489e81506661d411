//! What modules were compiled to: machine code that is run as it is, so it is only handed out when it is, byte for byte,
//! what was kept. Its sha256 stands behind it in the same file.

use std::{
    fs::File,
    io::{Read as _, Seek as _, Write as _},
};

use cap_std::fs::Dir;
use sublet_scheduler::UserId;

use crate::{
    Digest, Error,
    durable::{if_found, private_file, rename_into, sync, sync_file},
    error::Doing,
};

use super::{Library, upload::Temporary};

/// What there is of a compiled module.
#[derive(Debug)]
pub enum Artifact {
    /// It is as it was kept.
    Whole(WholeArtifact),
    /// It was never kept.
    Missing,
    /// It was not what was kept, and has been removed: as if it were missing, but worth a line to the operator.
    Damaged,
}

/// A compiled module, checked.
#[derive(Debug)]
pub struct WholeArtifact {
    /// Open for reading, at its beginning.
    pub file: File,
    /// How many bytes, from its beginning, are the artifact.
    pub length: u64,
    /// Their sha256.
    pub sha256: Digest,
}

impl Library {
    /// Keeps what a module was compiled to by the engine of that identity.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep_artifact(
        &self,
        user: UserId,
        module: Digest,
        engine: &str,
        artifact: &[u8],
    ) -> Result<(), Error> {
        let folder = self.folder(user, "artifacts")?;
        let temporary = Temporary::new(&self.uploads);
        let write = || {
            let mut options = private_file();
            let mut file = self
                .uploads
                .open_with(&temporary.name, options.create_new(true))?;
            file.write_all(artifact)?;
            file.write_all(Digest::of(artifact).as_bytes())?;
            sync_file(&file)?;
            rename_into(
                &self.uploads,
                &temporary.name,
                &folder,
                &file_name(module, engine),
            )
        };
        write().doing("keep a compiled module")
    }

    /// What a module was compiled to by the engine of that identity.
    ///
    /// # Errors
    /// What the file system says.
    pub fn artifact(&self, user: UserId, module: Digest, engine: &str) -> Result<Artifact, Error> {
        let folder = self.folder(user, "artifacts")?;
        let name = file_name(module, engine);
        let file = if_found(folder.open(&name)).doing("open a compiled module")?;
        let Some(file) = file else {
            return Ok(Artifact::Missing);
        };
        match whole(file.into_std()).doing("read a compiled module")? {
            Some(whole) => Ok(Artifact::Whole(whole)),
            None => {
                folder
                    .remove_file(&name)
                    .doing("remove a damaged compiled module")?;
                Ok(Artifact::Damaged)
            }
        }
    }

    /// Removes all that a module was compiled to.
    pub(super) fn remove_artifacts(&self, user: UserId, module: Digest) -> Result<(), Error> {
        let folder = self.folder(user, "artifacts")?;
        remove_beginning_with(&folder, &format!("{module}.")).doing("remove a compiled module")
    }
}

/// The file, if it ends with the digest of what comes before.
fn whole(mut file: File) -> std::io::Result<Option<WholeArtifact>> {
    let digest_length = u64::try_from(Digest::BYTES).unwrap_or(u64::MAX);
    let Some(length) = file.metadata()?.len().checked_sub(digest_length) else {
        return Ok(None);
    };
    let sha256 = Digest::of_rest((&mut file).take(length))?;
    let mut stored = [0; Digest::BYTES];
    file.read_exact(&mut stored)?;
    file.rewind()?;
    Ok((stored == *sha256.as_bytes()).then_some(WholeArtifact {
        file,
        length,
        sha256,
    }))
}

fn remove_beginning_with(folder: &Dir, beginning: &str) -> std::io::Result<()> {
    for entry in folder.entries()? {
        let name = entry?.file_name();
        if name.as_encoded_bytes().starts_with(beginning.as_bytes()) {
            if_found(folder.remove_file(name))?;
        }
    }
    sync(folder)
}

/// An engine's identity is ours, not a user's; that it is a plain name is our own promise.
fn file_name(module: Digest, engine: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+');
    assert!(
        engine.bytes().all(plain) && engine.len() <= 128,
        "an engine's identity is a plain name"
    );
    format!("{module}.{engine}.cwasm")
}
