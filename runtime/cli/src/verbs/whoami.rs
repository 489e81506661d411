//! `sublet whoami`: who the server takes us for, and what we may hold.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show who the server takes you for, what you may hold and what you hold
#[derive(Args, Debug)]
pub(crate) struct WhoamiArgs {}

pub(super) async fn whoami(_: WhoamiArgs, session: &Session) -> Result<Exit, Failure> {
    let whoami = session.client()?.whoami().await?;
    session.output.one(&whoami, show::user::whoami)?;
    Ok(Exit::DONE)
}
