//! Watching a job to its end, and stopping to watch: Ctrl-C never touches the job.

use std::future::Future;
use std::time::Duration;

use sublet_api::{Code, Job, Outcome};
use tokio::{signal, time};

use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Watch;
use crate::selector::JobSelector;
use crate::show;

/// Seconds that the server may hold an answer back.
const PATIENCE_S: u32 = 60;
/// The same while a bar is redrawn.
const REDRAW_S: u32 = 1;

/// Between two questions, lest a server that answers at once, because it is stopping, is asked without end.
const PAUSE: Duration = Duration::from_millis(100);

/// What came first.
#[derive(Debug)]
pub(crate) enum Watched<T> {
    /// What was waited for.
    Done(T),
    /// Ctrl-C.
    Interrupted,
}

/// Waits, unless the user has seen enough.
pub(crate) async fn or_interrupt<T>(
    wait: impl Future<Output = Result<T, Failure>>,
) -> Result<Watched<T>, Failure> {
    tokio::select! {
        biased;
        result = wait => result.map(Watched::Done),
        interrupt = signal::ctrl_c() => match interrupt {
            Ok(()) => Ok(Watched::Interrupted),
            Err(error) => {
                Err(Failure::new(Code::LocalFault, "signals cannot be received").caused_by(&error))
            }
        },
    }
}

/// The job once it is over.
pub(crate) async fn until_over(client: &Client, job: Job, output: &Output) -> Result<Job, Failure> {
    let selector = selector_of(&job);
    let watch = Watch::new(output, &job);
    let seconds = if watch.is_seen() {
        REDRAW_S
    } else {
        PATIENCE_S
    };
    let mut job = job;
    while job.end.is_none() {
        job = client.wait(&selector, seconds).await?;
        watch.redraw(&job);
        if job.end.is_none() {
            time::sleep(PAUSE).await;
        }
    }
    Ok(job)
}

/// The selector that surely means this job, whatever happens to its name or to `last`.
pub(crate) fn selector_of(job: &Job) -> JobSelector {
    JobSelector::of_id(&job.id)
}

/// How a job that is over failed, if it did, and what to do about it.
pub(crate) fn tell_fate(output: &Output, job: &Job) {
    if let Some(end) = &job.end
        && end.outcome != Outcome::Succeeded
    {
        let (sentence, help) = show::fate::of_job(job, end);
        let trace = show::fate::trace(&end.outcome, end.detail.as_deref());
        output.fate(&sentence, &trace, Some(&help));
    }
}

/// What to type to go on watching.
pub(crate) fn way_back(output: &Output, job: &Job) {
    let number = job.number;
    output.talk(format_args!("stopped watching; job #{number} goes on"));
    output.talk(format_args!(
        "  help: sublet wait {number}      sublet logs {number} -f      sublet cancel {number}"
    ));
}
