//! `sublet audit …`: who changed what.

mod list;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Show who changed what
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(list::List),
}

pub(super) async fn audit(audit: Audit, session: &Session) -> Result<Exit, Failure> {
    let Audit::List(list) = audit;
    list::list(list, session).await
}
