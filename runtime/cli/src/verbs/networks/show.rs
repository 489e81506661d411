//! `sublet networks show`.

use clap::Args;
use jiff::Timestamp;

use super::meant;
use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show one network: its addresses, its user and what that user may dial outside
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The network; yours, unless you see several
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: Option<String>,
}

pub(crate) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let name = meant(show.name, &client).await?;
    let network = client.network(&name).await?;
    session.output.one(&network, |network| {
        show::network::page(network, Timestamp::now())
    })?;
    Ok(Exit::DONE)
}
