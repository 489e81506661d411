//! `sublet networks flows`.

use clap::Args;

use super::meant;
use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List the running tasks on a network, with what went over each so far
#[derive(Args, Debug)]
pub(crate) struct Flows {
    /// The network; yours, unless you see several
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: Option<String>,
}

pub(crate) async fn flows(flows: Flows, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let name = meant(flows.name, &client).await?;
    let page = client.flows(&name).await?;
    session.output.list(&page, show::network::flows)?;
    Ok(Exit::DONE)
}
