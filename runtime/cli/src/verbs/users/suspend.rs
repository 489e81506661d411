//! `sublet users suspend`: they ask for nothing more, and nothing of theirs starts.

use clap::Args;
use jiff::Timestamp;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Refuse everything that a user asks, and start nothing of theirs; what runs goes on
#[derive(Args, Debug)]
pub(crate) struct Suspend {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
}

pub(super) async fn suspend(suspend: Suspend, session: &Session) -> Result<Exit, Failure> {
    let user = session.client()?.suspend_user(&suspend.name).await?;
    session
        .output
        .one(&user, |user| show::user::page(user, Timestamp::now()))?;
    Ok(Exit::DONE)
}
