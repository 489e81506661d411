//! `sublet subclusters show`.

use clap::Args;
use jiff::Timestamp;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show one sub-cluster: its rules, its slots and what it does
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The sub-cluster
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
}

pub(crate) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let subcluster = session.client()?.subcluster(&show.name).await?;
    session.output.one(&subcluster, |one| {
        show::subcluster::page(one, Timestamp::now())
    })?;
    Ok(Exit::DONE)
}
