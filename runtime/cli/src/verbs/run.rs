//! `sublet run`: a job in this process, without a server and without set-up, in the same sandbox.
//!
//! The guest's stdin, stdout and stderr are this process's own, untouched, and its exit code is ours. Only what ends a
//! guest from outside, a limit, a trap, a refusal, is told on stderr.

mod configuration;
mod ending;
mod flags;
mod refusal;

use std::cell::Cell;

use sublet_worker::local::{self, TaskEnding};
use tokio::signal::unix::{SignalKind, signal};

pub(super) use configuration::compiler;
pub(crate) use flags::Run;
pub(super) use refusal::failure as refused;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::fate;

pub(super) async fn run(run: Run, session: &Session) -> Result<Exit, Failure> {
    let configuration = configuration::of(&run)?;
    let interrupted = Cell::new(false);
    let asked = async {
        tokio::select! {
            () = caught(SignalKind::interrupt()) => interrupted.set(true),
            () = caught(SignalKind::terminate()) => {}
        }
    };
    // The first Ctrl-C asks the guest to end, the second does not wait for that.
    let impatient = async {
        caught(SignalKind::interrupt()).await;
        caught(SignalKind::interrupt()).await;
    };
    let limits = configuration.limits;
    let endings = tokio::select! {
        biased;
        endings = local::run(configuration.job, asked) => endings.map_err(refused)?,
        () = impatient => return Ok(Exit::INTERRUPTED),
    };
    if interrupted.get() {
        return Ok(Exit::INTERRUPTED);
    }
    Ok(told(&endings, &run, &limits, session))
}

/// Tells what is worth telling; the exit code is that of the first task that did not succeed.
fn told(endings: &[TaskEnding], run: &Run, limits: &sublet_api::Limits, session: &Session) -> Exit {
    let several = run.given.array.is_some();
    let mut exit = Exit::DONE;
    for ending in endings {
        let outcome = ending::outcome(ending);
        session
            .output
            .json_aside(&ending::Told::new(ending, &outcome));
        if let Some((sentence, help)) = ending::sentence(ending, &outcome, limits, several) {
            let trace = fate::trace(&outcome, ending.detail.as_deref());
            session.output.fate(&sentence, &trace, help.as_deref());
        }
        if exit == Exit::DONE {
            exit = run.fate.exit(&outcome);
        }
    }
    exit
}

/// Ends when the signal comes. Where it cannot be waited for it keeps its usual effect, which is to end this process.
async fn caught(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "a signal cannot be waited for");
            std::future::pending::<()>().await;
        }
    }
}
