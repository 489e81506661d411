//! `sublet nodes show`.

use clap::Args;
use jiff::Timestamp;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show one node
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The node
    #[arg(value_name = "NODE", value_parser = word::plain_name)]
    node: String,
}

pub(crate) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let node = session.client()?.node(&show.node).await?;
    session
        .output
        .one(&node, |node| show::node::page(node, Timestamp::now()))?;
    Ok(Exit::DONE)
}
