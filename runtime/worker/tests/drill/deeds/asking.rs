//! Asking the kernel for what a worker has no use for: programs, processes, sockets, other views of the machine.

use std::io;

use sublet_worker::wall::Layer::{Calls, Namespaces};

use super::{Answer, Deed, Expected};
use crate::planted::Surroundings;

/// What belongs to no place in memory.
const NONE: usize = 0;

pub(super) const DEEDS: &[Deed] = &[
    working("run a program", Expected::Ended, |_| {
        let words = [c"echo".as_ptr().addr(), c"done".as_ptr().addr(), NONE];
        let (program, words) = (c"/bin/echo".as_ptr().addr(), words.as_ptr().addr());
        // Where it works, the program answers.
        Answer::of(call(libc::SYS_execve, [program, words, NONE, 0, 0, 0]))
    }),
    trying("run a program by its descriptor", Expected::Ended, |_| {
        Answer::of(call(
            libc::SYS_execveat,
            [usize::MAX, NONE, NONE, NONE, 0, 0],
        ))
    }),
    working("become two processes", Expected::Ended, |_| {
        child_ends(call(libc::SYS_fork, [0; 6]))
    }),
    working("become two processes by another call", REFUSED, |_| {
        let flags = usize::try_from(libc::SIGCHLD).unwrap();
        child_ends(call(libc::SYS_clone, [flags, 0, 0, 0, 0, 0]))
    }),
    trying(
        "become two processes by a call that no filter can look into",
        Expected::Refused(&[libc::ENOSYS]),
        |_| child_ends(call(libc::SYS_clone3, [NONE, 88, 0, 0, 0, 0])),
    ),
    working("make a socket for the network", Expected::Ended, |_| {
        socket(libc::AF_INET)
    }),
    working("make a socket for this host", Expected::Ended, |_| {
        socket(libc::AF_UNIX)
    }),
    working("make a pair of sockets", REFUSED, |_| {
        Answer::of(std::os::unix::net::UnixStream::pair())
    }),
    working("reach a port", Expected::Ended, |world| {
        Answer::of(std::net::TcpStream::connect(("127.0.0.1", world.port)))
    }),
    alone(
        "reach a port from a network of its own",
        &[libc::ENETUNREACH],
        |world| Answer::of(std::net::TcpStream::connect(("127.0.0.1", world.port))),
    ),
    alone(
        "send to a port from a network of its own",
        &[libc::ENETUNREACH],
        |world| {
            let socket = std::net::UdpSocket::bind("0.0.0.0:0");
            Answer::of(socket.and_then(|socket| socket.send_to(b"?", ("127.0.0.1", world.port))))
        },
    ),
    working("listen", Expected::Ended, |_| {
        Answer::of(std::net::TcpListener::bind("127.0.0.1:0"))
    }),
    trying(
        "connect the link with somebody else",
        Expected::Ended,
        |_| Answer::of(call(libc::SYS_connect, [0, NONE, 0, 0, 0, 0])),
    ),
    trying("send to a peer that it names", REFUSED, |_| {
        let peer = [0_u8; 16];
        let peer = peer.as_ptr().addr();
        Answer::of(call(libc::SYS_sendto, [0, peer, 1, 0, peer, 16]))
    }),
    trying("send descriptors away", REFUSED, |_| {
        Answer::of(call(libc::SYS_sendmsg, [0, NONE, 0, 0, 0, 0]))
    }),
    working("signal the front", Expected::Ended, |world| {
        Answer::of(call(libc::SYS_kill, [id(world.front), 0, 0, 0, 0, 0]))
    }),
    working("signal another worker", Expected::Ended, |world| {
        Answer::of(call(libc::SYS_kill, [id(world.other), 0, 0, 0, 0, 0]))
    }),
    working("signal a thread of the front", REFUSED, |world| {
        let front = id(world.front);
        Answer::of(call(libc::SYS_tgkill, [front, front, 0, 0, 0, 0]))
    }),
    working(
        "hold another worker by a descriptor",
        Expected::Ended,
        |world| Answer::of(call(libc::SYS_pidfd_open, [id(world.other), 0, 0, 0, 0, 0])),
    ),
    trying("steer the front", Expected::Ended, |world| {
        let attach = usize::try_from(libc::PTRACE_ATTACH).unwrap();
        Answer::of(call(
            libc::SYS_ptrace,
            [attach, id(world.front), 0, 0, 0, 0],
        ))
    }),
    trying(
        "read the memory of the front by a call",
        Expected::Ended,
        |world| {
            Answer::of(call(
                libc::SYS_process_vm_readv,
                [id(world.front), 0, 0, 0, 0, 0],
            ))
        },
    ),
    trying(
        "write to the memory of the front by a call",
        Expected::Ended,
        |world| {
            Answer::of(call(
                libc::SYS_process_vm_writev,
                [id(world.front), 0, 0, 0, 0, 0],
            ))
        },
    ),
    trying("make calls that nobody sees", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_io_uring_setup, [1, NONE, 0, 0, 0, 0]))
    }),
    trying("have the kernel run a program", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_bpf, [0; 6]))
    }),
    trying("catch faults of the kernel", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_userfaultfd, [0; 6]))
    }),
    trying("count what others do", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_perf_event_open, [0; 6]))
    }),
    trying("use the keys of the kernel", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_keyctl, [0; 6]))
    }),
    trying("mount", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_mount, [0; 6]))
    }),
    trying("have another view of the machine", Expected::Ended, |_| {
        let users = usize::try_from(libc::CLONE_NEWUSER).unwrap();
        Answer::of(call(libc::SYS_unshare, [users, 0, 0, 0, 0, 0]))
    }),
    trying("enter the view of another", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_setns, [0; 6]))
    }),
    trying("load a kernel", Expected::Ended, |_| {
        Answer::of(call(libc::SYS_kexec_load, [0; 6]))
    }),
    working("change its limits", REFUSED, |_| {
        let limit = [0_u64, 0];
        let core = usize::try_from(libc::RLIMIT_CORE).unwrap();
        Answer::of(call(
            libc::SYS_prlimit64,
            [0, core, limit.as_ptr().addr(), NONE, 0, 0],
        ))
    }),
    trying("change the limits of the front", REFUSED, |world| {
        Answer::of(call(
            libc::SYS_prlimit64,
            [id(world.front), 0, NONE, NONE, 0, 0],
        ))
    }),
    working("show its memory again", REFUSED, |_| {
        let dumpable = usize::try_from(libc::PR_SET_DUMPABLE).unwrap();
        Answer::of(call(libc::SYS_prctl, [dumpable, 1, 0, 0, 0, 0]))
    }),
    working(
        "have the front signalled about a descriptor",
        REFUSED,
        |world| {
            let own = usize::try_from(libc::F_SETOWN).unwrap();
            Answer::of(call(libc::SYS_fcntl, [0, own, id(world.front), 0, 0, 0]))
        },
    ),
    trying("type into a terminal", REFUSED, |_| {
        let type_in = usize::try_from(libc::TIOCSTI).unwrap();
        Answer::of(call(libc::SYS_ioctl, [0, type_in, NONE, 0, 0, 0]))
    }),
    trying("become another account", REFUSED, |_| {
        Answer::of(call(libc::SYS_setuid, [0; 6]))
    }),
    trying("go before all others", REFUSED, |_| {
        let priority = [1_i32];
        let fifo = usize::try_from(libc::SCHED_FIFO).unwrap();
        let priority = priority.as_ptr().addr();
        Answer::of(call(
            libc::SYS_sched_setscheduler,
            [0, fifo, priority, 0, 0, 0],
        ))
    }),
    trying("compiler: make a socket", Expected::Ended, |_| {
        socket(libc::AF_INET)
    }),
    working("compiler: make a file", REFUSED, |_| {
        Answer::of(call(
            libc::SYS_memfd_create,
            [c"file".as_ptr().addr(), 0, 0, 0, 0, 0],
        ))
    }),
];

