//! `sublet jobs …`: everything about jobs, by its full name.

mod events;
pub(super) mod list;
mod show;

use clap::Subcommand;

use super::{Session, cancel, explain, retry};
use crate::exit::Exit;
use crate::failure::Failure;

/// List, show, cancel and retry jobs, and watch what happens to them
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    List(list::List),
    Show(show::Show),
    Cancel(cancel::Cancel),
    Retry(retry::Retry),
    Explain(explain::Explain),
    Events(events::Events),
}

pub(super) async fn jobs(jobs: Jobs, session: &Session) -> Result<Exit, Failure> {
    match jobs {
        Jobs::List(list) => list::list(list, session).await,
        Jobs::Show(show) => show::show(show, session).await,
        Jobs::Cancel(cancel) => cancel::cancel(cancel, session).await,
        Jobs::Retry(retry) => retry::retry(retry, session).await,
        Jobs::Explain(explain) => explain::explain(explain, session).await,
        Jobs::Events(events) => events::events(events, session).await,
    }
}
