//! `sublet retry`: makes further attempts at tasks that are over.

use clap::Args;
use sublet_api::{RetryRequest, Selected};

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::TaskSelector;
use crate::show;

/// Run finished tasks of a job again
#[derive(Args, Debug)]
pub(crate) struct Retry {
    /// The job, or JOB/TASK (see `sublet help selectors`)
    #[arg(value_name = "JOB[/TASK]", allow_negative_numbers = true)]
    job: TaskSelector,
    /// Only tasks that did not succeed
    #[arg(long)]
    failed: bool,
}

pub(super) async fn retry(retry: Retry, session: &Session) -> Result<Exit, Failure> {
    let tasks = match (retry.job.task, retry.failed) {
        (Some(_), true) => {
            return Err(Failure::usage(
                "`--failed` chooses among all tasks, but one task is named",
            )
            .help("leave out one of the two"));
        }
        (Some(index), false) => Selected::One(index),
        (None, true) => Selected::Unsuccessful,
        (None, false) => Selected::All,
    };
    let job = session
        .client()?
        .retry(&retry.job.job, &RetryRequest { tasks })
        .await?;
    session.output.one(&job, show::job::line)?;
    Ok(Exit::DONE)
}
