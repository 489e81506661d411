//! `sublet nodes explain`: which rule put a node where it is, and what it read.

use clap::Args;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Tell why a node is where it is, and why nowhere else
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The node
    #[arg(value_name = "NODE", value_parser = word::plain_name)]
    node: String,
}

pub(crate) async fn explain(explain: Explain, session: &Session) -> Result<Exit, Failure> {
    let explanation = session.client()?.explain_node(&explain.node).await?;
    session.output.one(&explanation, show::node::explanation)?;
    Ok(Exit::DONE)
}
