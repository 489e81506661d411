//! Somebody who broke out where only one layer stands: the account of the host that root gave the worker. These are tried
//! with nothing else around them, so that it is seen what this one does alone.

use std::fs;
use std::io;

use rustix::process::getuid;

use super::asking::{call, id};
use super::{Answer, Deed, Expected};
use crate::planted::{ACCOUNT, Surroundings};

const REFUSED: Expected = Expected::Refused(&[libc::EACCES, libc::EPERM]);
const NO_SUCH_ACCOUNT: Expected = Expected::Refused(&[libc::EINVAL, libc::EPERM]);

pub(super) const DEEDS: &[Deed] = &[
    another("account: read the store", REFUSED, |world| {
        Answer::of(fs::read(world.path("store")))
    }),
    another("account: read a key", REFUSED, |world| {
        Answer::of(fs::read(world.path("keys/authority.key")))
    }),
    another(
        "account: write beside the files of another user",
        REFUSED,
        |world| Answer::of(fs::write(world.path("two/attempts/new"), "words")),
    ),
    another("account: signal another worker", REFUSED, |world| {
        Answer::of(call(libc::SYS_kill, [id(world.other), 0, 0, 0, 0, 0]))
    }),
    another("account: slow another worker", REFUSED, |world| {
        let priority = [0_i32];
        let idle = usize::try_from(libc::SCHED_IDLE).unwrap();
        let priority = priority.as_ptr().addr();
        Answer::of(call(
            libc::SYS_sched_setscheduler,
            [id(world.other), idle, priority, 0, 0, 0],
        ))
    }),
    another("account: read the memory of the front", REFUSED, |world| {
        Answer::of(fs::File::open(format!("/proc/{}/mem", world.front)))
    }),
    // In a namespace of its own there is none.
    another("account: become root again", NO_SUCH_ACCOUNT, |_| {
        Answer::of(call(libc::SYS_setuid, [0; 6]))
    }),
    // The number within is that of nobody.
    another("account: be somebody else", Expected::Done, |_| {
        let map = fs::read_to_string("/proc/self/uid_map");
        let account = ACCOUNT.number().to_string();
        let is_it = |map: String| map.contains(&account) || getuid().as_raw() == ACCOUNT.number();
        Answer::of(map.and_then(|map| match is_it(map) {
            true => Ok(()),
            false => Err(io::Error::other("it is not that account")),
        }))
    }),
];

const fn another(name: &'static str, expected: Expected, act: fn(&Surroundings) -> Answer) -> Deed {
    Deed {
        name,
        act,
        expected,
        needs: &[],
        works_without_the_wall: false,
    }
}
