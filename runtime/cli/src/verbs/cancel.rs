//! `sublet cancel`: asks for the end of jobs or single tasks. It is answered at once; the end comes within two seconds.

use clap::Args;
use sublet_api::Page;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::TaskSelector;
use crate::show;

/// Cancel jobs, or single tasks of them
#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The jobs, or JOB/TASK (see `sublet help selectors`)
    #[arg(
        value_name = "JOB[/TASK]",
        required = true,
        allow_negative_numbers = true
    )]
    jobs: Vec<TaskSelector>,
}

pub(super) async fn cancel(cancel: Cancel, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let mut items = Vec::new();
    for selector in &cancel.jobs {
        items.push(client.cancel(selector).await?);
    }
    let lines = |jobs: &[sublet_api::Job]| {
        jobs.iter()
            .map(show::job::line)
            .collect::<Vec<_>>()
            .join("\n")
    };
    session.output.list(
        &Page {
            items,
            next_cursor: None,
        },
        lines,
    )?;
    Ok(Exit::DONE)
}
