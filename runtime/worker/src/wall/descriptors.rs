//! What a process was handed without being meant to have it: whatever was open without the mark that ends it with `exec`,
//! in the front or in who started the front.

use std::io;

use super::{Layer, Standing};

/// Those below are the standard streams, the first of which is the link.
const FIRST_OF_OTHERS: libc::c_uint = 3;

/// Closes all that is open but the standard streams.
#[expect(
    unsafe_code,
    reason = "the kernel's call has no safe wrapper: nobody can own what it closes"
)]
pub(super) fn close_others() -> io::Result<Standing> {
    let none: libc::c_uint = 0;
    // SAFETY: the call touches no memory. It is made where the process has opened nothing yet, so no value of this program
    // owns one of the descriptors that it closes.
    let closed = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST_OF_OTHERS,
            libc::c_uint::MAX,
            none,
        )
    };
    if closed == 0 {
        return Ok(Standing::up(Layer::Descriptors));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS) => Ok(Standing::missing(
            Layer::Descriptors,
            "the kernel cannot close what it was handed by others: Linux 5.9 can",
        )),
        _ => Err(error),
    }
}
