//! Somebody who runs code of their own in the front has its files and keys; of the machine they are to get no more, and the
//! front is to go on as before.

use sublet_worker::wall::Layer::Calls;

use super::asking::{call, socket};
use super::{Answer, Deed, Expected};
use crate::planted::Surroundings;

const REFUSED: Expected = Expected::Refused(&[libc::EPERM]);

pub(super) const DEEDS: &[Deed] = &[
    front("front: steer another process", REFUSED, |world| {
        let attach = usize::try_from(libc::PTRACE_SEIZE).unwrap();
        let other = usize::try_from(world.other).unwrap();
        Answer::of(call(libc::SYS_ptrace, [attach, other, 0, 0, 0, 0]))
    }),
    front("front: make calls that nobody sees", REFUSED, |_| {
        Answer::of(call(libc::SYS_io_uring_setup, [1, 0, 0, 0, 0, 0]))
    }),
    front("front: mount", REFUSED, |_| {
        Answer::of(call(libc::SYS_mount, [0; 6]))
    }),
    front("front: have the kernel run a program", REFUSED, |_| {
        Answer::of(call(libc::SYS_bpf, [0; 6]))
    }),
    front("front: make a raw socket", REFUSED, |_| {
        let family = usize::try_from(libc::AF_PACKET).unwrap();
        let kind = usize::try_from(libc::SOCK_RAW).unwrap();
        Answer::of(call(libc::SYS_socket, [family, kind, 0, 0, 0, 0]))
    }),
    front("front: start a program", Expected::Done, |_| {
        let status = std::process::Command::new("true").status();
        Answer::of(status)
    }),
    front("front: make a socket", Expected::Done, |_| {
        socket(libc::AF_INET)
    }),
    front("front: read its store", Expected::Done, |world| {
        Answer::of(std::fs::read(world.path("store")))
    }),
];

const fn front(name: &'static str, expected: Expected, act: fn(&Surroundings) -> Answer) -> Deed {
    Deed {
        name,
        act,
        expected,
        needs: &[Calls],
        works_without_the_wall: false,
    }
}
