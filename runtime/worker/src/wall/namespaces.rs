//! What of the machine a process has a part in: a network in which nothing is, shared memory and names of its own, and an
//! account that is nobody's.
//!
//! Needs no rights where the host lets everybody make user namespaces. Where it does not, the layer is missing: the calls
//! that would use what is shared are on no list anyway.

use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::{Layer, Standing, privileges};

/// The account as which a process sees itself: the number that Linux keeps for nobody.
const NOBODY: u32 = 65_534;

/// Leaves what the processes of this host share. To be called on the one thread that there is: the kernel gives no account
/// of its own to one thread of several.
pub(super) fn leave_those_of_the_host() -> io::Result<Standing> {
    // Asked before: who has left without a number for its account can make no file.
    if !privileges::may_be_another_account()? {
        let why = "root makes none without the right CAP_SETFCAP";
        return Ok(Standing::missing(Layer::Namespaces, why));
    }
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    match unshare() {
        Ok(()) => {
            be_nobody(user, group)?;
            Ok(Standing::up(Layer::Namespaces))
        }
        Err(errno) => why_not(errno).map_or_else(
            || Err(errno.into()),
            |why| Ok(Standing::missing(Layer::Namespaces, why)),
        ),
    }
}

#[expect(
    unsafe_code,
    reason = "the call is unsafe for those who unshare descriptors"
)]
fn unshare() -> Result<(), Errno> {
    let flags =
        UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    // SAFETY: the table of descriptors stays shared, which is all that the function asks for.
    unsafe { unshare_unsafe(flags) }
}

/// The files stay those of the account; the number within is another.
fn be_nobody(user: u32, group: u32) -> io::Result<()> {
    // Without rights, a group is chosen only after none can be dropped.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{NOBODY} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{NOBODY} {group} 1"))
}

/// What the host says when it lets nobody, or no more, have namespaces.
fn why_not(errno: Errno) -> Option<&'static str> {
    match errno {
        Errno::PERM | Errno::ACCESS => Some("this host lets accounts without rights make none"),
        Errno::NOSPC | Errno::USERS => Some("this host allows no more of them"),
        Errno::INVAL | Errno::NOSYS => Some("the kernel was built without them"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_gives_none_says_why_and_other_errors_are_errors() {
        for errno in [Errno::PERM, Errno::NOSPC, Errno::INVAL] {
            assert!(why_not(errno).is_some(), "{errno}");
        }
        assert_eq!(why_not(Errno::NOMEM), None);
    }
}
