//! What the kernel thinks of a thread: whether it competes with others, or has only what nobody else wants.

use std::io;
use std::sync::OnceLock;
use std::thread;

use rustix::process::Pid;
use rustix::thread::gettid;

/// As far behind others as a thread can be without being of the idle class.
const LOWEST_NICENESS: i32 = 19;

/// How work beyond a share stands behind work within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bursting {
    /// In the kernel's idle class, and taken out of it at once when there is reason to.
    Idle,
    /// At the lowest niceness: this process has no right to leave the idle class again (`RLIMIT_NICE`, `CAP_SYS_NICE`),
    /// and a guest that could not be taken out of it could not be stopped in time on a busy machine.
    LowestNiceness,
}

/// What this process may do, found out once by doing it.
#[must_use]
pub fn bursting() -> Bursting {
    static FOUND: OnceLock<Bursting> = OnceLock::new();
    *FOUND.get_or_init(|| {
        // On a thread of its own, because without the right there is no way back.
        let there_and_back = thread::spawn(|| {
            let me = gettid();
            enter_idle(me).and_then(|()| leave_idle(me)).is_ok()
        });
        match there_and_back.join() {
            Ok(true) => Bursting::Idle,
            Ok(false) | Err(_) => Bursting::LowestNiceness,
        }
    })
}

/// Puts the calling thread behind all others, for good.
pub(crate) fn step_behind() -> io::Result<()> {
    match bursting() {
        Bursting::Idle => enter_idle(gettid()),
        Bursting::LowestNiceness => {
            rustix::process::setpriority_process(None, LOWEST_NICENESS).map_err(io::Error::from)
        }
    }
}

/// Gives a thread, or the main thread of a process, only what nobody else wants.
///
/// # Errors
/// When it has ended, or is not ours.
pub fn enter_idle(thread: Pid) -> io::Result<()> {
    set_policy(thread, libc::SCHED_IDLE)
}

/// Lets it compete again, at the niceness that it had.
///
/// # Errors
/// When it has ended, or the right is missing.
pub fn leave_idle(thread: Pid) -> io::Result<()> {
    set_policy(thread, libc::SCHED_OTHER)
}

#[expect(
    unsafe_code,
    reason = "the kernel's call has no safe wrapper among our dependencies"
)]
fn set_policy(thread: Pid, policy: libc::c_int) -> io::Result<()> {
    let priority: libc::c_int = 0;
    // The system call itself: one C library has only a stub of it.
    // SAFETY: the kernel reads one integer behind the pointer, which lives as long as the call, and writes nothing.
    let set = unsafe {
        libc::syscall(
            libc::SYS_sched_setscheduler,
            thread.as_raw_nonzero().get(),
            policy,
            &raw const priority,
        )
    };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
