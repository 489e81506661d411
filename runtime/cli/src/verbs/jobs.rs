//! `sublet jobs …`: everything about jobs, by its full name.

mod artifacts;
mod events;
pub(super) mod list;
mod output;
mod show;

use clap::Subcommand;

use super::{Session, cancel, explain, retry};
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::{JobSelector, TaskSelector};
use crate::watch::selector_of;

/// List, show, cancel and retry jobs, watch what happens to them, and fetch what they left
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    List(list::List),
    Show(show::Show),
    Artifacts(artifacts::Artifacts),
    Output(output::Output),
    Cancel(cancel::Cancel),
    Retry(retry::Retry),
    Explain(explain::Explain),
    Events(events::Events),
}

pub(super) async fn jobs(jobs: Jobs, session: &Session) -> Result<Exit, Failure> {
    match jobs {
        Jobs::List(list) => list::list(list, session).await,
        Jobs::Show(show) => show::show(show, session).await,
        Jobs::Artifacts(artifacts) => artifacts::artifacts(artifacts, session).await,
        Jobs::Output(output) => output::output(output, session).await,
        Jobs::Cancel(cancel) => cancel::cancel(cancel, session).await,
        Jobs::Retry(retry) => retry::retry(retry, session).await,
        Jobs::Explain(explain) => explain::explain(explain, session).await,
        Jobs::Events(events) => events::events(events, session).await,
    }
}

/// The one task that is meant: the only one of its job where none is said.
async fn one_task(client: &Client, selector: &TaskSelector) -> Result<(JobSelector, u32), Failure> {
    let job = client.job(&selector.job).await?;
    let (first, last) = job.array.unwrap_or((0, 0));
    match selector.task {
        Some(task) => Ok((selector_of(&job), task)),
        None if first == last => Ok((selector_of(&job), first)),
        None => Err(Failure::usage(format!(
            "job #{} has tasks {first} to {last}, and one is wanted",
            job.number
        ))
        .help(format!("say which, such as {}/{first}", job.number))),
    }
}
