//! Getting at what is not the worker's: files, memory, descriptors, privileges.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::BorrowedFd;

use sublet_worker::wall::Layer::{Calls, Descriptors, Files, Privileges};

use super::{Answer, Deed, Expected};

const DENIED: Expected = Expected::Refused(&[libc::EACCES]);

pub(super) const DEEDS: &[Deed] = &[
    file("read the store", |world| {
        Answer::of(fs::read(world.path("store")))
    }),
    file("read a key", |world| {
        Answer::of(fs::read(world.path("keys/authority.key")))
    }),
    file("look at which keys there are", |world| {
        Answer::of(fs::read_dir(world.path("keys")))
    }),
    file("read a file of another user", |world| {
        Answer::of(fs::read(world.path("two/attempts/file")))
    }),
    file("read the accounts", |_| Answer::of(fs::read("/etc/passwd"))),
    file("write to the store", |world| {
        Answer::of(OpenOptions::new().append(true).open(world.path("store")))
    }),
    file("cut off the store", |world| {
        Answer::of(rustix_truncate(&world.path("two/attempts/file")))
    }),
    file("write to an input", |world| {
        Answer::of(
            OpenOptions::new()
                .write(true)
                .open(world.path("one/inputs/a/file")),
        )
    }),
    file("make a file beside its directories", |world| {
        Answer::of(File::create(world.path("one/file")))
    }),
    file("read the store through a link of its own", |world| {
        let link = world.path("one/attempts/1/link");
        let made = std::os::unix::fs::symlink(world.path("store"), &link);
        let read = made.and_then(|()| fs::read(&link));
        let removed = fs::remove_file(&link);
        Answer::of(read.and(removed))
    }),
    Deed {
        expected: Expected::Refused(&[libc::EACCES, libc::EXDEV]),
        ..file("link the store into its directory", |world| {
            let link = world.path("one/attempts/1/hard");
            Answer::of(
                fs::hard_link(world.path("store"), &link).and_then(|()| fs::remove_file(&link)),
            )
        })
    },
    file("read what the front was started with", |world| {
        Answer::of(fs::read(format!("/proc/{}/cmdline", world.front)))
    }),
    file("read the memory of the front", |world| {
        Answer::of(File::open(format!("/proc/{}/maps", world.front)))
    }),
    file("write to its own memory past the page rights", |_| {
        Answer::of(OpenOptions::new().write(true).open("/proc/self/mem"))
    }),
    Deed {
        expected: Expected::Refused(&[libc::EBADF]),
        needs: &[Descriptors],
        ..file("read what was left open", |world| {
            Answer::of(seek(world.leaked))
        })
    },
    Deed {
        name: "have memory that others may read",
        act: |_| match rustix::process::dumpable_behavior() {
            Ok(rustix::process::DumpableBehavior::NotDumpable) => Answer::Refused(0),
            Ok(_) => Answer::Done,
            Err(error) => Answer::of::<()>(Err(error.into())),
        },
        // The question itself is on no list.
        expected: Expected::Refused(&[libc::EPERM]),
        needs: &[Privileges, Calls],
        works_without_the_wall: true,
    },
    Deed {
        name: "compiler: read its own program",
        act: |_| Answer::of(File::open("/proc/self/exe")),
        expected: Expected::Refused(&[libc::EPERM]),
        needs: &[Calls],
        works_without_the_wall: true,
    },
];

/// A deed that Landlock sees to, and that would work otherwise.
const fn file(name: &'static str, act: fn(&crate::planted::Surroundings) -> Answer) -> Deed {
    Deed {
        name,
        act,
        expected: DENIED,
        needs: &[Files],
        works_without_the_wall: true,
    }
}

fn rustix_truncate(path: &std::path::Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .map(drop)
}

#[expect(
    unsafe_code,
    reason = "the descriptor is a number that was left behind"
)]
fn seek(descriptor: i32) -> io::Result<u64> {
    // SAFETY: the descriptor is used within this call only, and it is what is asked whether it is open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    Ok(rustix::fs::seek(borrowed, rustix::fs::SeekFrom::Start(0))?)
}
