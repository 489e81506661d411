//! `sublet jobs show`: all of one job, or of one task.

use clap::Args;
use jiff::Timestamp;
use sublet_api::{Job, TaskQuery};

use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::TaskSelector;
use crate::show;
use crate::verbs::Session;
use crate::watch::selector_of;

/// Most unsuccessful tasks on the page of a job.
const TASKS_SHOWN: u32 = 10;

/// Show one job, or one task of it with its attempts
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The job, or JOB/TASK (see `sublet help selectors`)
    #[arg(
        value_name = "JOB[/TASK]",
        default_value = "last",
        allow_negative_numbers = true
    )]
    job: TaskSelector,
}

pub(crate) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let now = Timestamp::now();
    let job = client.job(&show.job.job).await?;
    if let Some(index) = show.job.task {
        let task = client.task(&selector_of(&job), index).await?;
        session
            .output
            .one(&task, |task| show::task::page(task, &job.limits, now))?;
        return Ok(Exit::DONE);
    }
    session.output.one(&job, |job| show::job::page(job, now))?;
    if session.output.for_people()
        && job.tasks.finished > job.tasks.succeeded
        && job.tasks.total > 1
    {
        unsuccessful(&client, &job, session).await?;
    }
    Ok(Exit::DONE)
}

/// The first tasks that did not succeed: what one looks for on the page of an array.
async fn unsuccessful(client: &Client, job: &Job, session: &Session) -> Result<(), Failure> {
    let query = TaskQuery {
        outcome: Some("unsuccessful".to_owned()),
        limit: Some(TASKS_SHOWN),
        ..TaskQuery::default()
    };
    let page = client.tasks(&selector_of(job), &query).await?;
    session
        .output
        .text(&format!("\n{}", show::task::table(&page.items)))?;
    if page.next_cursor.is_some() {
        session.output.talk(format_args!(
            "there are more; `sublet jobs show {}/INDEX` shows one",
            job.number
        ));
    }
    Ok(())
}
