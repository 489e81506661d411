//! A private folder for something that is under way, gone with it unless it got its name.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use cap_std::fs::Dir;

use crate::{
    Error,
    durable::{private_folder, sync},
    error::Doing,
    work::remove_all_in,
};

pub(super) struct Scratch {
    parent: Dir,
    name: String,
    pub(super) folder: Dir,
    pub(super) path: PathBuf,
}

/// A name that nothing has, beginning with `word`.
pub(super) fn unused_name(word: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(".{word}.{}-{number}", std::process::id())
}

impl Scratch {
    /// A folder below `parent`, which lies at `path`.
    pub(super) fn below(parent: Dir, path: &Path, word: &str) -> Result<Self, Error> {
        let name = unused_name(word);
        let folder = private_folder(&parent, &name).doing("make a folder for what is under way")?;
        Ok(Self {
            path: path.join(&name),
            parent,
            name,
            folder,
        })
    }

    /// Gives it the name `name` beside where it is, in the place of an empty folder.
    pub(super) fn keep(&self, name: &str) -> Result<(), Error> {
        self.parent
            .rename(&self.name, &self.parent, name)
            .and_then(|()| sync(&self.parent))
            .doing("give what was restored its name")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Under its name, it is not ours any more. Folders that nobody may write to do not hold up this kind of removal.
        if self.parent.exists(&self.name) && remove_all_in(&self.folder).is_ok() {
            self.parent.remove_dir(&self.name).unwrap_or_default();
        }
    }
}
