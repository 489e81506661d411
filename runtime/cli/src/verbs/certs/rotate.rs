//! `sublet certs rotate`.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Make a new authority that issues from now on; certificates of the older one stay good
#[derive(Args, Debug)]
#[command(
    after_help = "Afterwards everybody renews (`sublet certs renew`), and `sublet certs retire` ends the older one."
)]
pub(crate) struct Rotate {}

pub(super) async fn rotate(_: Rotate, session: &Session) -> Result<Exit, Failure> {
    session.client()?.rotate_authority().await?;
    session.output.talk("a new authority issues from now on");
    Ok(Exit::DONE)
}
