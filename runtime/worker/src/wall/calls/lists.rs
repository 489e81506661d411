//! The lists of calls: what needs them, and what each of the forbidden families would be good for.
//!
//! They began with what `strace -f` showed of workers and compilers at work. Beside it stand the calls that engine, runtime
//! and files are known to make, in the forms of other C libraries and older kernels too.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::super::Room;

/// For each call: let it through always, or only where one of the rules holds.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Memory, threads, time and signals of this process itself; reading and writing what is open.
const OF_EVERY_PROCESS: &[c_long] = &[
    // Memory. Machine code is written first and made executable then, so `mprotect` stays whole.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Threads. The one way to make them that can be looked into is `clone`, below.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Faults of guests are signals.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    // What is open.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_poll,
    libc::SYS_ppoll,
    // Not of this program's own: the C library asks for them when it starts a thread or looks for memory.
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_arch_prctl,
];

/// What guests need beside that.
const OF_GUESTS: &[c_long] = &[
    // The images of their memories.
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    // Their files. Landlock says which.
    libc::SYS_open,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_unlink,
    libc::SYS_rmdir,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_link,
    libc::SYS_linkat,
    libc::SYS_symlink,
    libc::SYS_symlinkat,
    libc::SYS_utimensat,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_fchmod,
    // Waiting for many things at once.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    // The link, and sockets that came over it. There is no call here that makes one or names a peer.
    libc::SYS_recvmsg,
    libc::SYS_recvfrom,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    // How far behind others a thread stands.
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_getparam,
    libc::SYS_getpriority,
    libc::SYS_times,
    libc::SYS_getcwd,
    libc::SYS_getppid,
];

/// What nothing of ours ever asks for, the front included.
const OF_NOBODY: &[c_long] = &[
    // Read or steer other processes of the account.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Make calls that no filter sees.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Parts of the kernel that are attacked again and again.
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_personality,
    // Other views of files.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_iopl,
    libc::SYS_ioperm,
];

/// What beside that no guest, no engine and no library of ours asks for in a worker. Whoever does came from outside, and is
/// ended.
const FOREIGN: &[c_long] = &[
    // Run another program: a shell would be next.
    libc::SYS_execve,
    libc::SYS_execveat,
    // Become several processes, which live on when this one is ended.
    libc::SYS_fork,
    libc::SYS_vfork,
    // Signal others: the front, which has the keys, and workers of other users. Our own threads are reached with `tgkill`,
    // below.
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    // Other views of processes and networks.
    libc::SYS_unshare,
    // A network of its own: sockets come from the front, connected.
    libc::SYS_socket,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_connect,
    libc::SYS_accept4,
];

/// Name a thread and a region of memory; ask whether calls are filtered, and what the kernel told at the start.
const PROCESS_FACTS: [u64; 4] = [15, 0x5356_4d41, 21, 0x4155_5856];
/// Ask the kernel which pages were written to, how much can be read, whether it is a terminal, and do not wait.
const CONTROLS: [u64; 4] = [0xc060_6610, 0x541b, 0x5401, 0x5421];

/// For the front and for all that it starts: workers end for what the front is refused.
pub(super) fn filter_of_the_front() -> Result<BpfProgram, BackendError> {
    let not_permitted = SeccompAction::Errno(errno(libc::EPERM));
    program(any(OF_NOBODY), SeccompAction::Allow, not_permitted)
}

/// In the order in which they are to be installed: with the last one, no other can be.
pub(super) fn filters(room: Room<'_>) -> Result<Vec<BpfProgram>, BackendError> {
    let no_such_call = SeccompAction::Errno(errno(libc::ENOSYS));
    let not_permitted = SeccompAction::Errno(errno(libc::EPERM));
    Ok(vec![
        program(
            any(&[FOREIGN, OF_NOBODY].concat()),
            SeccompAction::Allow,
            SeccompAction::KillProcess,
        )?,
        // What it is to make stands in memory, where no filter can look. The C library then takes `clone`.
        program(any(&[libc::SYS_clone3]), SeccompAction::Allow, no_such_call)?,
        program(allowed(room)?, not_permitted, SeccompAction::Allow)?,
    ])
}

fn any(calls: &[c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn program(
    rules: Rules,
    otherwise: SeccompAction,
    where_listed: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, where_listed, TargetArch::x86_64)?.try_into()
}

fn allowed(room: Room<'_>) -> Result<Rules, BackendError> {
    let mut rules = any(OF_EVERY_PROCESS);
    // The filter before this one answers it.
    rules.insert(libc::SYS_clone3, Vec::new());
    rules.extend(conditions_of_every_process()?);
    if let Room::Worker(_) = room {
        rules.extend(any(OF_GUESTS));
        rules.extend(conditions_of_guests()?);
    }
    Ok(rules)
}

fn conditions_of_every_process() -> Result<Rules, BackendError> {
    let thread = flag(libc::CLONE_THREAD);
    let me = u64::from(std::process::id());
    Ok(BTreeMap::from([
        (
            libc::SYS_clone,
            vec![SeccompRule::new(vec![whole(
                0,
                SeccompCmpOp::MaskedEq(thread),
                thread,
            )?])?],
        ),
        // How a process ends itself.
        (libc::SYS_tgkill, each(0, &[me])?),
        // Look at limits, its own, and set none.
        (
            libc::SYS_prlimit64,
            vec![SeccompRule::new(vec![
                number(0, 0)?,
                whole(2, SeccompCmpOp::Eq, 0)?,
            ])?],
        ),
        (libc::SYS_prctl, each(0, &PROCESS_FACTS)?),
        (libc::SYS_ioctl, each(1, &CONTROLS)?),
        // Not among them: being signalled about a descriptor, or having somebody else be.
        (
            libc::SYS_fcntl,
            each(
                1,
                &[
                    flag(libc::F_DUPFD),
                    flag(libc::F_DUPFD_CLOEXEC),
                    flag(libc::F_GETFD),
                    flag(libc::F_SETFD),
                    flag(libc::F_GETFL),
                    flag(libc::F_SETFL),
                    flag(libc::F_ADD_SEALS),
                ],
            )?,
        ),
    ]))
}

fn conditions_of_guests() -> Result<Rules, BackendError> {
    Ok(BTreeMap::from([
        // To whom the socket is connected, and to nobody else.
        (
            libc::SYS_sendto,
            vec![SeccompRule::new(vec![whole(4, SeccompCmpOp::Eq, 0)?])?],
        ),
        // The calling thread.
        (
            libc::SYS_setpriority,
            vec![SeccompRule::new(vec![number(0, 0)?, number(1, 0)?])?],
        ),
        // Behind all others, and back again. Threads have numbers that are not known yet, so it may name any.
        (
            libc::SYS_sched_setscheduler,
            each(1, &[flag(libc::SCHED_OTHER), flag(libc::SCHED_IDLE)])?,
        ),
    ]))
}

/// A rule for each of the numbers that an argument may be.
fn each(argument: u8, numbers: &[u64]) -> Result<Vec<SeccompRule>, BackendError> {
    let of = |value: &u64| SeccompRule::new(vec![number(argument, *value)?]);
    numbers.iter().map(of).collect()
}

/// Of a number the kernel itself looks at the lower half only, and callers leave anything in the upper one.
fn number(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// A pointer, or flags of the size of one.
fn whole(
    argument: u8,
    compare: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, compare, value)
}

/// A number of the kernel's, none of which is below zero.
fn flag(number: libc::c_int) -> u64 {
    u64::from(number.unsigned_abs())
}

fn errno(number: libc::c_int) -> u32 {
    number.unsigned_abs()
}
