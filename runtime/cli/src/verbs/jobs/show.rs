//! `sublet jobs show`: all of one job, or of one task.

use clap::Args;
use jiff::Timestamp;
use sublet_api::{Job, JobQuery, TaskQuery};

use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::TaskSelector;
use crate::show;
use crate::verbs::Session;
use crate::watch::selector_of;

/// Most unsuccessful tasks on the page of a job.
const TASKS_SHOWN: u32 = 10;
/// Most children of one job on its page.
const CHILDREN_SHOWN: u32 = 20;

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
    if session.output.for_people() && job.children.is_some() {
        family(&client, &job, session).await?;
    }
    Ok(Exit::DONE)
}

/// The jobs that it submitted, and those that they did, as a tree.
async fn family(client: &Client, job: &Job, session: &Session) -> Result<(), Failure> {
    let mut shown = Vec::new();
    // The last one that was found is looked at first: so each stands under its parent.
    let mut open = children(client, job, 0).await?;
    while let Some((depth, job)) = open.pop() {
        if job.children.is_some() {
            open.extend(children(client, &job, depth + 1).await?);
        }
        shown.push((depth, job));
    }
    session
        .output
        .text(&format!("\n{}", show::job::tree(&shown)))?;
    if job.children.unwrap_or_default() > u64::from(CHILDREN_SHOWN) {
        session.output.talk(format_args!(
            "there are more; `sublet jobs list --parent {}` shows them",
            job.number
        ));
    }
    Ok(())
}

/// The newest children of a job, the newest first.
async fn children(client: &Client, job: &Job, depth: usize) -> Result<Vec<(usize, Job)>, Failure> {
    let query = JobQuery {
        parent: Some(job.id.clone()),
        ..JobQuery::default()
    };
    let page = client.jobs(query, CHILDREN_SHOWN).await?;
    Ok(page.items.into_iter().map(|child| (depth, child)).collect())
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
