//! `sublet admin config show`: what holds for the server that runs.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show each value of the server's configuration, and whether it is a default, from the file or from a flag
#[derive(Args, Debug)]
pub(crate) struct Show {}

pub(super) async fn show(_: Show, session: &Session) -> Result<Exit, Failure> {
    let page = session.client()?.settings().await?;
    session.output.list(&page, show::operation::settings)?;
    session
        .output
        .talk("the rules of the pool have versions of their own: `sublet pool rules`");
    Ok(Exit::DONE)
}
