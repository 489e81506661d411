//! Which calls to the kernel a process may make, by seccomp: those that guests need, or the compiler, and no other.
//!
//! A call that is on no list is answered with `EPERM`. One that only foreign code would make ends the process: what made
//! it is not to have another try. It holds for every thread, and for good.

#[cfg(target_arch = "x86_64")]
mod lists;

use std::io;

use super::{Room, Standing};

/// Closes all calls but those of the room.
#[cfg(target_arch = "x86_64")]
pub(super) fn close(room: Room<'_>) -> io::Result<Standing> {
    use rustix::thread::{SecureComputingMode, secure_computing_mode};

    use super::Layer;

    if !has_seccomp() {
        return Ok(Standing::missing(
            Layer::Calls,
            "the kernel was built without seccomp",
        ));
    }
    for filter in lists::filters(room).map_err(io::Error::other)? {
        seccompiler::apply_filter_all_threads(&filter).map_err(io::Error::other)?;
    }
    match secure_computing_mode()? {
        SecureComputingMode::Filter => Ok(Standing::up(Layer::Calls)),
        other => Err(io::Error::other(format!(
            "the kernel took the list of calls and is in mode {other:?}"
        ))),
    }
}

/// Closes what not even the front has a use for, where the kernel can.
#[cfg(target_arch = "x86_64")]
pub(super) fn close_those_of_nobody() -> io::Result<()> {
    if !has_seccomp() {
        return Ok(());
    }
    let filter = lists::filter_of_the_front().map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&filter).map_err(io::Error::other)
}

#[cfg(target_arch = "x86_64")]
fn has_seccomp() -> bool {
    rustix::thread::secure_computing_mode() != Err(rustix::io::Errno::INVAL)
}

/// The numbers of calls differ from processor to processor, and each list is to be measured.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn close(_room: Room<'_>) -> io::Result<Standing> {
    let why = format!(
        "the list of calls is for x86-64, and this processor is {}",
        std::env::consts::ARCH
    );
    Ok(Standing::missing(super::Layer::Calls, why))
}

/// See [`close`].
#[cfg(not(target_arch = "x86_64"))]
#[expect(clippy::unnecessary_wraps, reason = "as where there is a list")]
pub(super) fn close_those_of_nobody() -> io::Result<()> {
    Ok(())
}
