//! Removes a tree that somebody hostile made: links are removed and never followed, a tree of any depth costs a fixed
//! number of open directories, and a call does a bounded amount of work.

use std::{ffi::OsStr, io, os::fd::OwnedFd};

use cap_std::fs::Dir;
use rustix::{
    fs::{AtFlags, Mode, OFlags, RenameFlags},
    io::Errno,
};

use crate::{Error, error::Doing};

/// How far a removal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "there may be more to remove"]
pub enum Removal {
    /// Nothing is left.
    Done,
    /// There is more: call again.
    More,
}

impl Removal {
    /// What one call removes at most, so that a guest's million files do not keep the caller from other work.
    pub const ENTRIES_PER_CALL: u32 = 10_000;
}

/// Directories held open at once. What lies deeper is moved up and removed from there.
const DEPTH_MAX: u32 = 16;

/// Removes some of the tree `name` of `parent`.
pub(crate) fn remove_some(parent: &Dir, name: &OsStr) -> Result<Removal, Error> {
    open_folder(parent, ".".as_ref())
        .and_then(|parent| remove_tree(&parent, name))
        .doing("remove the directory of an attempt")
}

/// Removes everything in a folder, however long it takes. The folder stays.
pub(crate) fn remove_all_in(folder: &Dir) -> io::Result<()> {
    let parent = open_folder(folder, ".".as_ref())?;
    for entry in folder.entries()? {
        let name = entry?.file_name();
        while remove_tree(&parent, &name)? == Removal::More {}
    }
    Ok(())
}

fn remove_tree(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<Removal> {
    if unlinked(parent, name)? {
        return Ok(Removal::Done);
    }
    let Some(tree) = open_to_empty(parent, name)? else {
        return Ok(Removal::Done);
    };
    let mut sweep = Sweep {
        tree: &tree,
        steps_left: Removal::ENTRIES_PER_CALL,
    };
    sweep.remove_folder(parent, name, &tree, 0)
}

struct Sweep<'a> {
    /// The root of the tree. Directories that lie too deep are moved up to here.
    tree: &'a OwnedFd,
    steps_left: u32,
}

impl Sweep<'_> {
    fn remove(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        depth: u32,
    ) -> rustix::io::Result<Removal> {
        let Some(steps_left) = self.steps_left.checked_sub(1) else {
            return Ok(Removal::More);
        };
        self.steps_left = steps_left;
        if unlinked(parent, name)? {
            return Ok(Removal::Done);
        }
        if depth == DEPTH_MAX {
            return self.move_up(parent, name);
        }
        match open_to_empty(parent, name)? {
            Some(folder) => self.remove_folder(parent, name, &folder, depth),
            None => Ok(Removal::Done),
        }
    }

    fn remove_folder(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        folder: &OwnedFd,
        depth: u32,
    ) -> rustix::io::Result<Removal> {
        // What was moved up may have missed the listing, hence again until nothing is left.
        loop {
            if self.remove_entries(folder, depth)? == Removal::More {
                return Ok(Removal::More);
            }
            if unlinked(parent, name)? {
                return Ok(Removal::Done);
            }
        }
    }

    fn remove_entries(&mut self, folder: &OwnedFd, depth: u32) -> rustix::io::Result<Removal> {
        for entry in rustix::fs::Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let name = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name);
            if self.remove(folder, name, depth + 1)? == Removal::More {
                return Ok(Removal::More);
            }
        }
        // A listing that showed nothing of what is there must not become an endless loop.
        self.steps_left = self.steps_left.saturating_sub(1);
        Ok(if self.steps_left == 0 {
            Removal::More
        } else {
            Removal::Done
        })
    }

    fn move_up(&mut self, parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<Removal> {
        while let Some(steps_left) = self.steps_left.checked_sub(1) {
            self.steps_left = steps_left;
            let higher = format!(".removing-{steps_left}");
            let flags = RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(parent, name, self.tree, &*higher, flags) {
                // The guest was there first, with that very name: try the next.
                Err(Errno::EXIST) => {}
                Err(Errno::NOENT) => return Ok(Removal::Done),
                moved => return moved.map(|()| Removal::Done),
            }
        }
        Ok(Removal::More)
    }
}

/// Whether `name` is gone: a file, a link, or a directory without entries.
fn unlinked(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<bool> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(true),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(error) => Err(error),
    }
}

/// `None` when it is gone.
fn open_to_empty(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<Option<OwnedFd>> {
    let folder = match open_folder(parent, name) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened?,
    };
    // An unpacked input has folders that nobody may write to, its owner included.
    rustix::fs::fchmod(&folder, Mode::RWXU)?;
    Ok(Some(folder))
}

fn open_folder(parent: impl std::os::fd::AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}
