//! The entry points of the processes that Sublet starts of itself: `sublet worker` and `sublet compile`.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::fs::{FileType, fstat};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::wall::{self, Account};

/// Exit code of a hidden command that was started by hand.
const STARTED_BY_HAND: u8 = 2;

/// How one of them is started, as this account of the host or that of who starts it: with an empty environment, and in a
/// group of its own, because a Ctrl-C at the terminal is for who started it.
#[must_use]
pub fn command(executable: &Path, verb: &str, account: Option<Account>) -> Command {
    let mut command = Command::new(executable);
    command
        .arg(verb)
        .args(account.map(|account| account.to_string()))
        .env_clear()
        .process_group(0);
    command
}

/// `sublet worker`: its standard input is the link to the front.
#[must_use]
pub fn worker(account: Option<Account>) -> ExitCode {
    // First, while nothing is open that it could close.
    let wall = match wall::begin(account) {
        Ok(wall) => wall,
        Err(error) => return failed("worker", &error),
    };
    let link = match link_on_stdin() {
        Ok(Some(link)) => link,
        Ok(None) => return started_by_hand("worker"),
        Err(error) => return failed("worker", &error),
    };
    match prepare_worker().and_then(|()| crate::process::serve(link, Some(wall))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed("worker", &error),
    }
}

/// `sublet compile`: a module on standard input, a report and the artifact on standard output.
#[cfg(feature = "compile")]
#[must_use]
pub fn compile(account: Option<Account>) -> ExitCode {
    let stdin = io::stdin();
    let by_hand = fstat(stdin.as_fd())
        .is_ok_and(|status| FileType::from_raw_mode(status.st_mode) != FileType::Fifo);
    if by_hand {
        return started_by_hand("compile");
    }
    match wall::begin(account).and_then(crate::compile::child::serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed("compile", &error),
    }
}

/// The socket that the front put in the place of standard input, if that is what it is.
fn link_on_stdin() -> io::Result<Option<UnixStream>> {
    let stdin = io::stdin();
    let status = fstat(stdin.as_fd())?;
    if FileType::from_raw_mode(status.st_mode) != FileType::Socket {
        return Ok(None);
    }
    Ok(Some(stdin.as_fd().try_clone_to_owned()?.into()))
}

/// As many descriptors as the host gives, for guests' files.
fn prepare_worker() -> io::Result<()> {
    let files = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: files.maximum,
            maximum: files.maximum,
        },
    )?;
    Ok(())
}

#[expect(
    clippy::print_stderr,
    reason = "the one reader of this message sits at the terminal"
)]
fn started_by_hand(verb: &str) -> ExitCode {
    eprintln!("error: `sublet {verb}` is started by Sublet itself, never by hand");
    eprintln!("  help: `sublet run FILE` runs a module, `sublet serve` starts a server");
    ExitCode::from(STARTED_BY_HAND)
}

#[expect(
    clippy::print_stderr,
    reason = "the process that started this one collects its standard error"
)]
fn failed(verb: &str, error: &io::Error) -> ExitCode {
    eprintln!("sublet {verb}: {error}");
    ExitCode::FAILURE
}
