//! `sublet networks peers`.

use clap::Args;

use super::meant;
use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List the names of a network and the addresses behind them
#[derive(Args, Debug)]
pub(crate) struct Peers {
    /// The network; yours, unless you see several
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: Option<String>,
}

pub(crate) async fn peers(peers: Peers, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let name = meant(peers.name, &client).await?;
    let page = client.peers(&name).await?;
    session.output.list(&page, show::network::peers)?;
    Ok(Exit::DONE)
}
