//! `sublet nodes resume`.

use clap::Args;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Let a drained node come back
#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The node
    #[arg(value_name = "NODE", value_parser = word::plain_name)]
    node: String,
}

pub(crate) async fn resume(resume: Resume, session: &Session) -> Result<Exit, Failure> {
    let node = session.client()?.resume_node(&resume.node).await?;
    session.output.one(&node, show::node::line)?;
    Ok(Exit::DONE)
}
