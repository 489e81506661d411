//! `sublet audit …`: who changed what.

mod list;
mod verify;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Show who changed what, and check that the account of it is whole
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(list::List),
    Verify(verify::Verify),
}

pub(super) async fn audit(audit: Audit, session: &Session) -> Result<Exit, Failure> {
    match audit {
        Audit::List(list) => list::list(list, session).await,
        Audit::Verify(verify) => verify::verify(verify, session).await,
    }
}
