//! `sublet certs retire`.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Honour certificates of the newest authority alone
#[derive(Args, Debug)]
#[command(
    after_help = "Whoever has not renewed since `sublet certs rotate` is not let in any more."
)]
pub(crate) struct Retire {}

pub(super) async fn retire(_: Retire, session: &Session) -> Result<Exit, Failure> {
    session.client()?.retire_authority().await?;
    session.output.talk("the older authorities are gone");
    Ok(Exit::DONE)
}
