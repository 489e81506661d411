//! `sublet jobs output`: the result of a task, which is `/out/result.json` or else what it wrote to stdout.

use clap::Args;

use super::{artifacts, one_task};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::TaskSelector;
use crate::verbs::Session;

/// Print the result of a task: /out/result.json, or what it wrote to stdout
#[derive(Args, Debug)]
pub(crate) struct Output {
    /// The job, or JOB/TASK of an array (see `sublet help selectors`)
    #[arg(
        value_name = "JOB[/TASK]",
        default_value = "last",
        allow_negative_numbers = true
    )]
    job: TaskSelector,
}

pub(crate) async fn output(output: Output, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let (job, index) = one_task(&client, &output.job).await?;
    let received = client.output(&job, index).await?;
    artifacts::pass_on(received, session).await?;
    Ok(Exit::DONE)
}
