//! `sublet nodes drain`: nothing new starts on a node, and what runs there ends.

use clap::Args;
use sublet_api::DrainNode;

use crate::arguments::{quantity, word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Start nothing new on a node and keep it out of every sub-cluster until it is resumed
#[derive(Args, Debug)]
pub(crate) struct Drain {
    /// The node
    #[arg(value_name = "NODE", value_parser = word::plain_name)]
    node: String,
    /// Why; shown wherever the node is
    #[arg(long, value_name = "TEXT", value_parser = word::reason)]
    reason: String,
    /// How long what runs there may go on [default: until it ends by itself]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = quantity::grace)]
    grace: Option<u64>,
}

pub(crate) async fn drain(drain: Drain, session: &Session) -> Result<Exit, Failure> {
    let how = DrainNode {
        reason: drain.reason,
        grace_ms: drain.grace,
    };
    let node = session.client()?.drain_node(&drain.node, &how).await?;
    session.output.one(&node, show::node::line)?;
    Ok(Exit::DONE)
}
