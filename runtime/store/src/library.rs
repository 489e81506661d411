//! Files by the digest of their content, per user: modules, what they were compiled to, and inputs. A file that has its
//! name is whole. One user's files are never another's, even where the content is the same: nobody can tell from a fast
//! answer that somebody else has it.

mod artifacts;
mod inputs;
mod modules;
mod tar_paths;
mod tree;
mod upload;

use std::sync::Arc;

use cap_std::fs::Dir;
use sublet_scheduler::UserId;

use crate::{Error, durable::private_folder, error::Doing};

pub use artifacts::{Artifact, WholeArtifact};
pub use inputs::KeptInput;
pub(crate) use tar_paths::NextPath;
pub use tar_paths::{ArchiveRefusal, Refusal};
pub use tree::TreeLimits;
pub use upload::{Upload, Uploaded};

/// Files by the digest of their content, per user.
#[derive(Debug)]
pub struct Library {
    users: Dir,
    uploads: Arc<Dir>,
}

impl Library {
    pub(crate) const fn new(users: Dir, uploads: Arc<Dir>) -> Self {
        Self { users, uploads }
    }

    /// Begins an upload, which is cut off beyond `limit_bytes`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn upload(&self, limit_bytes: u64) -> Result<Upload, Error> {
        Upload::begin(&self.uploads, limit_bytes)
    }

    fn folder(&self, user: UserId, folder: &str) -> Result<Dir, Error> {
        private_folder(&self.users, format!("{}/{folder}", user.0)).doing("open a user's folder")
    }
}
