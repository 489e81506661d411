//! What a worker and a compiler have to do, and still can.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::thread;
use std::time::Duration;

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use super::{Answer, Deed, Expected};
use crate::planted::Surroundings;

pub(super) const DEEDS: &[Deed] = &[
    honest(
        "write, rename, read and remove files of an attempt",
        |world| {
            let out = world.path("one/attempts/1/out");
            let (first, second) = (out.join("first"), world.path("one/state/second"));
            let done = fs::write(&first, "words")
                .and_then(|()| fs::rename(&first, &second))
                .and_then(|()| fs::read(&second))
                .and_then(|_| fs::remove_file(&second))
                .and_then(|()| fs::create_dir(out.join("folder")))
                .and_then(|()| fs::remove_dir(out.join("folder")));
            Answer::of(done)
        },
    ),
    honest("read an input", |world| {
        Answer::of(fs::read(world.path("one/inputs/a/file")))
    }),
    honest("write to the link", |_| {
        let link = io::stdin().as_fd().try_clone_to_owned();
        let written = link.and_then(|link| Ok(rustix::io::write(link, b"words")?));
        Answer::of(written)
    }),
    honest("have images of memories", |_| {
        let made = memfd_create(c"image", MemfdFlags::ALLOW_SEALING);
        Answer::of(
            made.and_then(|image| ftruncate(image, 1 << 16))
                .map_err(Into::into),
        )
    }),
    honest("start threads and wait", threads),
    honest("make machine code", machine_code),
    honest("compiler: start threads and wait", threads),
    honest("compiler: make machine code", machine_code),
    honest("compiler: write the answer", |_| {
        Answer::of(io::stdout().flush())
    }),
    honest("compiler: read its input", |_| {
        // Nobody has written, so it may only be refused for that.
        let mut stdin = io::stdin().lock();
        rustix::io::ioctl_fionbio(&stdin, true).unwrap();
        match stdin.read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Answer::Done,
            other => Answer::of(other),
        }
    }),
];

const fn honest(name: &'static str, act: fn(&Surroundings) -> Answer) -> Deed {
    Deed {
        name,
        act,
        expected: Expected::Done,
        needs: &[],
        works_without_the_wall: true,
    }
}

fn threads(_: &Surroundings) -> Answer {
    let nap = || thread::sleep(Duration::from_millis(1));
    let started = thread::Builder::new().name("another".into()).spawn(nap);
    Answer::of(started.map(thread::JoinHandle::join))
}

#[expect(unsafe_code, reason = "memory is asked for as the engine does it")]
fn machine_code(_: &Surroundings) -> Answer {
    const LENGTH: usize = 1 << 16;
    let write = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: new memory, at a place that the kernel chooses.
    let mapped = unsafe { mmap_anonymous(std::ptr::null_mut(), LENGTH, write, MapFlags::PRIVATE) };
    let Ok(place) = mapped else {
        return Answer::of(mapped.map_err(Into::into));
    };
    // SAFETY: nothing refers to this memory.
    let made = unsafe { mprotect(place, LENGTH, MprotectFlags::READ | MprotectFlags::EXEC) };
    // SAFETY: the same.
    let freed = unsafe { munmap(place, LENGTH) };
    Answer::of(made.and(freed).map_err(Into::into))
}
