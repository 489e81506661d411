//! `sublet jobs events`: what happens to a job, as it happens.

use clap::Args;
use sublet_api::EventQuery;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::JobSelector;
use crate::show;
use crate::verbs::Session;

/// Show what happened to a job lately, and go on until it is over
#[derive(Args, Debug)]
#[command(
    after_help = "The server keeps the latest events of all jobs together, and those since it started;\n\
    `sublet jobs show JOB` has the whole record, with its times."
)]
pub(crate) struct Events {
    /// The job
    #[arg(value_name = "JOB")]
    job: JobSelector,
    /// Go on until the job is over
    #[arg(long, short)]
    follow: bool,
    /// Only events of these kinds: submitted, routed, started, ended, `tasks_cancelled`, `cancel_asked`, reopened, finished
    #[arg(long, value_name = "KIND,…")]
    kinds: Option<String>,
}

pub(super) async fn events(events: Events, session: &Session) -> Result<Exit, Failure> {
    let query = EventQuery {
        kinds: events.kinds,
        follow: events.follow,
        ..EventQuery::default()
    };
    let client = session.client()?;
    let mut stream = client.events(&events.job, &query).await?;
    while let Some(event) = stream.next().await? {
        session.output.next(&event, show::event::line)?;
    }
    Ok(Exit::DONE)
}
