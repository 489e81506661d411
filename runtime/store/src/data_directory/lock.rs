//! One server per data directory. The kernel keeps the lock and drops it with the process, however that ends, so there is
//! never a stale one; the number in the file only tells people who has it.

use std::io::{Read as _, Write as _};

use cap_std::fs::{Dir, File};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::{Error, durable::private_file, error::Doing};

/// The lock, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(root: &Dir) -> Result<Self, Error> {
        let mut options = private_file();
        let mut file = root
            .open_with("lock", options.create(true))
            .doing("open the lock file")?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(Error::Held {
                    pid: holder(&mut file),
                });
            }
            Err(error) => return Err(error).doing("lock the data directory"),
        }
        write_holder(&mut file).doing("write the lock file")?;
        Ok(Self { _file: file })
    }
}

/// Unknown for the moment between a holder's taking the lock and its writing its number.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}
