//! Whose the directories of attempts are: the server's, or an account's of the host that a user's workers have for
//! themselves. Then it owns what its attempts write to, may pass through the folders above, and no more.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use cap_std::fs::{Dir, Permissions, PermissionsExt};
use rustix::fs::{AtFlags, Gid, Uid, chownat, fstat};

use crate::untrusted::{self, Found};

/// Others may pass through and not look. Above it lies the data directory, which only the server's account may enter.
const PASSABLE: u32 = 0o711;
/// How deep a state of former times may be to be handed over.
const DEPTH_MAX: usize = 256;

/// An account of the host, by its number as user and as group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub u32);

/// Lets the owner pass through a folder that stays the server's.
pub(super) fn let_pass(folder: &Dir, path: impl AsRef<Path>) -> io::Result<()> {
    folder.set_permissions(path, Permissions::from_mode(PASSABLE))
}

impl Owner {
    fn ids(self) -> (Option<Uid>, Option<Gid>) {
        (Some(Uid::from_raw(self.0)), Some(Gid::from_raw(self.0)))
    }

    /// Gives it a folder, and not what is in it.
    pub(super) fn give(self, folder: &Dir) -> io::Result<()> {
        let (user, group) = self.ids();
        Ok(chownat(folder, c".", user, group, AtFlags::empty())?)
    }

    /// Gives it a folder with all that is in it, unless it has it already. Links are given and not followed.
    pub(super) fn give_all(self, folder: &Dir) -> io::Result<()> {
        if fstat(folder)?.st_uid == self.0 {
            return Ok(());
        }
        self.give_below(folder, DEPTH_MAX)?;
        // Last: until then whoever tries again knows that it is not done.
        self.give(folder)
    }

    fn give_below(self, folder: &Dir, depth: usize) -> io::Result<()> {
        let Some(depth) = depth.checked_sub(1) else {
            let told = format!("its state is deeper than {DEPTH_MAX} folders");
            return Err(io::Error::other(told));
        };
        let (user, group) = self.ids();
        for entry in folder.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            if let Found::Folder(below) = untrusted::open(folder, &name)? {
                self.give_below(&Dir::from_std_file(below.into()), depth)?;
            }
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            chownat(folder.as_fd(), Path::new(&name), user, group, flags)?;
        }
        Ok(())
    }
}
