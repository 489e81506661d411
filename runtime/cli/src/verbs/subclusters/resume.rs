//! `sublet subclusters resume`.

use clap::Args;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Let a paused sub-cluster go on
#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The sub-cluster
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
}

pub(crate) async fn resume(resume: Resume, session: &Session) -> Result<Exit, Failure> {
    let subcluster = session.client()?.resume_subcluster(&resume.name).await?;
    session.output.one(&subcluster, show::subcluster::line)?;
    Ok(Exit::DONE)
}
