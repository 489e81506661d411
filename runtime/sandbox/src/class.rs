//! What the kernel thinks of a thread: whether it competes with others and on which terms, or has only what nobody else
//! wants.

use std::io;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::gettid;

/// As far behind others as a thread can be without being of the idle class.
const LOWEST_NICENESS: i32 = 19;
/// Of guests within their share, where those beyond it are in the idle class: at nice 10 a spinning guest still holds up
/// the front for a whole tick of the kernel now and then.
const GUEST_NICENESS: i32 = 15;
/// Of guests within their share, where those beyond it have [`LOWEST_NICENESS`], and have to stand well behind.
const GUEST_NICENESS_AMONG_OTHERS: i32 = 10;
/// The shortest slice that the kernel knows.
const SHORTEST_SLICE: Duration = Duration::from_micros(100);
/// More than any host's usual slice, which is 2.8 ms at most: whoever wakes with a shorter one goes before.
const LONG_SLICE: Duration = Duration::from_millis(6);

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

/// Cuts the time of the calling thread, and of all that it starts, into slices that are as short as the kernel has them.
/// Who wakes goes before whoever has longer ones, as guests have, and does not wait for the kernel's next tick. Kernels
/// before Linux 6.12 have slices of one length for all and take no notice (`sched_runtime` in `sched_setattr(2)`).
///
/// # Errors
/// When the host forbids it, which costs a courtesy and no promise.
pub fn be_prompt() -> io::Result<()> {
    set_slice(SHORTEST_SLICE)
}

/// The opposite: all else on the host goes before the calling thread, and those that it starts, when it wakes, and the
/// threads of the kernel that write to disks with it.
///
/// # Errors
/// When the host forbids it, which costs a courtesy and no promise.
pub fn be_patient() -> io::Result<()> {
    set_slice(LONG_SLICE)
}

/// Starts threads for guests, which are patient; the calling thread is prompt afterwards.
///
/// Threads have the slices of the one that starts them, so this is done where the wall does not stand yet: behind it there
/// is no call that sets them.
pub fn start_guests<T>(start: impl FnOnce() -> T) -> T {
    // A host that forbids it has slices of its own.
    drop(be_patient());
    let started = start();
    drop(be_prompt());
    started
}

/// Has the calling thread, on which guests run, stand behind all that serves them.
///
/// # Errors
/// When the host forbids it, which costs a courtesy and no promise.
pub fn stand_back() -> io::Result<()> {
    // Whoever starts the server may have it give way to more than that already.
    let niceness = getpriority_process(None)?.max(guest_niceness_beside(bursting()));
    Ok(setpriority_process(None, niceness)?)
}

const fn guest_niceness_beside(bursting: Bursting) -> i32 {
    match bursting {
        Bursting::Idle => GUEST_NICENESS,
        Bursting::LowestNiceness => GUEST_NICENESS_AMONG_OTHERS,
    }
}

/// Puts the calling thread behind all others, for good.
pub(crate) fn step_behind() -> io::Result<()> {
    match bursting() {
        Bursting::Idle => enter_idle(gettid()),
        Bursting::LowestNiceness => Ok(setpriority_process(None, LOWEST_NICENESS)?),
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

/// Tells the kernel how long the calling thread, which keeps its niceness, may go on at a time.
#[expect(
    unsafe_code,
    reason = "the kernel's call has no safe wrapper among our dependencies"
)]
fn set_slice(slice: Duration) -> io::Result<()> {
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let terms = libc::sched_attr {
        size: u32::try_from(size_of::<libc::sched_attr>()).map_err(invalid)?,
        sched_policy: u32::try_from(libc::SCHED_OTHER).map_err(invalid)?,
        sched_flags: 0,
        sched_nice: getpriority_process(None)?,
        sched_priority: 0,
        sched_runtime: u64::try_from(slice.as_nanos()).map_err(invalid)?,
        sched_deadline: 0,
        sched_period: 0,
    };
    let (calling_thread, no_flags) = (0, 0);
    // SAFETY: the kernel reads as many bytes behind the pointer as the first field says, which are those of the structure
    // that lives as long as the call, and writes nothing.
    let set = unsafe {
        libc::syscall(
            libc::SYS_sched_setattr,
            calling_thread,
            &raw const terms,
            no_flags,
        )
    };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The niceness and the slice, in nanoseconds, of the calling thread. No slice where the kernel does not tell.
    fn terms() -> (i32, Option<f64>) {
        let told = std::fs::read_to_string("/proc/thread-self/sched").unwrap_or_default();
        let slice = told.lines().find(|line| line.starts_with("se.slice"));
        let slice = slice.and_then(|line| line.split(':').nth(1)?.trim().parse().ok());
        (getpriority_process(None).unwrap(), slice)
    }

    #[test]
    fn who_is_prompt_has_shorter_slices_than_others_and_guests_have_longer_ones() {
        let told = thread::spawn(|| {
            let usual = terms();
            be_prompt().unwrap();
            let heir = thread::spawn(terms).join().unwrap();
            let guest = start_guests(|| thread::spawn(terms)).join().unwrap();
            [terms(), heir, usual, guest]
        });
        let told = told.join().unwrap();
        assert!(told.iter().all(|terms| terms.0 == told[0].0), "{told:?}");
        // A kernel that does not tell may not heed it either.
        if let [Some(prompt), Some(heir), Some(usual), Some(guest)] = told.map(|terms| terms.1) {
            assert!(prompt == heir && heir < usual && usual < guest, "{told:?}");
        }
    }

    #[test]
    fn who_runs_guests_stands_back() {
        let stood_back = thread::spawn(|| stand_back().map(|()| terms().0));
        let niceness = stood_back.join().unwrap().unwrap();
        assert_eq!(niceness, guest_niceness_beside(bursting()).max(terms().0));
    }

    #[test]
    fn guests_within_their_share_stand_before_those_beyond() {
        for bursting in [Bursting::Idle, Bursting::LowestNiceness] {
            assert!(guest_niceness_beside(bursting) < LOWEST_NICENESS);
        }
    }
}
