//! `sublet users show`.

use clap::Args;
use jiff::Timestamp;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show a user: what they may hold, and what they hold now
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
}

pub(super) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let user = session.client()?.user(&show.name).await?;
    session
        .output
        .one(&user, |user| show::user::page(user, Timestamp::now()))?;
    Ok(Exit::DONE)
}
