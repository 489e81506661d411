//! Inside the compile process: walls and limits first, then the module, then the answer.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, getpriority_process, setpriority_process, setrlimit};
use sublet_sandbox::Preemption;

use super::{Budget, Report, byte_of};
use crate::fault;
use crate::wall::{Begun, Room};

/// Largest module that is read. The front counts uploads itself; this holds for whoever else calls.
const MODULE_BYTES_MAX: u64 = 64 << 20;
/// Standard streams, and a few for the engine.
const DESCRIPTORS_MAX: u64 = 8;
/// Compiling may wait for those who run, who have no more than this.
const NICENESS: i32 = 15;

pub(crate) fn serve(wall: Begun) -> io::Result<()> {
    fault::step("compiler.start");
    let ((preemption, wasm), _standings) = wall.around(Room::Compiler, receive)?;
    answer(&wasm, preemption)
}

/// The last limit depends on the module, so it is read before the calls that set limits are closed, and not looked into.
fn receive() -> io::Result<(Preemption, Vec<u8>)> {
    end_with_the_reader()?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, DESCRIPTORS_MAX)?;
    limit(Resource::As, Budget::for_module(0).memory_bytes)?;
    // Whoever starts the server may have it give way to more than that already.
    if getpriority_process(None)? < NICENESS {
        setpriority_process(None, NICENESS)?;
    }
    // A host that forbids it has slices of its own.
    drop(sublet_sandbox::be_patient());
    let preemption = read_preemption()?;
    let mut wasm = Vec::new();
    io::stdin()
        .take(MODULE_BYTES_MAX + 1)
        .read_to_end(&mut wasm)?;
    let size = u64::try_from(wasm.len()).map_err(io::Error::other)?;
    limit_processor_time(Budget::for_module(size).cpu_s)?;
    Ok((preemption, wasm))
}

fn read_preemption() -> io::Result<Preemption> {
    let mut byte = [0];
    io::stdin().read_exact(&mut byte)?;
    [Preemption::Checks, Preemption::Kernel]
        .into_iter()
        .find(|preemption| [byte_of(*preemption)] == byte)
        .ok_or_else(|| io::Error::other(format!("there is no engine {byte:?}")))
}

/// Soft and hard limit alike: at the limit the kernel ends the process, and nothing in it can ask for more.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(
        resource,
        Rlimit {
            current: Some(most),
            maximum: Some(most),
        },
    )?)
}

fn answer(wasm: &[u8], preemption: Preemption) -> io::Result<()> {
    let (report, artifact) = match sublet_sandbox::compile(wasm, preemption) {
        Ok(compiled) => (Report::Compiled(compiled.interface), compiled.artifact),
        Err(refusal) => (Report::Refused(refusal), Vec::new()),
    };
    fault::step("compiler.artifact.before");
    let report = serde_json::to_vec(&report).map_err(io::Error::other)?;
    let length = u32::try_from(report.len()).map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&report)?;
    out.write_all(&artifact)?;
    out.flush()?;
    fault::step("compiler.artifact.after");
    Ok(())
}

/// The soft limit ends the process with a signal of its own; SIGKILL at the hard one would look like somebody else's.
fn limit_processor_time(seconds: u64) -> io::Result<()> {
    Ok(setrlimit(
        Resource::Cpu,
        Rlimit {
            current: Some(seconds),
            maximum: Some(seconds + 1),
        },
    )?)
}

/// A compiler whose parent died would go on for nobody: the kernel tells when the pipe has no reader any more.
fn end_with_the_reader() -> io::Result<()> {
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    thread::Builder::new()
        .name("reader-watch".into())
        .spawn(move || {
            let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
            if poll(&mut watched, None).is_ok() {
                end_now();
            }
        })?;
    Ok(())
}

#[expect(
    clippy::exit,
    reason = "the main thread is inside the compiler and cannot be asked to return"
)]
fn end_now() -> ! {
    std::process::exit(1)
}
