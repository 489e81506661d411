//! `sublet subclusters pause`: what runs goes on, nothing new starts.

use clap::Args;
use sublet_api::PauseSubcluster;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Start nothing new in a sub-cluster until it is resumed; jobs are still taken and wait
#[derive(Args, Debug)]
pub(crate) struct Pause {
    /// The sub-cluster
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
    /// Why; shown to everybody whose job waits for it
    #[arg(long, value_name = "TEXT", value_parser = word::reason)]
    reason: String,
}

pub(crate) async fn pause(pause: Pause, session: &Session) -> Result<Exit, Failure> {
    let why = PauseSubcluster {
        reason: pause.reason,
    };
    let client = session.client()?;
    let subcluster = client.pause_subcluster(&pause.name, &why).await?;
    session.output.one(&subcluster, show::subcluster::line)?;
    Ok(Exit::DONE)
}
