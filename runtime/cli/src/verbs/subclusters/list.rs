//! `sublet subclusters list`.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List the sub-clusters with their slots and queues
#[derive(Args, Debug)]
pub(crate) struct List {}

pub(crate) async fn list(_: List, session: &Session) -> Result<Exit, Failure> {
    let page = session.client()?.subclusters().await?;
    session.output.list(&page, show::subcluster::table)?;
    Ok(Exit::DONE)
}