const REFUSED: Expected = Expected::Refused(&[libc::EPERM]);

/// A deed that the list of calls sees to, and that works otherwise.
const fn working(name: &'static str, expected: Expected, act: fn(&Surroundings) -> Answer) -> Deed {
    Deed {
        works_without_the_wall: true,
        ..trying(name, expected, act)
    }
}

/// One that an account, a kernel or its own arguments may keep from working anyway.
const fn trying(name: &'static str, expected: Expected, act: fn(&Surroundings) -> Answer) -> Deed {
    Deed {
        name,
        act,
        expected,
        needs: &[Calls],
        works_without_the_wall: false,
    }
}

/// One that the calls would refuse, tried where they are free.
const fn alone(
    name: &'static str,
    refusals: &'static [i32],
    act: fn(&Surroundings) -> Answer,
) -> Deed {
    Deed {
        needs: &[Namespaces],
        ..working(name, Expected::Refused(refusals), act)
    }
}

pub(super) fn socket(family: i32) -> Answer {
    let family = usize::try_from(family).unwrap();
    let stream = usize::try_from(libc::SOCK_STREAM).unwrap();
    Answer::of(call(libc::SYS_socket, [family, stream, 0, 0, 0, 0]))
}

pub(super) fn id(process: u32) -> usize {
    usize::try_from(process).unwrap()
}

/// A second process would answer a second time.
fn child_ends(result: io::Result<i64>) -> Answer {
    if matches!(result, Ok(0)) {
        call(libc::SYS_exit, [0; 6]).unwrap();
    }
    Answer::of(result)
}

/// A call to the kernel, as foreign code would make it.
#[expect(unsafe_code, reason = "foreign code asks no wrapper")]
pub(super) fn call(number: libc::c_long, arguments: [usize; 6]) -> io::Result<i64> {
    let [one, two, three, four, five, six] = arguments;
    // SAFETY: every address among the arguments is that of something which lives as long as the call, or none at all, and
    // no call that is made here writes to memory.
    let result = unsafe { libc::syscall(number, one, two, three, four, five, six) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
