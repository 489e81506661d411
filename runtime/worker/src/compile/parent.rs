//! Outside the compile process: start it, feed it, read its answer, and put an end to it in time.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{io, os::unix::process::ExitStatusExt};

use sublet_sandbox::{Interface, Preemption, Refusal};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::wall::Account;
use crate::{child, fault};

use super::{Budget, REPORT_BYTES_MAX, Report, byte_of};

/// Starts compile processes.
#[derive(Clone, Debug)]
pub struct Compiler {
    executable: PathBuf,
    account: Option<Account>,
}

/// A module that may be run.
#[derive(Debug)]
pub struct Compiled {
    /// What the module imports, exports and needs.
    pub interface: Interface,
    /// Machine code for this engine on this processor.
    pub artifact: Vec<u8>,
}

/// Why there is no artifact.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The module is at fault, and says how.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The module cost more than its budget.
    #[error(
        "compiling took more than its budget of {} s of processor time, {} MiB of memory and {} MiB of code",
        .0.cpu_s, .0.memory_bytes >> 20, .0.artifact_bytes >> 20
    )]
    OverBudget(Budget),
    /// The process could not be used.
    #[error("the compile process failed: {0}")]
    Fault(#[from] io::Error),
}

impl Compiler {
    /// Uses this executable, called with the one argument `compile`.
    #[must_use]
    pub const fn new(executable: PathBuf) -> Self {
        Self {
            executable,
            account: None,
        }
    }

    /// As this account of the host, if there is one.
    #[must_use]
    pub fn running_as(self, account: Option<Account>) -> Self {
        Self { account, ..self }
    }

    /// Compiles a module, with the checks that make it give way or without. Dropping the future kills the process.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub async fn compile(
        &self,
        wasm: &[u8],
        preemption: Preemption,
    ) -> Result<Compiled, CompileError> {
        let budget = Budget::for_module(u64::try_from(wasm.len()).unwrap_or(u64::MAX));
        let mut child = self.start()?;
        let within = Duration::from_secs(budget.wall_s);
        let Ok(answer) =
            tokio::time::timeout(within, converse(&mut child, (preemption, wasm), budget)).await
        else {
            child.kill().await?;
            return Err(stood_still(budget).into());
        };
        match answer? {
            Some((Report::Compiled(interface), artifact)) => Ok(Compiled {
                interface,
                artifact,
            }),
            Some((Report::Refused(refusal), _)) => Err(CompileError::Refused(refusal)),
            None => {
                child.kill().await?;
                Err(CompileError::OverBudget(budget))
            }
        }
    }

    fn start(&self) -> io::Result<Child> {
        Command::from(child::command(&self.executable, "compile", self.account))
            .envs(fault::for_child("compiler"))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// What costs too much is ended by the kernel long before: who is still there was not let run, or waits for nothing. That
/// is no fault of the module, which may come again.
fn stood_still(budget: Budget) -> io::Error {
    let Budget { wall_s, cpu_s, .. } = budget;
    let told = format!(
        "it was not done after {wall_s} s and had used less than its {cpu_s} s of processor time"
    );
    io::Error::new(io::ErrorKind::TimedOut, told)
}

/// Nothing means that the budget is used up.
async fn converse(
    child: &mut Child,
    module: (Preemption, &[u8]),
    budget: Budget,
) -> io::Result<Option<(Report, Vec<u8>)>> {
    let stdin = child
        .stdin
        .take()
        .expect("standard input was asked to be a pipe");
    let stdout = child
        .stdout
        .take()
        .expect("standard output was asked to be a pipe");
    let mut stderr = child
        .stderr
        .take()
        .expect("standard error was asked to be a pipe");
    let mut complaint = Vec::new();
    let mut bounded_stderr = (&mut stderr).take(4096);
    let (_, answer, _) = tokio::join!(
        // A child that ends early closes the pipe; how it ended says more than the broken pipe does.
        feed(stdin, module),
        read_answer(stdout, budget),
        bounded_stderr.read_to_end(&mut complaint),
    );
    match answer {
        Ok(Answer::Whole(report, artifact)) => {
            child.wait().await?;
            Ok(Some((report, artifact)))
        }
        Ok(Answer::TooLong) => Ok(None),
        Err(error) => match child.wait().await? {
            status if is_over_budget(status) => Ok(None),
            status => Err(io::Error::other(format!(
                "{error}; it ended with {status}: {}",
                String::from_utf8_lossy(&complaint).trim()
            ))),
        },
    }
}

async fn feed(mut stdin: ChildStdin, (preemption, wasm): (Preemption, &[u8])) -> io::Result<()> {
    stdin.write_all(&[byte_of(preemption)]).await?;
    stdin.write_all(wasm).await?;
    stdin.shutdown().await
}

enum Answer {
    Whole(Report, Vec<u8>),
    TooLong,
}

async fn read_answer(mut stdout: ChildStdout, budget: Budget) -> io::Result<Answer> {
    let length = stdout.read_u32_le().await?;
    if length > REPORT_BYTES_MAX {
        return Err(io::Error::other(format!(
            "a report of {length} bytes, the limit is {REPORT_BYTES_MAX}"
        )));
    }
    let mut report = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    stdout.read_exact(&mut report).await?;
    let report = serde_json::from_slice(&report).map_err(io::Error::other)?;
    let mut artifact = Vec::new();
    let most = budget.artifact_bytes;
    let read = (&mut stdout)
        .take(most + 1)
        .read_to_end(&mut artifact)
        .await?;
    if u64::try_from(read).is_ok_and(|read| read <= most) {
        Ok(Answer::Whole(report, artifact))
    } else {
        Ok(Answer::TooLong)
    }
}

/// The kernel ends a process beyond its processor time with SIGXCPU; one that is refused memory aborts. SIGKILL comes from
/// elsewhere, perhaps from a machine short of memory, and says nothing about the module.
fn is_over_budget(status: ExitStatus) -> bool {
    use rustix::process::Signal;
    let by = |signal: Signal| status.signal() == Some(signal.as_raw());
    by(Signal::XCPU) || by(Signal::ABORT)
}
